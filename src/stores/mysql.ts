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
   * Creates missing tables before the first statement. The user then needs CREATE.
   * @default false: they exist already, made from `mysqlSchema()`
   */
  readonly createTable?: boolean | undefined;
}

/** The clients that can be used. A pool is best: a single connection makes requests wait for each other. */
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
  nestTables: false;
  typeCast: (field: unknown, next: () => unknown) => unknown;
}

/** A pool or connection of `mysql2` itself, with callbacks. */
export interface MysqlCallbackClient {
  promise(): MysqlPool | MysqlConnection;
}

/**
 * Sessions in MySQL or MariaDB, shared by all processes. `pool` is a pool or connection of mysql2, with promises or
 * with callbacks; closing it remains up to you.
 * @throws SessionOptionsError for any other client, and for an invalid option.
 */
export function mysqlStore(pool: MysqlClient, options: MysqlStoreOptions = {}): SqlStore {
  const createTable = booleanOption('createTable', options.createTable ?? false);
  return sqlStore({ driver: driverFor(pool), dialect: mysqlDialect, createTable }, options);
}

/**
 * The statements that create the tables of `mysqlStore(pool, { table })`.
 * @param table @default 'sojourn_sessions'
 * @throws SessionOptionsError for a `table` that is not a safe name.
 */
export function mysqlSchema(table?: string): string {
  return schemaText(mysqlDialect, table);
}

/** READ COMMITTED locks only rows, not the gaps between them, where owners would block each other. */
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
  const statement: MysqlStatement = { sql: text, values: valuesFor(text, values), ...AS_READ };
  // Not every server can prepare statements without values (START TRANSACTION, say).
  const [answer] = await (values.length > 0 ? connection.execute(statement) : connection.query(statement));
  if (Array.isArray(answer)) return { rows: answer as Row[], changes: 0 };
  return { rows: [], changes: matchedBy(answer as MysqlHeader) };
}

/**
 * Rows and values as mysql2 itself reads them, whatever the application has it make of its own. Only a function takes
 * the place of a connection's `typeCast`.
 */
const AS_READ: Omit<MysqlStatement, 'sql' | 'values'> = {
  rowsAsArray: true,
  nestTables: false,
  typeCast: (_, next) => next(),
};

interface MysqlHeader {
  affectedRows: number;
  /** Of an UPDATE: `Rows matched: 1  Changed: 0  Warnings: 0`. */
  info?: string;
}

/** A connection may be set to count only changed rows, and a touch can leave a live session as it is. */
function matchedBy({ info = '', affectedRows }: MysqlHeader): number {
  const [, matched] = /^Rows matched: (\d+)/.exec(info) ?? [];
  return matched === undefined ? affectedRows : Number(matched);
}

/**
 * The number of rows in LIMIT is sent as text: mysql2 before 3.24 turns numbers into floating-point ones, which MySQL
 * 8.0.22 and later refuse there.
 */
function valuesFor(text: string, values: readonly Value[]): MysqlStatement['values'] {
  const sent: MysqlStatement['values'] = values.map(asBytes);
  if (text.endsWith(' LIMIT ?')) sent.push(String(sent.pop()));
  return sent;
}

/** Texts as bytes: the connection's character set does not affect them. */
function asBytes(value: Value): Buffer | number | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
