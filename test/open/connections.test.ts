import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createClient } from 'redis';
import type { SessionStore } from 'sojourn';
import { postgresStore } from 'sojourn/postgres';
import { redisStore } from 'sojourn/redis';
import { eventsOf } from '../harness/app.js';
import { until } from '../harness/until.js';
import { missing as missingRedis, startRedis } from '../stores/redis-servers.js';
import { missing, postgresServer } from '../stores/sql-servers.js';
import { endOf, signedIn, siteWith } from './site.js';

/** A database that tells of ended sessions, as its server sees it. */
interface Place {
  /** Another store object each time, with a client of its own: as good as another process. */
  open(t: TestContext): Promise<SessionStore & Required<Pick<SessionStore, 'close'>>>;
  listeners(): Promise<number>;
  /** Cuts the connections that listen. */
  cut(): Promise<unknown>;
}

async function redisPlace(t: TestContext, kind: 'ioredis' | 'node-redis'): Promise<Place> {
  const { port, stop } = await startRedis();
  const admin = new Redis(port);
  t.after(() => stop().finally(() => admin.disconnect()));
  return {
    open: async use => {
      if (kind === 'ioredis') {
        const client = new Redis(port);
        use.after(() => client.disconnect());
        return redisStore(client);
      }
      const client = createClient({ socket: { port }, disableOfflineQueue: true });
      client.on('error', () => {});
      await client.connect();
      use.after(() => client.destroy());
      return redisStore(client);
    },
    listeners: async () => Number(((await admin.call('PUBSUB', 'NUMSUB', 'sojourn:ended')) as unknown[])[1]),
    cut: () => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  };
}

async function postgresPlace(t: TestContext): Promise<Place> {
  const table = `open_${randomBytes(4).toString('hex')}`;
  const admin = new Pool(postgresServer);
  t.after(async () => {
    await admin.query(`DROP TABLE IF EXISTS ${table}, ${table}_owners`);
    await admin.end();
  });
  const mine = `FROM pg_stat_activity WHERE application_name = '${table}' AND query LIKE 'LISTEN %'`;
  return {
    open: async use => {
      const pool = new Pool({ ...postgresServer, application_name: table, max: 3 });
      pool.on('error', () => {});
      const store = postgresStore(pool, { table, createTable: true });
      use.after(async () => {
        await store.close();
        await pool.end();
      });
      return store;
    },
    listeners: async () => Number((await admin.query(`SELECT count(*) AS count ${mine}`)).rows[0].count),
    cut: () => admin.query(`SELECT pg_terminate_backend(pid) ${mine}`),
  };
}

const places: Record<string, [skip: string | false, place: (t: TestContext) => Promise<Place>]> = {
  'Redis, by ioredis': [missingRedis, t => redisPlace(t, 'ioredis')],
  'Redis, by node-redis': [missingRedis, t => redisPlace(t, 'node-redis')],
  PostgreSQL: [await missing('PostgreSQL', postgresServer), postgresPlace],
};

/** So long that no test waits for the store to be asked. */
const NEVER = 3_600_000;

for (const [name, [skip, placeFor]] of Object.entries(places)) {
  test(`${name}: one connection listens while a session is open, and none before and after`, {
    skip,
  }, async t => {
    const place = await placeFor(t);
    const site = await siteWith(t, { store: await place.open(t), watchInterval: NEVER });
    await site.browser.get('login');
    assert.equal(await place.listeners(), 0);
    const all = [await site.open(), await site.open(), await site.open()];
    await until(async () => (await place.listeners()) === 1);
    await delay(100);
    assert.equal(await place.listeners(), 1);
    for (const opened of all) opened?.close();
    await until(async () => (await place.listeners()) === 0);
    const again = await site.open();
    await until(async () => (await place.listeners()) === 1);
    again?.close();
    await until(async () => (await place.listeners()) === 0);
  });

  test(`${name}: a connection that is lost is told of once and opened anew, and nothing is missed`, {
    skip,
  }, async t => {
    const place = await placeFor(t);
    const site = await siteWith(t, { store: await place.open(t), watchInterval: NEVER });
    const elsewhere = await siteWith(t, { store: await place.open(t) });
    const errors = eventsOf(site.app, 'session:error');
    const [first, second, third] = [
      await signedIn(site, 'ann', site.browser.stranger()),
      await signedIn(site, 'bob', site.browser.stranger()),
      await signedIn(site, 'cyd', site.browser.stranger()),
    ];
    await until(async () => (await place.listeners()) === 1);
    await delay(300);
    await elsewhere.sessions.endAll('ann');
    assert.equal(await endOf(first), 'revoked');
    await place.cut();
    await until(() => errors.length > 0);
    await delay(200);
    await elsewhere.sessions.endAll('bob', { reason: 'meanwhile' });
    assert.equal(await endOf(second, 5000), 'meanwhile', 'found when the connection is back');
    assert.equal(errors.length, 1);
    await until(async () => (await place.listeners()) === 1);
    await elsewhere.sessions.endAll('cyd', { reason: 'told' });
    assert.equal(await endOf(third, 1000), 'told');
  });

  test(`${name}: closing the store closes the connection that listens`, { skip }, async t => {
    const place = await placeFor(t);
    const store = await place.open(t);
    const site = await siteWith(t, { store, watchInterval: NEVER });
    await signedIn(site);
    await until(async () => (await place.listeners()) === 1);
    await store.close();
    await until(async () => (await place.listeners()) === 0);
    await delay(1200);
    assert.equal(await place.listeners(), 0, 'and it is not opened anew');
  });
}

test('where Redis lets nobody publish, sessions end all the same, and the store is asked', {
  skip: missingRedis,
}, async t => {
  const { port, stop } = await startRedis();
  const admin = new Redis(port);
  t.after(() => stop().finally(() => admin.disconnect()));
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~sojourn:*', '+@all', 'resetchannels');
  const clients = [0, 1].map(() => new Redis({ port, username: 'app', password: 'secret' }));
  t.after(() => clients.map(client => client.disconnect()));
  const [here, there] = clients.map(client => redisStore(client));
  const site = await siteWith(t, { store: here as SessionStore, watchInterval: 100 });
  const errors = eventsOf(site.app, 'session:error');
  const opened = await signedIn(site);
  await until(() => errors.length > 0);
  assert.match(String(errors[0]?.error), /NOPERM/);
  await (await siteWith(t, { store: there as SessionStore })).sessions.endAll('ann');
  assert.equal(await endOf(opened, 1000), 'revoked');
  await delay(1500);
  assert.equal(errors.length, 1, 'which is told once');
});

test('a pool of a single connection is not listened on: nothing else could use it', {
  skip: await missing('PostgreSQL', postgresServer),
}, async t => {
  const pool = new Pool({ ...postgresServer, max: 1 });
  t.after(() => pool.end());
  const store = postgresStore(pool);
  t.after(() => store.close());
  assert.equal(store.subscribe, undefined);
});
