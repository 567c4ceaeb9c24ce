/** The sojourn stores, each on a table, a prefix or a file of its own. A driver is imported where it is needed. */
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const POSTGRES_URL = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
export const MYSQL_URL = process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test';

/**
 * @typedef {object} Opened
 * @property {import('sojourn').SessionStore} store
 * @property {() => number} [statements] how many have been sent; Redis counts for itself
 * @property {() => Promise<void>} remove deletes what was kept, and closes the client
 *
 * @typedef {{ name: string, redisPort: number }} Where `name` is a safe name for a table
 */

/** @type {Record<string, (where: Where) => Promise<Opened>>} */
export const databases = { redis, sqlite, postgres, mysql: mysqlOrMariadb };

/**
 * Why a database cannot be measured here; undefined if it can.
 *
 * @param {string} name
 */
export async function missing(name) {
  const url = { postgres: POSTGRES_URL, mysql: MYSQL_URL }[name];
  if (url === undefined || (await answers(new URL(url)))) return undefined;
  return `no server at ${url}`;
}

/** @param {URL} url */
function answers({ hostname, port }) {
  return new Promise(resolve => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** @param {Where} where */
async function redis({ name, redisPort }) {
  const { Redis } = await import('ioredis');
  const { redisStore } = await import('sojourn/redis');
  const client = new Redis(redisPort);
  return {
    store: redisStore(client, { prefix: `${name}:` }),
    remove: async () => client.disconnect(),
  };
}

/** @param {Where} where */
async function sqlite({ name }) {
  const { sqliteStore } = await import('sojourn/sqlite');
  const file = join(tmpdir(), `${name}.db`);
  const database = await openSqlite(file);
  const { counted, statements } = countedSqlite(database);
  const store = sqliteStore(counted, { tune: true });
  return {
    store,
    statements,
    async remove() {
      await store.close();
      database.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    },
  };
}

/**
 * With Node's own SQLite where there is one.
 *
 * @param {string} file
 */
export async function openSqlite(file) {
  const builtIn = process.getBuiltinModule?.('node:sqlite');
  if (builtIn) return new builtIn.DatabaseSync(file);
  const { default: Database } = await import('libsql');
  return new Database(file);
}

/** Without what begins and ends a transaction: within a process that is no round trip. @param {any} database */
function countedSqlite(database) {
  let count = 0;
  /** @param {Function} work */
  const counting =
    work =>
    /** @param {unknown[]} values */
    (...values) => {
      count++;
      return work(...values);
    };
  const counted = {
    exec: (/** @type {string} */ text) => database.exec(text),
    /** @param {string} text */
    prepare(text) {
      const statement = database.prepare(text);
      return { all: counting(statement.all.bind(statement)), run: counting(statement.run.bind(statement)) };
    },
  };
  return { counted, statements: () => count };
}

/** @param {Where} where */
async function postgres({ name }) {
  const { default: pg } = await import('pg');
  const { postgresStore } = await import('sojourn/postgres');
  let count = 0;
  class CountingClient extends pg.Client {
    /**
     * @override
     * @param {any[]} query
     */
    query(...query) {
      count++;
      return super.query(.../** @type {[any]} */ (query));
    }
  }
  const pool = new pg.Pool({ connectionString: POSTGRES_URL, Client: CountingClient });
  const store = postgresStore(pool, { table: name, createTable: true });
  return {
    store,
    statements: () => count,
    async remove() {
      await store.close();
      await pool.query(`DROP TABLE IF EXISTS ${name}, ${name}_owners`);
      await pool.end();
    },
  };
}

/** @param {Where} where */
async function mysqlOrMariadb({ name }) {
  const { default: mysql } = await import('mysql2/promise');
  const { mysqlStore } = await import('sojourn/mysql');
  const pool = mysql.createPool(MYSQL_URL);
  let count = 0;
  const counted = {
    async getConnection() {
      const connection = await pool.getConnection();
      /** @param {'execute' | 'query'} how */
      const counting = how => (/** @type {any} */ statement) => {
        count++;
        return connection[how](statement);
      };
      return {
        execute: counting('execute'),
        query: counting('query'),
        release: () => connection.release(),
        destroy: () => connection.destroy(),
      };
    },
  };
  const store = mysqlStore(counted, { table: name, createTable: true });
  return {
    store,
    statements: () => count,
    async remove() {
      await store.close();
      await pool.query(`DROP TABLE IF EXISTS ${name}, ${name}_owners`);
      await pool.end();
    },
  };
}
