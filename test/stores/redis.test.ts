import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { Redis as Redis54 } from 'ioredis-5.4';
import { Redis as Redis6 } from 'ioredis6';
import { Redis as Valkey } from 'iovalkey';
import { createClient, createClientPool, createSentinel, RESP_TYPES } from 'redis';
import { createClient as createClient6 } from 'redis6';
import { type RedisClient, redisStore } from 'sojourn/redis';
import { storeSuite } from 'sojourn/testing';
import { missing, startRedis, startSentinel } from './redis-servers.js';
import { HOUR, newSession, successorOf } from './sessions.js';

describe('redisStore', { skip: missing }, async () => {
  const server = await startRedis();
  const sentinel = await startSentinel(server);
  const admin = new Redis(server.port);
  const url = `redis://127.0.0.1:${server.port}`;
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];

  const ioredis = new Redis(server.port);
  const nodeRedis = await createClient({ url }).connect();
  const pool = createClientPool({ url });
  await pool.connect();
  await admin.call('ACL', ...granted('docs/stores/redis.md'), '~*', '&*', '+info');
  const inBuffers = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };
  const clients: Record<string, RedisClient> = {
    ioredis,
    'ioredis 5.4 with a keyPrefix': new Redis54(server.port, { keyPrefix: 'app:{x}:' }),
    'ioredis 6': new Redis6(server.port),
    'ioredis with no more rights than the docs ask for': new Redis(server.port, {
      username: 'sojourn',
      password: 'secret',
    }),
    'ioredis with a keyPrefix': new Redis(server.port, { keyPrefix: 'app:{x}:' }),
    'ioredis through Sentinel': new Redis({ sentinels, name: 'main' }),
    iovalkey: new Valkey(server.port),
    'iovalkey with a keyPrefix': new Valkey(server.port, { keyPrefix: 'app:{x}:' }),
    'node-redis': nodeRedis,
    'node-redis with RESP3': await createClient({ url, RESP: 3 }).connect(),
    'node-redis with replies as Buffers': await createClient({ url, commandOptions: inBuffers }).connect(),
    'node-redis 6': await createClient6({ url }).connect(),
    'node-redis as a pool': pool,
    'node-redis through Sentinel': await createSentinel({
      name: 'main',
      sentinelRootNodes: sentinels,
    }).connect(),
  };

  after(async () => {
    for (const client of [admin, ...Object.values(clients)]) close(client);
    await sentinel.stop();
    await server.stop();
  });

  let stores = 0;
  /** A store on keys of its own; `rows` finds the names of its rows. */
  function newStore(client: RedisClient = ioredis) {
    const prefix = `test-${stores++}:`;
    return Object.assign(redisStore(client, { prefix }), {
      prefix,
      rows: () => admin.keys(`*${prefix}s:*`),
    });
  }

  for (const [name, client] of Object.entries(clients)) {
    describe(name, () => {
      storeSuite({
        test,
        create: () => newStore(client),
        corrupt: async store => {
          for (const row of await store.rows()) await admin.set(row, '1 nonsense');
        },
      });
    });
  }

  test('a pool and a Sentinel client of node-redis may have replies as Buffers, too', async t => {
    const buffers = [
      createClientPool({ url, commandOptions: inBuffers }),
      createSentinel({ name: 'main', sentinelRootNodes: sentinels, commandOptions: inBuffers }),
    ];
    for (const client of buffers) {
      await client.connect();
      t.after(() => client.destroy());
      const store = newStore(client);
      const session = newSession({ owner: 'alice' });
      assert.deepEqual(await store.insert('key', session), { placed: true, displaced: [] });
      assert.deepEqual(await store.find('key'), session);
      assert.deepEqual((await store.list('alice', { limit: 1 })).sessions, [session]);
      assert.equal(await store.count(), 1);
    }
  });

  test('what is no Redis client is refused', () => {
    for (const client of [undefined, {}, 'redis://localhost', new Map()]) {
      assert.throws(() => redisStore(client as never), { code: 'ERR_SESSION_OPTIONS' });
    }
  });

  test('a client of node-redis that answers by callbacks is refused; one of few methods is not', async () => {
    assert.throws(() => redisStore(nodeRedis.legacy() as never), { code: 'ERR_SESSION_OPTIONS' });
    const store = newStore({ sendCommand: (args: string[]) => nodeRedis.sendCommand(args) });
    assert.equal((await store.insert('key', newSession())).placed, true);
  });

  describe('scripts', () => {
    test('a server that forgot the scripts learns them again', async () => {
      for (const client of [ioredis, nodeRedis]) {
        const store = newStore(client);
        const session = newSession();
        await admin.script('FLUSH');
        assert.deepEqual(await store.insert('key', session), { placed: true, displaced: [] });
        await admin.script('FLUSH');
        assert.equal(await store.update('key', successorOf(session), { version: session.version }), true);
      }
    });

    test("an error of the server's own is thrown", async t => {
      const replica = await startRedis('--replicaof', '127.0.0.1', String(server.port));
      t.after(() => replica.stop());
      const client = new Redis(replica.port);
      t.after(() => client.disconnect());
      await assert.rejects(redisStore(client).insert('key', newSession()), /READONLY/);
    });
  });

  describe('round trips, as the server counts them', () => {
    const key = `abc.${'k'.repeat(43)}`;

    test('find is one plain command', async () => {
      const store = newStore();
      await store.insert(key, newSession());
      assert.deepEqual(await commandsOf(store, () => store.find(key)), ['get']);
      assert.deepEqual(await commandsOf(store, () => store.find('unknown')), ['get']);
    });

    test('each other verb of a request is one script, with an owner and a limit too', async () => {
      const store = newStore();
      const session = newSession({ owner: 'alice', authenticatedAt: Date.now() });
      const limit = { limit: 1, policy: 'end-oldest' } as const;
      await warmUp(store);
      const once = async (verb: () => Promise<unknown>) =>
        assert.deepEqual(await commandsOf(store, verb), ['evalsha']);
      await once(() => store.insert(key, session, { limit }));
      await once(() => store.update(key, successorOf(session), { version: session.version }));
      await once(() => store.touch(key, Date.now(), session.expiresAt + 1));
      const another = newSession({ owner: 'alice', authenticatedAt: Date.now() });
      await once(() => store.insert('another', another, { limit }));
      const call = { version: another.version, limit };
      await once(() => store.move('another', 'moved', successorOf(another), call));
      await once(() => store.list('alice', { limit: 10 }));
      await once(() => store.count('alice'));
      await once(() => store.endByHandle(another.handle, 'revoked'));
      await once(() => store.endOwned('alice', 'revoked'));
      await once(() => store.end('moved', 'logout'));
    });

    /** Scripts are sent with their text once. */
    async function warmUp(store: ReturnType<typeof newStore>): Promise<void> {
      const session = newSession();
      await store.insert('warm', session);
      await store.update('warm', session, session);
      await store.touch('warm', 0, 0);
      await store.move('warm', 'warmer', session, session);
      await store.end('warmer', 'logout');
      await store.endByHandle(session.handle, 'revoked');
      await store.endOwned('bob', 'revoked');
      await store.list('bob', { limit: 1 });
      await store.count('bob');
    }

    /** What reached the server of this store's from outside, not from within a script. */
    async function commandsOf(store: { prefix: string }, work: () => Promise<unknown>): Promise<string[]> {
      const seen: string[] = [];
      const monitor = await admin.monitor();
      const ended = new Promise<void>(resolve => {
        monitor.on('monitor', (_time: string, args: string[], source: string) => {
          if (args[1] === 'end of the work') resolve();
          else if (source !== 'lua' && args.some(arg => arg.includes(store.prefix))) {
            seen.push(String(args[0]).toLowerCase());
          }
        });
      });
      try {
        await work();
        await admin.echo('end of the work');
        await ended;
        return seen;
      } finally {
        // It would try to reach the server for ever.
        monitor.disconnect();
      }
    }
  });

  describe("Redis' own expiry", () => {
    test('comes after expiresAt, and soon after, by whichever clock the app goes', async () => {
      for (const now of [Date.now(), 1000, Date.now() + 1000 * HOUR]) {
        const store = newStore();
        const session = newSession({
          owner: 'alice',
          createdAt: now,
          lastSeenAt: now,
          expiresAt: now + HOUR,
        });
        await store.insert('key', session, { now });
        await expectLifetimes(store, HOUR);
        await store.touch('key', now, now + 2 * HOUR, { now });
        await expectLifetimes(store, 2 * HOUR);
        await store.update(
          'key',
          { ...session, expiresAt: now + 3 * HOUR },
          { now, version: session.version },
        );
        await expectLifetimes(store, 3 * HOUR);
      }
    });

    test('a tombstone lives as long as its session would have', async () => {
      const store = newStore();
      await store.insert('key', newSession({ owner: 'alice' }));
      await store.end('key', 'logout');
      assert.equal((await admin.keys(`${store.prefix}*`)).length, 1, 'nothing beside the tombstone');
      await expectLifetimes(store, HOUR);
    });

    test("an owner's index lives as long as the longest of the sessions in it", async () => {
      const store = newStore();
      await store.insert('long', newSession({ owner: 'alice', expiresAt: Date.now() + 5 * HOUR }));
      await store.insert('short', newSession({ owner: 'alice' }));
      const [index = ''] = await admin.keys(`${store.prefix}o1:*`);
      expectLifetime(await admin.pttl(index), 5 * HOUR);
    });

    test('an entry of the index that outlived its session is cleared when it is found', async () => {
      const store = newStore();
      const now = Date.now();
      for (let i = 0; i < 120; i++) {
        await store.insert(`short ${i}`, newSession({ owner: 'alice', expiresAt: now + HOUR + i }));
      }
      const long = newSession({ owner: 'alice', authenticatedAt: 1, expiresAt: now + 3 * HOUR });
      await store.insert('long', long);
      const { sessions } = await store.list('alice', { limit: 10 }, { now: now + 2 * HOUR });
      assert.deepEqual(
        sessions.map(({ handle }) => handle),
        [long.handle],
      );
      const [index = ''] = await admin.keys(`${store.prefix}o1:*`);
      assert.equal(await admin.zcard(index), 1);
    });

    test('an index that nobody reads holds few entries that outlived their sessions', async () => {
      for (const signIn of ['insert', 'move'] as const) {
        const store = newStore();
        for (let i = 0; i < 500; i++) {
          // The oldest of all lives on, as does every hundredth.
          if (i % 100 === 1) await expire(store, row => !row.includes('lasting'));
          const session = newSession({ owner: 'alice', authenticatedAt: i });
          const key = i % 100 === 0 ? `lasting ${i}` : `brief ${i}`;
          if (signIn === 'insert') await store.insert(key, session);
          else {
            await store.insert('anonymous', { ...session, owner: null });
            await store.move('anonymous', key, session, session);
            await admin.del(`${store.prefix}s:{anonymous}`);
          }
        }
        const [index = ''] = await admin.keys(`${store.prefix}o1:*`);
        assert.ok((await admin.zcard(index)) < 220, `${signIn}: ${await admin.zcard(index)} entries`);
        assert.equal(await store.count('alice'), 104);
        assert.equal(await admin.zcard(index), 104);
      }
    });

    /** Removes those rows, and what leads to them, as Redis does in the end. */
    async function expire(store: ReturnType<typeof newStore>, isWanted: (row: string) => boolean) {
      for (const name of await admin.keys(`${store.prefix}h1:*`)) {
        const row = String(await admin.get(name));
        if (isWanted(row)) await admin.del(name, row);
      }
    }

    async function expectLifetimes(store: { prefix: string }, lifetime: number): Promise<void> {
      for (const name of await admin.keys(`${store.prefix}*`))
        expectLifetime(await admin.pttl(name), lifetime);
    }

    function expectLifetime(pttl: number, lifetime: number): void {
      assert.ok(pttl > lifetime, `Redis would end it ${lifetime - pttl} ms early`);
      assert.ok(pttl <= lifetime + 10_000, `Redis would keep it ${pttl - lifetime} ms longer`);
    }
  });

  test('an owner that UTF-8 cannot tell from another is refused, and is not taken for that one', async () => {
    const store = newStore();
    await store.insert('key', newSession({ owner: 'alice \ufffd' }));
    const odd = 'alice \ud800';
    await assert.rejects(store.insert('odd', newSession({ owner: odd })), { name: 'RangeError' });
    await assert.rejects(store.list(odd, { limit: 10 }), RangeError);
    await assert.rejects(store.count(odd), RangeError);
    await assert.rejects(store.endOwned(odd, 'revoked'), RangeError);
    assert.equal((await store.list('alice \ufffd', { limit: 10 })).sessions.length, 1);
    assert.equal((await store.rows()).length, 1);
  });

  test('data that UTF-8 cannot hold are refused by every verb that writes them, and change nothing', async () => {
    const store = newStore();
    const session = newSession();
    await store.insert('key', session);
    for (const data of ['\ud800', 'a\udc00\ud800b']) {
      const odd = successorOf(session, { data });
      const call = { version: session.version };
      const refusal = { name: 'RangeError', message: /well-formed Unicode/ };
      await assert.rejects(store.insert('odd', { ...odd, handle: 'odd' }), refusal);
      await assert.rejects(store.update('key', odd, call), refusal);
      await assert.rejects(store.move('key', 'odd', odd, call), refusal);
    }
    assert.deepEqual(await store.find('key'), session);
    assert.equal((await store.rows()).length, 1);
    const pair = successorOf(session, { data: '\ud83d\ude00' });
    assert.equal(await store.update('key', pair, { version: session.version }), true);
    assert.deepEqual(await store.find('key'), pair);
  });

  describe('rows that cannot be read', () => {
    const damaged: Record<string, (row: string) => Promise<unknown>> = {
      'another type': row => admin.del(row).then(() => admin.hset(row, 'a', 'b')),
      'another format': row => admin.set(row, '2 1 2 9e15\n{}\ndata'),
      'no text': row => admin.set(row, ''),
      'no bookkeeping': row => admin.set(row, '1 1 2 9e15\n\ndata'),
      'times that are none': row => admin.set(row, '1 a b c\n{}\ndata'),
      'fields of another type': row => admin.set(row, '1 1 2 9e15\n{"version":1}\ndata'),
      'bookkeeping that is no object': row => admin.set(row, '1 1 2 9e15\nnull\ndata'),
      'a tombstone without a reason': row => admin.set(row, '1 1 2 9e15 3\n{}'),
    };

    for (const [name, damage] of Object.entries(damaged)) {
      test(`${name}: nothing, told without the key, and left alone by every verb`, async () => {
        const store = newStore();
        const session = newSession({ owner: 'alice' });
        await store.insert('secret-key', session);
        const [row = ''] = await store.rows();
        await damage(row);
        const before = await admin.dump(row);
        const told: Error[] = [];
        const call = { onMalformed: (error: Error) => void told.push(error), version: session.version };
        assert.equal(await store.find('secret-key', call), undefined);
        assert.equal(told.length, 1);
        assert.doesNotMatch(inspect(told[0], { depth: 9 }), /secret-key/);
        assert.equal(await store.update('secret-key', session, call), false);
        assert.equal(await store.touch('secret-key', 1, 2, call), false);
        assert.equal(await store.end('secret-key', 'logout'), false);
        assert.deepEqual(await store.insert('secret-key', session), { placed: false, because: 'taken' });
        assert.deepEqual(await store.endOwned('alice', 'logout'), []);
        assert.equal(await admin.dump(row), before);
      });
    }
  });

  describe('what was lost beside a row', () => {
    test("a touch brings back the handle's key and the entry in the index", async () => {
      const store = newStore();
      const session = newSession({ owner: 'alice', authenticatedAt: Date.now() });
      await store.insert('key', session);
      await admin.del(...(await admin.keys(`${store.prefix}[ho]1:*`)));
      assert.equal(await store.count('alice'), 0);
      assert.equal(await store.touch('key', session.lastSeenAt, session.expiresAt), true);
      assert.equal(await store.count('alice'), 1);
      assert.equal(await store.endByHandle(session.handle, 'revoked', { owner: 'alice' }), true);
    });
  });

  describe('a server that is full', () => {
    test('and evicts, keeps sessions that are read, and no longer finds them by owner until they are touched', async t => {
      const full = await startRedis('--maxmemory-policy', 'volatile-lru', '--maxmemory-samples', '64');
      t.after(() => full.stop());
      const client = new Redis(full.port);
      t.after(() => client.disconnect());
      const store = redisStore(client);
      const session = newSession({ owner: 'alice', data: 'x'.repeat(10_000) });
      const keys = Array.from({ length: 50 }, (_, i) => `key ${i}`);
      for (const key of keys) await store.insert(key, { ...session, handle: `handle of ${key}` });
      // Redis counts idle time in seconds.
      await delay(2100);
      for (const key of keys) await store.find(key);
      const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
      await client.config('SET', 'maxmemory', String(used - 3000));
      await client.config('SET', 'maxmemory', '0');
      const rows = await client.keys('*s:*');
      const seen = await store.endOwned('alice', 'revoked');
      assert.ok(seen.length < rows.length, `${seen.length} of ${rows.length} sessions were ended`);
      for (const key of keys) await store.touch(key, session.lastSeenAt, session.expiresAt);
      assert.equal((await store.endOwned('alice', 'revoked')).length, rows.length - seen.length);
    });

    test('refuses a write as an error, and still lets a session end', async t => {
      const full = await startRedis('--maxmemory-policy', 'noeviction');
      t.after(() => full.stop());
      const client = new Redis(full.port);
      t.after(() => client.disconnect());
      const store = redisStore(client);
      const session = newSession({ owner: 'alice' });
      await store.insert('key', session);
      await client.config('SET', 'maxmemory', '1');
      await assert.rejects(store.insert('new', newSession()), /OOM/);
      await assert.rejects(store.update('key', successorOf(session), session), /OOM/);
      assert.deepEqual(await store.find('key'), session);
      // Nothing can be deleted before the tombstone is written.
      await client.del(...(await client.keys('*h1:*')));
      assert.equal(await store.end('key', 'logout'), true);
      assert.equal((await store.find('key'))?.ended?.reason, 'logout');
    });
  });

  describe('two clients of one session', () => {
    test('lose no increment', async () => {
      const prefix = `race-${randomUUID()}:`;
      const racing = [ioredis, nodeRedis].map(client => redisStore(client, { prefix }));
      await racing[0]?.insert('key', newSession({ data: '0' }));
      const workers = racing.flatMap(store => Array.from({ length: 8 }, () => store));
      await Promise.all(
        workers.map(async store => {
          for (let done = 0; done < 20; ) {
            const found = await store.find('key');
            assert.ok(found && !found.ended);
            const next = successorOf(found, { data: String(Number(found.data) + 1) });
            if (await store.update('key', next, { version: found.version })) done++;
          }
        }),
      );
      const found = await racing[0]?.find('key');
      assert.equal(found?.ended ?? found?.data, '320');
    });

    test('a logout is final, whatever else is under way', async () => {
      const one = redisStore(ioredis, { prefix: 'logout:' });
      const two = redisStore(nodeRedis, { prefix: 'logout:' });
      for (let round = 0; round < 50; round++) {
        const [key, session] = [randomUUID(), newSession()];
        await one.insert(key, session);
        const call = { version: session.version };
        const [ended] = await Promise.all([
          one.end(key, 'logout'),
          two.update(key, successorOf(session), call),
          two.touch(key, Date.now(), Date.now() + HOUR),
          two.insert(key, newSession()),
        ]);
        assert.equal(ended, true);
        assert.equal((await two.find(key))?.ended?.reason, 'logout');
      }
    });
  });

  test('a prefix may hold what is special in a pattern', async () => {
    const store = redisStore(ioredis, { prefix: 'a[b]*c?\\:' });
    await store.insert('key', newSession());
    await redisStore(ioredis, { prefix: 'abxc_:' }).insert('key', newSession());
    assert.equal(await store.count(), 1);
  });

  test('a command of a caller who no longer waits is not sent', async () => {
    const signal = AbortSignal.abort();
    for (const client of [ioredis, nodeRedis]) {
      const store = newStore(client);
      await assert.rejects(store.insert('key', newSession(), { signal }));
      assert.equal(await store.find('key'), undefined);
    }
  });
});

/** What the docs say to tell Redis. */
function granted(file: string): string[] {
  const [, command = ''] = /ACL (SETUSER .*)/.exec(readFileSync(file, 'utf8')) ?? [];
  return command.split(' ');
}

function close(client: object): void {
  if ('destroy' in client && typeof client.destroy === 'function') client.destroy();
  else if ('disconnect' in client && typeof client.disconnect === 'function') client.disconnect();
}
