import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { redisStore } from 'sojourn/redis';
import { missing, startRedis } from './redis-servers.js';
import { HOUR, newSession, successorOf } from './sessions.js';

/** The script of `update` decodes nothing where it need not: it must tell as much as if it did. */
describe('redisStore: an update', { skip: missing }, async () => {
  const server = await startRedis();
  const client = new Redis(server.port);
  let stores = 0;

  after(async () => {
    client.disconnect();
    await server.stop();
  });

  /** A store that has this session under `key`. */
  async function storeOf(session: ReturnType<typeof newSession>) {
    const prefix = `test-${stores++}:`;
    const store = redisStore(client, { prefix });
    await store.insert('key', session);
    return Object.assign(store, { lifetimes: () => lifetimesOf(prefix) });
  }

  async function lifetimesOf(prefix: string): Promise<number[]> {
    const names = await client.keys(`${prefix}*`);
    return Promise.all(names.map(name => client.pttl(name)));
  }

  for (const version of ['', 'a', '"', '\\', 'a","generation', '\n', 'ü€😀', '}', '%s+', '\0']) {
    test(`tells the version ${JSON.stringify(version)} from others`, async () => {
      const session = newSession({ version });
      const store = await storeOf(session);
      for (const other of [`${version}a`, version.slice(1) || 'b', `${version}","generation":"`, 'null']) {
        assert.equal(await store.update('key', successorOf(session), { version: other }), false, other);
      }
      assert.deepEqual(await store.find('key'), session);
      const next = successorOf(session, { data: '{"views":2}' });
      assert.equal(await store.update('key', next, { version }), true);
      assert.deepEqual(await store.find('key'), next);
    });
  }

  for (const handle of ['plain-Handle_1', 'a"b', 'a\\', 'ü', 'a%b', '']) {
    test(`keeps the handle ${JSON.stringify(handle)} in use`, async () => {
      const session = newSession({ handle });
      const store = await storeOf(session);
      assert.equal(await store.update('key', successorOf(session), session), true);
      assert.equal(await store.endByHandle(handle, 'revoked'), true);
    });
  }

  test('to another handle gives up the old one, whatever the data say', async () => {
    for (const owner of [null, 'ann']) {
      const next = newSession({ handle: 'new-handle', owner });
      const data = JSON.stringify({ a: 1, handle: 'new-handle', owner: null, b: 2 });
      const session = newSession({ handle: 'old-handle', data });
      const store = await storeOf(session);
      assert.equal(await store.update('key', next, session), true);
      assert.equal(
        (await store.lifetimes()).length,
        owner === null ? 2 : 3,
        'what led to the old one is gone',
      );
      assert.equal(await store.endByHandle('old-handle', 'revoked'), false);
      assert.equal(await store.endByHandle('new-handle', 'revoked'), true);
    }
  });

  test('from an owner to none, and back, is found among the sessions of each', async () => {
    const session = newSession({ owner: 'ann' });
    const store = await storeOf(session);
    const nobodys = successorOf(session, { owner: null });
    assert.equal(await store.update('key', nobodys, session), true);
    assert.equal(await store.count('ann'), 0);
    assert.equal(await store.update('key', successorOf(nobodys, { owner: 'bob' }), nobodys), true);
    assert.equal(await store.count('bob'), 1);
  });

  test('of what is over, ended or gone is none', async () => {
    const now = Date.now();
    const session = newSession();
    const store = await storeOf(session);
    const call = { version: session.version, now: session.expiresAt };
    assert.equal(await store.update('key', successorOf(session), call), false);
    assert.equal(await store.update('other', successorOf(session), session), false);
    assert.equal(await store.update('key', successorOf(session), { ...call, now: call.now - 1 }), true);
    await store.end('key', 'logout', { now });
    assert.equal(await store.update('key', successorOf(session), call), false);
  });

  test('moves the end of all that Redis keeps of the session', async () => {
    const session = newSession();
    const store = await storeOf(session);
    for (const hours of [5, 2]) {
      const next = successorOf(session, { expiresAt: Date.now() + hours * HOUR, version: session.version });
      assert.equal(await store.update('key', next, session), true);
      const lifetimes = await store.lifetimes();
      assert.equal(lifetimes.length, 2);
      for (const pttl of lifetimes) assert.ok(Math.abs(pttl - hours * HOUR - 5000) < 6000, `${pttl} ms`);
    }
  });
});
