import { setTimeout as sleep } from 'node:timers/promises';
import { SessionOptionsError } from '../errors.js';
import { hasMethods } from './sql/client.js';
import { driveAtOnce, type Query, type Result, type SqlDriver, type Steps } from './sql/driver.js';
import {
  booleanOption,
  millisecondsOption,
  type SqlStoreOptions,
  schemaText,
  sqlStore,
} from './sql/options.js';
import { sqliteDialect } from './sql/sqlite-dialect.js';
import type { SqlStore } from './sql/store.js';

export type { SqlStore };

export interface SqliteStoreOptions extends SqlStoreOptions {
  /** Creates a missing table before the first statement. @default true */
  readonly createTable?: boolean | undefined;
  /**
   * Ms to retry while another connection writes; then the verb fails with SQLite's own `SQLITE_BUSY`. Other requests go
   * on meanwhile.
   * @default 5_000
   */
  readonly busyTimeout?: number | undefined;
  /**
   * Sets `journal_mode = WAL` and `synchronous = NORMAL` for the connection: readers and a writer do not wait for
   * each other, and a write costs no fsync. A crash of the process loses nothing; a crash of the machine can lose the
   * last writes, and leaves the file sound.
   * @default true for a file name; false for a database that is handed in, which may be used for more
   */
  readonly tune?: boolean | undefined;
}

/** A `DatabaseSync` of node:sqlite, or a `Database` of better-sqlite3 or libsql. */
export interface SqliteDatabase {
  prepare(text: string): SqliteStatement;
  exec(text: string): unknown;
  close?(): unknown;
}

/** The drivers' types for values differ; they are only given texts, numbers and null. */
interface SqliteStatement {
  // biome-ignore lint/suspicious/noExplicitAny: the types of better-sqlite3 and libsql fit no narrower one in TypeScript 5
  all(...values: any[]): unknown[];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  run(...values: any[]): { changes: number | bigint };
  /** node:sqlite's own. */
  setReadBigInts?(isOn: boolean): void;
}

/**
 * Sessions in a SQLite file, shared by the processes of one machine. A file name (or `':memory:'`) is opened with
 * node:sqlite, and closed by `close()`; closing a database that is handed in remains up to you.
 * @throws SessionOptionsError for a file name where Node has no node:sqlite, for what is not a database, and for an
 * invalid option.
 */
export function sqliteStore(database: string | SqliteDatabase, options: SqliteStoreOptions = {}): SqlStore {
  const { createTable = true, busyTimeout = 5_000, tune = typeof database === 'string' } = options;
  const driver = new SqliteDriver(database, {
    busyTimeout: millisecondsOption('busyTimeout', busyTimeout),
    tune: booleanOption('tune', tune),
  });
  return sqlStore(
    { driver, dialect: sqliteDialect, createTable: booleanOption('createTable', createTable) },
    options,
  );
}

/**
 * The statements that create the table of `sqliteStore(database, { table })`.
 * @param table @default 'sojourn_sessions'
 * @throws SessionOptionsError for a `table` that is not a safe name.
 */
export function sqliteSchema(table?: string): string {
  return schemaText(sqliteDialect, table);
}

/** Everything is synchronous, on this thread, except the wait for another connection's write. */
class SqliteDriver implements SqlDriver {
  readonly #database: SqliteDatabase;
  /** Whether it is ours to close, and not yet closed. */
  #isOurs: boolean;
  readonly #busyTimeout: number;
  readonly #prepared = new Map<string, SqliteStatement>();
  #untuned: boolean;

  constructor(
    database: string | SqliteDatabase,
    { busyTimeout, tune }: { busyTimeout: number; tune: boolean },
  ) {
    this.#isOurs = typeof database === 'string';
    this.#database = typeof database === 'string' ? opened(database) : checked(database);
    this.#busyTimeout = busyTimeout;
    this.#untuned = tune;
  }

  /**
   * Every write is a transaction, so that BEGIN is what finds another connection writing. libsql does not reset a
   * statement that finds it: what the connection writes after that is not committed until that statement runs again.
   */
  run(query: Query, signal?: AbortSignal): Promise<Result> {
    const work = isRead(query) ? () => this.#runAtOnce(query) : () => this.#transactAtOnce(only(query));
    return this.#patiently(work, signal);
  }

  transaction<T>(steps: () => Steps<T>, signal?: AbortSignal): Promise<T> {
    return this.#patiently(() => this.#transactAtOnce(steps()), signal);
  }

  close(): void {
    if (this.#isOurs) this.#database.close?.();
    this.#isOurs = false;
  }

  /** SQLite would block this thread while another connection writes. We wait without holding up others. */
  async #patiently<T>(work: () => T, signal: AbortSignal | undefined): Promise<T> {
    const deadline = Date.now() + this.#busyTimeout;
    for (let pause = 1; ; pause = Math.min(2 * pause, MAX_PAUSE)) {
      try {
        this.#tuneOnce();
        return work();
      } catch (error) {
        if (!isBusy(error) || Date.now() >= deadline) throw error;
      }
      // Random, or two processes could retry in step forever.
      await sleep(pause * (0.5 + Math.random()));
      signal?.throwIfAborted();
    }
  }

  #tuneOnce(): void {
    if (!this.#untuned) return;
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec('PRAGMA synchronous = NORMAL');
    this.#untuned = false;
  }

  #transactAtOnce<T>(steps: Steps<T>): T {
    // IMMEDIATE: a transaction that first reads and then writes can fail because of a write in between.
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const answer = driveAtOnce(steps, query => this.#runAtOnce(query));
      this.#database.exec('COMMIT');
      return answer;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Some errors (a full disk) have already rolled back, and then there is nothing to roll back. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {}
  }

  #runAtOnce(query: Query): Result {
    const { text, values } = query;
    const statement = this.#prepare(text);
    if (!isRead(query)) return { rows: [], changes: Number(statement.run(...values).changes) };
    return { rows: allOf(statement, values).map(row => Object.values(row as object)), changes: 0 };
  }

  #prepare(text: string): SqliteStatement {
    const statement = this.#prepared.get(text) ?? this.#database.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }
}

/**
 * node:sqlite fails at an integer too big for JavaScript: no row of ours has one, and a bad row must not fail others.
 */
function allOf(statement: SqliteStatement, values: Query['values']): unknown[] {
  try {
    return statement.all(...values);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE' || !statement.setReadBigInts) throw error;
  }
  statement.setReadBigInts(true);
  try {
    return statement.all(...values).map(row => Object.values(row as object).map(numberIn));
  } finally {
    statement.setReadBigInts(false);
  }
}

function numberIn(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function isRead({ text }: Query): boolean {
  return text.startsWith('SELECT');
}

function* only(query: Query): Steps<Result> {
  return yield query;
}

/** Ms between two tries. */
const MAX_PAUSE = 20;

/** True for SQLITE_BUSY in all its kinds. node:sqlite gives SQLite's number, better-sqlite3 and libsql its name. */
function isBusy(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return String(code).startsWith('SQLITE_BUSY') || (typeof errcode === 'number' && (errcode & 0xff) === 5);
}

function opened(file: string): SqliteDatabase {
  const sqlite = process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined;
  if (sqlite) return new sqlite.DatabaseSync(file);
  throw new SessionOptionsError(
    `database: Node ${process.version} has no node:sqlite to open a file with. Use Node 22.13 or later, or hand in a ` +
      'database of better-sqlite3 or libsql.',
  );
}

interface NodeSqlite {
  DatabaseSync: new (file: string) => SqliteDatabase;
}

function checked(database: SqliteDatabase): SqliteDatabase {
  if (hasMethods(database, 'prepare', 'exec')) return database;
  throw new SessionOptionsError(
    'database: sqliteStore takes a file name, or a database of node:sqlite, better-sqlite3 or libsql.',
  );
}
