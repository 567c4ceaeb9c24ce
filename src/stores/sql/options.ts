import { SessionOptionsError } from '../../errors.js';
import type { SessionStore } from '../store.js';
import { Database } from './database.js';
import type { Dialect } from './dialect.js';
import type { SqlDriver } from './driver.js';
import { SqlStore } from './store.js';
import { tableNamed } from './table.js';

/** The options of every SQL store. */
export interface SqlStoreOptions {
  /**
   * The table, or `schema.table`: letters, digits and `_`, at most 50 of them. A second table goes with it, named like
   * it plus `_owners` (not in SQLite).
   * @default 'sojourn_sessions'
   */
  readonly table?: string | undefined;
  /** Encodes the data of the sessions (encrypts them, say). @default JSON text */
  readonly codec?: SessionStore['codec'];
  /**
   * Ms between two removals of what expired 10 s ago or more, on a timer that does not keep the process alive; 0 or
   * false: only by `prune()`. However many processes there are, only one removes at a time.
   * @default 60_000
   */
  readonly pruneInterval?: number | false | undefined;
}

const DEFAULT_TABLE = 'sojourn_sessions';

/** What a store is made of. */
export interface SqlStoreParts {
  readonly driver: SqlDriver;
  readonly dialect: Dialect;
  /** Creates missing tables before the first statement. */
  readonly createTable: boolean;
}

/** @throws SessionOptionsError for an invalid option. */
export function sqlStore(
  { driver, dialect, createTable }: SqlStoreParts,
  options: SqlStoreOptions,
): SqlStore {
  const { table = DEFAULT_TABLE, codec, pruneInterval = 60_000 } = options;
  const database = new Database(driver, dialect, { table: tableNamed(table, dialect.quote), createTable });
  return new SqlStore(database, { codec, pruneInterval: intervalFrom(pruneInterval) });
}

/**
 * The statements that create a store's tables, to be run by hand or by a migration.
 * @throws SessionOptionsError for a `table` that is not a safe name.
 */
export function schemaText(dialect: Dialect, table: string = DEFAULT_TABLE): string {
  return dialect
    .schema(tableNamed(table, dialect.quote))
    .map(statement => `${statement};\n`)
    .join('\n');
}

/** @throws SessionOptionsError */
export function booleanOption(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new SessionOptionsError(`${name}: give true or false, not ${String(value)}.`);
}

/** Node fires timers of 2^31 ms or more immediately. */
export function millisecondsOption(name: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31)
    return value as number;
  throw new SessionOptionsError(`${name}: give whole ms from 0 to 2147483647, not ${String(value)}.`);
}

function intervalFrom(pruneInterval: number | false): number {
  return pruneInterval === false ? 0 : millisecondsOption('pruneInterval', pruneInterval);
}
