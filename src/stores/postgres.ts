import { SessionOptionsError } from '../errors.js';
import type { LineEvents } from './notices.js';
import { hasMethods } from './sql/client.js';
import { drive, type Query, type Result, type Row, type SqlDriver, type Steps } from './sql/driver.js';
import { booleanOption, type SqlStoreOptions, schemaText, sqlStore } from './sql/options.js';
import { type PgConnection, type PgPool, pgConnectionDriver, pgPoolDriver } from './sql/pg.js';
import { postgresDialect } from './sql/postgres-dialect.js';
import type { SqlStore } from './sql/store.js';

export type { PgConnection, PgPool, SqlStore };

export interface PostgresStoreOptions extends SqlStoreOptions {
  /**
   * Creates missing tables before the first statement. The role then needs CREATE on the schema.
   * @default false: they exist already, made from `postgresSchema()`
   */
  readonly createTable?: boolean | undefined;
}

/** The clients that can be used. A pool is best: a single connection makes requests wait for each other. */
export type PostgresClient = PgPool | PgConnection | PostgresJs | PGliteClient;

/** The `sql` function of postgres.js. */
export interface PostgresJs extends PostgresJsQueries {
  listen(
    channel: string,
    onText: (text: string) => void,
    onListen: () => void,
  ): Promise<{ unlisten(): Promise<unknown> }>;
  begin(options: string, work: (sql: PostgresJsQueries) => Promise<unknown>): Promise<unknown>;
}

interface PostgresJsQueries {
  unsafe(
    text: string,
    values: never[],
    options: { prepare: boolean },
  ): { values(): PromiseLike<Iterable<unknown[]> & { count: number | null }> };
}

/** A `PGlite` database. */
export interface PGliteClient extends PGliteQueries {
  listen(channel: string, onText: (text: string) => void): Promise<() => Promise<void>>;
  transaction(work: (queries: PGliteQueries) => Promise<unknown>): Promise<unknown>;
}

interface PGliteQueries {
  query(
    text: string,
    values: unknown[],
    options: { rowMode: 'array' },
  ): Promise<{ rows: unknown[]; affectedRows?: number }>;
}

/**
 * Sessions in PostgreSQL, shared by all processes. `pool` is a `Pool` or connected `Client` of pg, the `sql` function
 * of postgres.js, or a PGlite database; closing it remains up to you.
 * @throws SessionOptionsError for any other client, and for an invalid option.
 */
export function postgresStore(pool: PostgresClient, options: PostgresStoreOptions = {}): SqlStore {
  const createTable = booleanOption('createTable', options.createTable ?? false);
  return sqlStore({ driver: driverFor(pool), dialect: postgresDialect, createTable }, options);
}

/**
 * The statements that create the tables of `postgresStore(pool, { table })`.
 * @param table @default 'sojourn_sessions'
 * @throws SessionOptionsError for a `table` that is not a safe name.
 */
export function postgresSchema(table?: string): string {
  return schemaText(postgresDialect, table);
}

function driverFor(client: PostgresClient): SqlDriver {
  if (hasMethods(client, 'unsafe', 'begin')) return postgresJsDriver(client as PostgresJs);
  if (hasMethods(client, 'query', 'transaction')) return pgliteDriver(client as PGliteClient);
  if (hasMethods(client, 'connect') && 'totalCount' in client) return pgPoolDriver(client as PgPool);
  if (hasMethods(client, 'query')) return pgConnectionDriver(client as PgConnection);
  throw new SessionOptionsError(
    'pool: postgresStore takes a Pool or Client of pg, the sql function of postgres.js, or a PGlite database.',
  );
}

/**
 * postgres.js sends a statement at once, behind others on their connection. To cancel it then could hit another's, as
 * the client's manual warns; so whoever gives up only has no further statement of a transaction sent.
 */
function postgresJsDriver(sql: PostgresJs): SqlDriver {
  return {
    run: query => runOnPostgresJs(sql, query),
    transaction: <T>(steps: () => Steps<T>, signal?: AbortSignal) =>
      sql.begin('ISOLATION LEVEL READ COMMITTED', async scope => {
        const result = await drive(steps(), async query => {
          signal?.throwIfAborted();
          return runOnPostgresJs(scope, query);
        });
        signal?.throwIfAborted();
        return result;
      }) as Promise<T>,
    ...(hasMethods(sql, 'listen') && {
      listen: (channel: string, events: LineEvents) => listenOnPostgresJs(sql, channel, events),
    }),
  };
}

/** postgres.js uses its own connection for this, and reopens it by itself. */
async function listenOnPostgresJs(
  sql: PostgresJs,
  channel: string,
  { text, resumed }: LineEvents,
): Promise<() => unknown> {
  const { unlisten } = await sql.listen(channel, text, resumed);
  return unlisten;
}

async function runOnPostgresJs(sql: PostgresJsQueries, { text, values }: Query): Promise<Result> {
  // Prepared, if the client itself allows it.
  const rows = await sql.unsafe(text, values as never[], { prepare: true }).values();
  return { rows: [...rows], changes: rows.count ?? 0 };
}

function pgliteDriver(database: PGliteClient): SqlDriver {
  return {
    run: query => runOnPGlite(database, query),
    transaction: <T>(steps: () => Steps<T>) =>
      database.transaction(scope => drive(steps(), query => runOnPGlite(scope, query))) as Promise<T>,
    ...(hasMethods(database, 'listen') && {
      listen: (channel: string, { text }: LineEvents) => database.listen(channel, text),
    }),
  };
}

async function runOnPGlite(database: PGliteQueries, { text, values }: Query): Promise<Result> {
  const { rows, affectedRows } = await database.query(text, [...values], { rowMode: 'array' });
  return { rows: rows as Row[], changes: affectedRows ?? 0 };
}
