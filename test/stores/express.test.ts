import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisStore } from 'connect-redis';
import pg from 'pg';
import { createClient } from 'redis';
import { type KoaSessionStore, session } from 'sojourn';
import { type ExpressSessionStore, fromExpressStore } from 'sojourn/express';
import { koaStoreSuite } from 'sojourn/testing';
import { account, bareApp } from '../harness/app.js';
import { visit } from '../harness/visit.js';
import { missing as noRedis, startRedis } from './redis-servers.js';
import { missing, postgresServer } from './sql-servers.js';

// These have no types of their own.
const require = createRequire(import.meta.url);
const expressSession = require('express-session');
const connectPgSimple = require('connect-pg-simple');

const HOUR = 3_600_000;

describe("express-session's MemoryStore", () => {
  const memory = new expressSession.MemoryStore();
  koaStoreSuite({
    test,
    create: () => fromExpressStore(memory),
    advance: ms => {
      for (const [key, text] of Object.entries<string>(memory.sessions)) {
        const record = JSON.parse(text);
        record.cookie.expires = new Date(Date.parse(record.cookie.expires) - ms);
        memory.sessions[key] = JSON.stringify(record);
      }
    },
  });

  serves(() => new expressSession.MemoryStore());
});

describe('connect-redis', { skip: noRedis }, async () => {
  const server = await startRedis();
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  after(async () => {
    client.destroy();
    await server.stop();
  });
  const connectRedis = new RedisStore({ client });

  koaStoreSuite({
    test,
    create: () => fromExpressStore(connectRedis),
    advance: async ms => {
      for (const key of await client.keys('*')) await client.pExpire(key, (await client.pTTL(key)) - ms);
    },
  });

  test('keeps a record for the lifetime that it is given', async () => {
    await setRecord(fromExpressStore(connectRedis), 'key', {}, HOUR);
    const ttl = await client.pTTL('sess:key');
    assert.ok(ttl > HOUR - 2000 && ttl <= HOUR, `${ttl} ms`);
  });

  serves(() => connectRedis);
});

const noPostgres = await missing('PostgreSQL', postgresServer);

describe('connect-pg-simple', { skip: noPostgres }, () => {
  const pool = new pg.Pool(postgresServer);
  const tableName = `express_${randomUUID().replaceAll('-', '')}`;
  const PgStore = connectPgSimple(expressSession);
  const pgSimple = new PgStore({ pool, tableName, createTableIfMissing: true, pruneSessionInterval: false });
  after(async () => {
    await pool.query(`DROP TABLE IF EXISTS ${tableName}`);
    await pool.end();
  });

  koaStoreSuite({
    test,
    create: () => fromExpressStore(pgSimple),
    advance: ms =>
      pool.query(`UPDATE ${tableName} SET expire = expire - $1::interval`, [`${ms} milliseconds`]),
  });

  test('keeps a record for the lifetime that it is given', async () => {
    const key = randomUUID();
    await setRecord(fromExpressStore(pgSimple), key, {}, HOUR);
    const { rows } = await pool.query(`SELECT expire FROM ${tableName} WHERE sid = $1`, [key]);
    const left = rows[0].expire - Date.now();
    assert.ok(left > HOUR - 2000 && left <= HOUR + 1000, `${left} ms`);
  });

  serves(() => pgSimple);
});

describe('the record', () => {
  test('has, for the store alone, a cookie that tells its lifetime', async () => {
    const { store, kept } = simpleStore();
    const before = Date.now();
    await setRecord(store, 'key', { views: 1, _expire: 5 }, 5000);
    const { cookie, ...rest } = kept.get('key') as { cookie: { maxAge: number; expires: Date } };
    assert.deepEqual(rest, { views: 1, _expire: 5 });
    assert.equal(cookie.maxAge, 5000);
    assert.ok(Number(cookie.expires) >= before + 5000 && Number(cookie.expires) <= Date.now() + 5000);
    assert.deepEqual(await getRecord(store, 'key'), { views: 1, _expire: 5 });
  });

  test("may have data of the app's own under the name `cookie`", async () => {
    for (const cookie of ['oatmeal', { expires: 'never' }, null, 0]) {
      const { store } = simpleStore();
      await setRecord(store, 'key', { cookie });
      assert.deepEqual(await getRecord(store, 'key'), { cookie });
    }
  });

  test('is not changed by being kept', async () => {
    const record = Object.freeze({ views: 1 });
    await setRecord(simpleStore().store, 'key', record);
    assert.deepEqual(record, { views: 1 });
  });

  test('may live longer than a Date can tell', async () => {
    const { store, kept } = simpleStore();
    await setRecord(store, 'key', {}, Number.MAX_SAFE_INTEGER);
    assert.ok(!Number.isNaN(Number((kept.get('key') as { cookie: { expires: Date } }).cookie.expires)));
  });
});

describe('a store of files, which finds no file for a session', () => {
  const absent = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  const { store: kept } = simpleStore();
  const files = fromExpressStore({
    get: (_key, callback) => callback(absent),
    set: (_key, _record, callback) => callback(absent),
    destroy: (_key, callback) => callback(absent),
  });

  test('has no session there, as express-session takes it', async () => {
    assert.equal(await getRecord(files, 'key'), undefined);
  });

  test('fails if it cannot write or delete', async () => {
    await assert.rejects(async () => setRecord(files, 'key', {}), absent);
    await assert.rejects(async () => files.destroy('key', { ctx: {} }), absent);
  });

  test('serves whoever presents a cookie of a session that is gone', async t => {
    const browser = await visit(t, { store: { ...kept, get: files.get } }, account);
    await browser.get('login');
    const { status, json } = await browser.get('');
    assert.deepEqual({ status, json }, { status: 200, json: { user: null } });
  });
});

test('a database whose Unix socket is not there has failed: that is no missing session', async () => {
  const pool = new pg.Pool({ host: '/nowhere' });
  const database = new (connectPgSimple(expressSession))({ pool, pruneSessionInterval: false });
  const store = fromExpressStore(database);
  await assert.rejects(async () => getRecord(store, 'key'), { code: 'ENOENT' });
});

describe('a store that fails', () => {
  const failure = new Error('the disk is on fire');
  const failing: Record<string, (callback: (error?: unknown) => void) => unknown> = {
    'by its callback': callback => callback(failure),
    'by its callback, later': callback => setImmediate(callback, failure),
    'by throwing': () => {
      throw failure;
    },
    'by a promise': () => Promise.reject(failure),
    'by its callback and a promise': callback => {
      callback(failure);
      return Promise.reject(failure);
    },
    'by its callback, twice': callback => {
      callback(failure);
      callback(new Error('again'));
    },
  };

  for (const [name, fail] of Object.entries(failing)) {
    test(`${name}: rejects, and nothing else`, async () => {
      const store = fromExpressStore({
        get: (_key, callback) => fail(callback),
        set: (_key, _record, callback) => fail(callback),
        destroy: (_key, callback) => fail(callback),
      });
      await assert.rejects(async () => getRecord(store, 'key'), failure);
      await assert.rejects(async () => setRecord(store, 'key', {}), failure);
      await assert.rejects(async () => store.destroy('key', { ctx: {} }), failure);
      // An unhandled rejection would fail the test by now.
      await delay(5);
    });
  }

  test('by never calling back: waits, as long as the caller does', async () => {
    const never = { get() {}, set() {}, destroy() {} };
    const outcome = Promise.resolve(getRecord(fromExpressStore(never), 'key'));
    assert.equal(await Promise.race([outcome, delay(20, 'still waiting')]), 'still waiting');
  });

  test('by never calling back: a request ends after storeTimeout', async t => {
    const never = { get() {}, set() {}, destroy() {} };
    const browser = await visit(t, { store: fromExpressStore(never), storeTimeout: 50 }, account);
    assert.equal((await browser.get('login')).status, 503);
  });
});

test('a store that was not wrapped is refused at the start, with the fix', () => {
  const stores = [new expressSession.MemoryStore(), new RedisStore({ client: {} as never })];
  for (const store of stores) {
    assert.throws(() => session(bareApp(), { store: store as never }), {
      code: 'ERR_SESSION_OPTIONS',
      message: /^option `store` is a store of express-session: wrap it in `fromExpressStore\(store\)`/,
    });
  }
});

test('what is no store is refused by the name of what it lacks', () => {
  const code = 'ERR_SESSION_OPTIONS';
  assert.throws(() => fromExpressStore(undefined as never), { code, message: /get\(\)/ });
  assert.throws(() => fromExpressStore({ get() {}, set() {} } as never), { code, message: /destroy\(\)/ });
});

/** The store serves a Koa app: somebody signs in, is known, signs out, and is not. */
function serves(create: () => ExpressSessionStore): void {
  test('serves a Koa app: a visitor signs in, is known, and signs out', async t => {
    const browser = await visit(t, { store: fromExpressStore(create()) }, account);
    await browser.get('login');
    const copy = browser.copy();
    assert.deepEqual((await browser.get('')).json, { user: 'ann' });
    await browser.get('logout');
    assert.deepEqual((await copy.get('')).json, { user: null });
  });
}

function simpleStore(): { store: KoaSessionStore; kept: Map<string, object> } {
  const kept = new Map<string, object>();
  const store = fromExpressStore({
    get: (key, callback) => callback(null, kept.get(key)),
    set: (key, record, callback) => callback(void kept.set(key, record)),
    destroy: (key, callback) => callback(void kept.delete(key)),
  });
  return { store, kept };
}

function getRecord(store: KoaSessionStore, key: string): unknown {
  return store.get(key, HOUR, { rolling: false, ctx: {} });
}

function setRecord(
  store: KoaSessionStore,
  key: string,
  record: Record<string, unknown>,
  maxAge: number = HOUR,
): unknown {
  return store.set(key, record, maxAge, { rolling: false, changed: true, ctx: {} });
}
