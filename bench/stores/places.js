/** Where many sessions go: databases that are filled, weighed and cleared. */
import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { postgresStore } from 'sojourn/postgres';
import { redisStore } from 'sojourn/redis';
import { sqliteStore } from 'sojourn/sqlite';
import { openSqlite, POSTGRES_URL } from './databases.js';
import { RedisServer } from './redis-server.js';

/** Sessions that are under way to the database at once. */
const BATCH = 1000;

/**
 * @typedef {object} Population sessions that can be made from their number
 * @property {number} count
 * @property {(number: number) => string} keyOf
 * @property {(number: number, now: number) => import('sojourn').StoredSession} sessionOf
 *
 * @typedef {object} Place
 * @property {import('./databases.js').Where} where
 * @property {(population: Population) => Promise<void>} fill by the store's own `insert`
 * @property {() => Promise<number>} bytes that the sessions take, indexes and all
 * @property {(() => Promise<() => Promise<boolean>>)} [expire] where the database removes sessions by itself: makes
 *   those end soon that are over `LATER`; answers how to ask whether they are gone
 * @property {() => Promise<void>} remove
 */

/** @type {Record<string, (name: string) => Promise<Place>>} */
export const places = { sqlite: inSqlite, postgres: inPostgres, redis: inRedis };

/**
 * @param {import('sojourn').SessionStore} store
 * @param {Population} population
 * @param {(insert: () => Promise<unknown>) => Promise<unknown>} [together] runs a batch
 */
async function fill(store, { count, keyOf, sessionOf }, together = insert => insert()) {
  // Creates the table.
  await store.find('');
  for (let first = 0; first < count; first += BATCH) {
    const now = Date.now();
    const numbers = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => first + i);
    await together(() => Promise.all(numbers.map(i => store.insert(keyOf(i), sessionOf(i, now)))));
  }
}

/** A batch is one transaction, in place of the store's own. @param {string} name @returns {Promise<Place>} */
async function inSqlite(name) {
  const file = join(tmpdir(), `${name}.db`);
  const database = await openSqlite(file);
  const batched = {
    prepare: (/** @type {string} */ text) => database.prepare(text),
    exec: (/** @type {string} */ text) => {
      if (!/^(BEGIN|COMMIT)/.test(text)) database.exec(text);
    },
  };
  return {
    where: { name, redisPort: 0 },
    fill: population =>
      fill(sqliteStore(batched, { tune: true, pruneInterval: false }), population, async insert => {
        database.exec('BEGIN');
        await insert();
        database.exec('COMMIT');
      }),
    async bytes() {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return statSync(file).size;
    },
    async remove() {
      database.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    },
  };
}

/** Statements go out without waiting for each other, and commits do not wait for the disk. @param {string} name @returns {Promise<Place>} */
async function inPostgres(name) {
  const sql = postgres(POSTGRES_URL, {
    max: 4,
    onnotice: () => {},
    connection: { synchronous_commit: 'off' },
  });
  return {
    where: { name, redisPort: 0 },
    async fill(population) {
      await fill(postgresStore(sql, { table: name, createTable: true, pruneInterval: false }), population);
      // As autovacuum will have done where sessions came in the course of days.
      await sql.unsafe(`VACUUM ANALYZE ${name}`);
      await sql.unsafe('CHECKPOINT');
    },
    async bytes() {
      const [row] = await sql.unsafe(`SELECT pg_total_relation_size('${name}') AS bytes`);
      return Number(row?.bytes);
    },
    async remove() {
      await sql.unsafe(`DROP TABLE IF EXISTS ${name}, ${name}_owners`);
      await sql.end();
    },
  };
}

/** A server of its own. @param {string} name @returns {Promise<Place>} */
async function inRedis(name) {
  const server = await RedisServer.start();
  const empty = await server.info('memory', 'used_memory');
  const client = new Redis(server.port, { enableAutoPipelining: true });
  return {
    where: { name, redisPort: server.port },
    fill: population => fill(redisStore(client, { prefix: `${name}:` }), population),
    bytes: async () => (await server.info('memory', 'used_memory')) - empty,
    expire: () => expireIn(server),
    async remove() {
      client.disconnect();
      server.stop();
    },
  };
}

/** KEYS none; ARGV cursor, the longest lifetime of what is to end, the end in epoch ms. */
const END_SOON = `
local answer = redis.call('SCAN', ARGV[1], 'COUNT', 5000)
local count = 0
for _, key in ipairs(answer[2]) do
  if redis.call('PTTL', key) < tonumber(ARGV[2]) then
    redis.call('PEXPIREAT', key, ARGV[3])
    count = count + 1
  end
end
return { answer[1], count }`;

/** Redis removes by its own clock, so it is told an end that is near. @param {RedisServer} server */
async function expireIn({ admin }) {
  const [keys, fiveHours, end] = [await admin.dbsize(), 5 * 3_600_000, Date.now() + 20_000];
  let expiring = 0;
  let cursor = '0';
  do {
    const answer = /** @type {[string, number]} */ (await admin.eval(END_SOON, 0, cursor, fiveHours, end));
    cursor = answer[0];
    expiring += answer[1];
  } while (cursor !== '0');
  await new Promise(resolve => setTimeout(resolve, end - Date.now()));
  return async () => (await admin.dbsize()) <= keys - expiring;
}
