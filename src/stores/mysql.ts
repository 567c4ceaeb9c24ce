import { SessionOptionsError } from '../errors.js';
import { hasMethods } from './sql/client.js';
import type { Query, Result, Row, SqlDriver, Value } from './sql/driver.js';
import { inTurns, leasedDriver } from './sql/lease.js';
import { mysqlDialect } from './sql/mysql-dialect.js';
import { booleanOption, type SqlStoreOptions, schemaText, sqlStore } from './sql/options.js';
import type { SqlStore } from './sql/store.js';

export type { SqlStore };

export interface MysqlStoreOptions extends SqlStoreOptions {
  /**
   * Creates the tables before the first statement where they are missing. The user needs CREATE then.
   * @default false: they are there, made from `mysqlSchema()`
   */
  readonly createTable?: boolean | undefined;
}

/** What can be handed in. A pool serves best: a single connection makes requests wait for each other. */
export type MysqlClient = MysqlPool | MysqlConnection | MysqlCallbackClient;

/** A pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection & { release(): void }>;
}

/** A connection of `mysql2/promise`. Nothing else may run transactions on it. */
export interface MysqlConnection {
  execute(statement: MysqlStatement): Promise<[unknown, unknown]>;
  query(statement: MysqlStatement): Promise<[unknown, unknown]>;
  destroy(): void;
}

interface MysqlStatement {
  sql: string;
  values: (Buffer | string | number | null)[];
  rowsAsArray: true;
}

/** A pool or connection of `mysql2` itself, with callbacks. */
export interface MysqlCallbackClient {
  promise(): MysqlPool | MysqlConnection;
}

/**
 * Sessions in MySQL or MariaDB, shared by all processes. `pool` is a pool or connection of mysql2, with promises or
 * with callbacks; it stays yours to close.
 * @throws SessionOptionsError for a client that is none of these, and for an option that cannot be.
 */
export function mysqlStore(pool: MysqlClient, options: MysqlStoreOptions = {}): SqlStore {
  const createTable = booleanOption('createTable', options.createTable ?? false);
  return sqlStore({ driver: driverFor(pool), dialect: mysqlDialect, createTable }, options);
}

/**
 * The statements that create the tables of `mysqlStore(pool, { table })`.
 * @param table @default 'sojourn_sessions'
 * @throws SessionOptionsError for a `table` that is no safe name.
 */
export function mysqlSchema(table?: string): string {
  return schemaText(mysqlDialect, table);
}

/** READ COMMITTED locks rows alone, not the gaps between them, in which owners would get into each other's way. */
const BEGIN = ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'START TRANSACTION'];

function driverFor(client: MysqlClient): SqlDriver {
  if (hasMethods(client, 'promise')) return driverFor((client as MysqlCallbackClient).promise());
  if (hasMethods(client, 'getConnection')) return poolDriver(client as MysqlPool);
  if (hasMethods(client, 'execute', 'query')) {
    return leasedDriver(
      inTurns(query => runOn(client as MysqlConnection, query)),
      BEGIN,
    );
  }
  throw new SessionOptionsError('pool: mysqlStore takes a pool or a connection of mysql2.');
}

function poolDriver(pool: MysqlPool): SqlDriver {
  return leasedDriver(async () => {
    const connection = await pool.getConnection();
    return {
      run: query => runOn(connection, query),
      release: broken => (broken ? connection.destroy() : connection.release()),
      isPooled: true,
    };
  }, BEGIN);
}

async function runOn(connection: MysqlConnection, { text, values }: Query): Promise<Result> {
  const statement: MysqlStatement = { sql: text, values: valuesFor(text, values), rowsAsArray: true };
  // What takes no values (START TRANSACTION, say) cannot be prepared on every server.
  const [answer] = await (values.length > 0 ? connection.execute(statement) : connection.query(statement));
  if (Array.isArray(answer)) return { rows: answer as Row[], changes: 0 };
  return { rows: [], changes: matchedBy(answer as MysqlHeader) };
}

interface MysqlHeader {
  affectedRows: number;
  /** Of an UPDATE: `Rows matched: 1  Changed: 0  Warnings: 0`. */
  info?: string;
}

/** A connection may be set to count changed rows alone, and a touch can leave a live session as it is. */
function matchedBy({ info = '', affectedRows }: MysqlHeader): number {
  const [, matched] = /^Rows matched: (\d+)/.exec(info) ?? [];
  return matched === undefined ? affectedRows : Number(matched);
}

/**
 * What says how many rows is sent as text: as a number mysql2 before 3.24 makes it a floating one, which MySQL 8.0.22 and
 * later refuse there.
 */
function valuesFor(text: string, values: readonly Value[]): MysqlStatement['values'] {
  const sent: MysqlStatement['values'] = values.map(asBytes);
  if (text.endsWith(' LIMIT ?')) sent.push(String(sent.pop()));
  return sent;
}

/** Texts as bytes: the connection's character set has no say in them. */
function asBytes(value: Value): Buffer | number | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
