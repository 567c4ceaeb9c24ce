import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { Cluster as ValkeyCluster } from 'iovalkey';
import { createCluster, RESP_TYPES } from 'redis';
import { type RedisClient, redisStore } from 'sojourn/redis';
import { storeSuite } from 'sojourn/testing';
import { warningsOf } from '../harness/app.js';
import { missing, startCluster } from './redis-servers.js';
import { HOUR, newSession, type StoredSession, successorOf } from './sessions.js';

describe('redisStore in a cluster', { skip: missing }, async () => {
  const { ports, stop } = await startCluster();
  const nodes = ports.map(port => ({ host: '127.0.0.1', port }));
  const admins = ports.map(port => new Redis(port));

  const ioredis = new Cluster(nodes);
  const iovalkey = new ValkeyCluster(nodes);
  const rootNodes = ports.map(port => ({ url: `redis://127.0.0.1:${port}` }));
  const nodeRedis = createCluster({ rootNodes });
  await nodeRedis.connect();
  const clients: Record<string, RedisClient> = { ioredis, iovalkey, 'node-redis': nodeRedis };

  after(async () => {
    for (const client of [ioredis, iovalkey, ...admins]) client.disconnect();
    nodeRedis.destroy();
    await stop();
  });

  let stores = 0;
  /** A store on keys of its own; `names` finds them on all servers. */
  function newStore(client: RedisClient = ioredis) {
    const prefix = `test-${stores++}:`;
    const names = async (pattern: string) =>
      (await Promise.all(admins.map(node => node.keys(prefix + pattern)))).flat();
    return Object.assign(redisStore(client, { prefix }), { prefix, names });
  }

  for (const [name, client] of Object.entries(clients)) {
    const create = () => newStore(client);
    const corrupt = async (store: ReturnType<typeof newStore>) => {
      for (const row of await store.names('s:*')) await ioredis.set(row, '1 nonsense');
    };
    describe(`${name}: keys and handles with a tag`, () => {
      storeSuite({ test, create, corrupt, newKey, newHandle });
    });
    describe(`${name}: keys and handles of an app's own form, all in several slots`, () => {
      storeSuite({ test: exceptAcrossSlots, create, corrupt });
    });
  }

  test('a client of node-redis may have replies as Buffers', async t => {
    const commandOptions = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };
    const client = createCluster({ rootNodes, commandOptions });
    await client.connect();
    t.after(() => client.destroy());
    const store = newStore(client);
    const session = newOwned('alice');
    await store.insert('key', session);
    assert.deepEqual(await store.find('key'), session);
    assert.deepEqual((await store.list('alice', { limit: 1 })).sessions, [session]);
    assert.equal(await store.count(), 1);
  });

  describe("an owner's sessions", () => {
    test('lie in one slot with their index, and every verb of theirs is one script', async () => {
      const store = newStore();
      const owned = () => newOwned('alice');
      const [one, two, three] = [owned(), owned(), owned()];
      for (const session of [one, two, three]) await store.insert(newKey('alice'), session);
      const slots = new Set(
        await Promise.all((await store.names('*')).map(name => ioredis.cluster('KEYSLOT', name))),
      );
      assert.equal(slots.size, 1);
      const before = await scriptsRun();
      assert.equal((await store.list('alice', { limit: 5 })).sessions.length, 3);
      assert.equal(await store.count('alice'), 3);
      assert.equal(await store.endByHandle(one.handle, 'revoked', { owner: 'alice' }), true);
      assert.deepEqual(await store.endOwned('alice', 'revoked', { except: [two.handle] }), [three.handle]);
      assert.equal((await scriptsRun()) - before, 4);
    });

    test('of a limit that is exceeded many times at once, exactly the limit stay', async () => {
      const store = newStore();
      const limit = { limit: 2, policy: 'end-oldest' } as const;
      const inserts = Array.from({ length: 20 }, () =>
        store.insert(newKey('bob'), newOwned('bob'), { limit }),
      );
      const placements = await Promise.all(inserts);
      assert.equal(placements.flatMap(each => (each.placed ? each.displaced : [])).length, 18);
      assert.equal(await store.count('bob'), 2);
    });
  });

  test('every command goes straight to the server that has its key', async () => {
    for (const client of Object.values(clients)) {
      const store = newStore(client);
      const before = await repliesOf('MOVED');
      for (let i = 0; i < 20; i++) {
        const owner = `user ${i}`;
        const key = newKey(owner);
        const session = newOwned(owner);
        await store.insert(key, session);
        assert.deepEqual(await store.find(key), session);
        assert.equal(await store.count(owner), 1);
      }
      assert.equal((await repliesOf('MOVED')) - before, 0);
    }
  });

  test("an owner's index that nobody reads holds few entries that outlived their sessions", async () => {
    const ofOwnForm = () => randomUUID();
    const makers = { together: [newKey, newHandle], 'in several slots': [ofOwnForm, ofOwnForm] } as const;
    for (const [name, [makeKey, makeHandle]] of Object.entries(makers)) {
      const store = newStore();
      for (let i = 0; i < 150; i++) {
        if (i % 30 === 0) {
          for (const key of await store.names('[sh]*')) await ioredis.del(key);
        }
        await store.insert(makeKey('alice'), newOwned('alice', { handle: makeHandle('alice') }));
      }
      const [index = ''] = await store.names('o1:*');
      assert.ok((await ioredis.zcard(index)) < 90, `${name}: ${await ioredis.zcard(index)} entries`);
      assert.equal(await store.count('alice'), 30);
    }
  });

  describe('a move to another slot, as at sign-in', () => {
    const limits = [undefined, { limit: 1, policy: 'end-oldest' }, { limit: 2, policy: 'refuse' }] as const;

    for (const limit of limits) {
      test(`leaves the old key dead and the new one live (limit: ${limit?.policy ?? 'none'})`, async () => {
        const store = newStore();
        const older = newOwned('alice', { authenticatedAt: 1 });
        await store.insert(newKey('alice'), older);
        const { from, to, session, signedIn } = await anonymous(store);
        const placement = await store.move(from, to, signedIn, { version: session.version, limit });
        const displaced = limit?.policy === 'end-oldest' ? [older.handle] : [];
        assert.deepEqual(placement, { placed: true, displaced });
        assert.deepEqual(await store.find(to), signedIn);
        assert.equal((await store.find(from))?.ended?.reason, 'rotated');
        assert.equal(await store.count('alice'), 2 - displaced.length);
      });
    }

    test('that is refused for a limit leaves everything as it was', async () => {
      const store = newStore();
      await store.insert(newKey('alice'), newOwned('alice'));
      const { from, to, session, signedIn } = await anonymous(store);
      const limit = { limit: 1, policy: 'refuse' } as const;
      const placement = await store.move(from, to, signedIn, { version: session.version, limit });
      assert.deepEqual(placement, { placed: false, because: 'limit' });
      assert.deepEqual(await store.find(from), session);
      assert.equal(await store.find(to), undefined);
      assert.equal(await store.count('alice'), 1);
    });

    test('by many at once, each with its handle in another slot, leaves exactly the limit', async () => {
      // What an owner's session is found by from another slot comes late, as it may.
      const slow = Object.create(ioredis, {
        call: {
          value: async (name: string, ...args: string[]) => {
            if (name === 'evalsha' && args[2]?.includes(':h1:')) await delay(Math.random() * 20);
            return ioredis.call(name, ...args);
          },
        },
      });
      const limit = { limit: 1, policy: 'end-oldest' } as const;
      for (let round = 0; round < 10; round++) {
        const store = newStore(slow);
        const visitors = await Promise.all(Array.from({ length: 20 }, () => anonymous(store)));
        await Promise.all(
          visitors.map(({ from, session }) => {
            const signedIn = successorOf(session, { owner: 'alice', authenticatedAt: Date.now() });
            return store.move(from, newKey('alice'), signedIn, { version: session.version, limit });
          }),
        );
        assert.equal(await store.count('alice'), 1);
      }
    });

    test('that comes too late leaves nothing, and ends nobody', async () => {
      const store = newStore();
      const { from, session, signedIn } = await anonymous(store);
      const limit = { limit: 1, policy: 'end-oldest' } as const;
      const call = { version: session.version, limit };
      const logins = Array.from({ length: 8 }, () => ({
        to: newKey('alice'),
        next: successorOf(signedIn, { handle: newHandle('alice') }),
      }));
      const placements = await Promise.all(logins.map(({ to, next }) => store.move(from, to, next, call)));
      assert.equal(placements.filter(each => each.placed).length, 1);
      for (const [i, { to, next }] of logins.entries()) {
        const found = await store.find(to);
        if (placements[i]?.placed) assert.deepEqual(found, next);
        else assert.ok(!found || found.ended);
      }
      assert.equal(await store.count('alice'), 1);
    });

    test('whose reply was lost is done to its end when it is tried again', async () => {
      const store = newStore();
      const { from, to, session, signedIn } = await anonymous(store);
      // As a crash between the two steps leaves it.
      await store.insert(to, signedIn);
      const call = { version: session.version };
      assert.deepEqual(await store.move(from, to, signedIn, call), { placed: true, displaced: [] });
      assert.equal((await store.find(from))?.ended?.reason, 'rotated');
      assert.deepEqual(await store.move(from, to, signedIn, call), { placed: false, because: 'stale' });
      assert.deepEqual(await store.find(to), signedIn);
    });

    test('whose reply was lost before the oldest gave way ends it when it is tried again', async () => {
      const store = newStore();
      const older = newOwned('alice', { authenticatedAt: 1 });
      const olderKey = newKey('alice');
      await store.insert(olderKey, older);
      const { from, to, session, signedIn } = await anonymous(store);
      await store.insert(to, signedIn);
      await store.end(from, 'rotated');
      const limit = { limit: 1, policy: 'end-oldest' } as const;
      await store.move(from, to, signedIn, { version: session.version, limit });
      assert.equal((await store.find(olderKey))?.ended?.reason, 'displaced');
      assert.deepEqual((await store.list('alice', { limit: 5 })).sessions, [signedIn]);
    });

    test('that was cut short, and then comes too late, leaves only the old key', async () => {
      const store = newStore();
      const { from, to, session, signedIn } = await anonymous(store);
      await store.insert(to, signedIn);
      const call = { version: session.version };
      await store.update(from, successorOf(session), call);
      assert.deepEqual(await store.move(from, to, signedIn, call), { placed: false, because: 'stale' });
      assert.equal(await store.find(to), undefined);
      assert.equal((await store.find(from))?.ended, undefined);
    });

    test('that comes too late leaves a session of the same handle its handle', async () => {
      const store = newStore();
      const { from, session } = await anonymous(store);
      const next = successorOf(session);
      assert.equal((await store.move(from, randomUUID(), next, { version: 'another' })).placed, false);
      assert.equal(await store.endByHandle(session.handle, 'revoked'), true);
    });

    test('that comes after another one leaves that one its handle', async () => {
      const store = newStore();
      const session = newOwned('alice', { handle: randomUUID() });
      const [key, won, lost] = [randomUUID(), randomUUID(), randomUUID()];
      await store.insert(key, session);
      const call = { version: session.version };
      const next = successorOf(session);
      assert.deepEqual(await store.move(key, won, next, call), { placed: true, displaced: [] });
      const stale = { placed: false, because: 'stale' };
      assert.deepEqual(await store.move(key, lost, successorOf(session), call), stale);
      assert.deepEqual((await store.list('alice', { limit: 5 })).sessions, [next]);
      assert.deepEqual(await store.endOwned('alice', 'revoked'), [session.handle]);
      assert.equal((await store.find(won))?.ended?.reason, 'revoked');
    });

    test('by many at once leaves the one that was done its handle', async () => {
      for (let round = 0; round < 50; round++) {
        const store = newStore();
        const session = newOwned('alice', { handle: randomUUID() });
        const key = randomUUID();
        await store.insert(key, session);
        const call = { version: session.version };
        const rivals = Array.from({ length: 4 }, () => ({ to: randomUUID(), next: successorOf(session) }));
        const placements = await Promise.all(rivals.map(({ to, next }) => store.move(key, to, next, call)));
        const done = rivals.filter((_, i) => placements[i]?.placed);
        assert.equal(done.length, 1);
        assert.deepEqual((await store.list('alice', { limit: 5 })).sessions, [done[0]?.next]);
      }
    });

    async function anonymous(store: ReturnType<typeof newStore>) {
      const [from, to] = [newKey(null, 'xyz'), newKey('alice')];
      const session = newSession({ handle: newHandle(null, 'xyz') });
      await store.insert(from, session);
      const signedIn = successorOf(session, {
        owner: 'alice',
        handle: newHandle('alice'),
        authenticatedAt: Date.now(),
      });
      return { from, to, session, signedIn };
    }
  });

  test('a touch that is slow leaves a session that has moved meanwhile its handle', async () => {
    let goOn = () => {};
    const gate = new Promise<void>(resolve => {
      goOn = resolve;
    });
    const slow = Object.create(ioredis, {
      call: {
        value: async (name: string, ...args: string[]) => {
          if (name === 'evalsha' && args[2]?.includes(':h1:')) await gate;
          return ioredis.call(name, ...args);
        },
      },
    });
    const store = newStore();
    const session = newOwned('alice', { handle: randomUUID() });
    const [key, to, next] = [randomUUID(), randomUUID(), successorOf(session)];
    await store.insert(key, session);
    const touching = redisStore(slow, { prefix: store.prefix }).touch(key, Date.now(), session.expiresAt);
    await delay(100);
    await store.move(key, to, next, { version: session.version });
    goOn();
    assert.equal(await touching, true);
    assert.deepEqual((await store.list('alice', { limit: 5 })).sessions, [next]);
  });

  test('a session that is adopted under its old key is listed across slots, and found there', async () => {
    const store = newStore();
    const session = newSession({ handle: newHandle(null, 'xyz') });
    const key = newKey(null, 'xyz');
    await store.insert(key, session);
    const adopted = successorOf(session, { owner: 'alice' });
    assert.equal(await store.update(key, adopted, { version: session.version }), true);
    assert.deepEqual((await store.list('alice', { limit: 5 })).sessions, [adopted]);
    assert.equal(await store.touch(key, adopted.lastSeenAt, adopted.expiresAt + HOUR), true);
    for (const name of await store.names('*')) assert.ok((await ioredis.pttl(name)) > HOUR, name);
    assert.deepEqual(await store.endOwned('alice', 'revoked'), [adopted.handle]);
    assert.equal((await store.find(key))?.ended?.reason, 'revoked');
    assert.equal(await store.count('alice'), 0);
  });

  test('of a client that has yet to connect nobody learns that there are no sessions', async t => {
    const store = newStore();
    const session = newOwned('alice');
    await store.insert(newKey('alice'), session);
    for (const lazyConnect of [false, true]) {
      const client = new Cluster(nodes, { lazyConnect });
      t.after(() => client.disconnect());
      const early = redisStore(client, { prefix: store.prefix });
      assert.equal(await early.count(), 1);
    }
    const unready = redisStore(createCluster({ rootNodes }), { prefix: store.prefix });
    await assert.rejects(unready.count());
    await assert.rejects(unready.all().next());
  });

  test('many look-ups at once on one signal do not look like a leak', async t => {
    const warnings = warningsOf(t);
    const store = newStore(nodeRedis);
    const sessions = Array.from({ length: 30 }, () => newOwned('alice', { handle: randomUUID() }));
    for (const session of sessions) await store.insert(randomUUID(), session);
    const call = () => ({ signal: new AbortController().signal });
    const handles = sessions.map(({ handle }) => handle);
    assert.equal((await store.peek(handles, call())).length, 30);
    assert.equal((await store.list('alice', { limit: 30 }, call())).sessions.length, 30);
    assert.equal(await store.count('alice', call()), 30);
    assert.equal(await store.count(undefined, call()), 30);
    for await (const { owner } of store.all(call())) assert.equal(owner, 'alice');
    assert.equal((await store.endOwned('alice', 'revoked', call())).length, 30);
    await delay(10);
    assert.deepEqual(warnings, []);
  });

  test('of an adoption that is cut short, no owner is left whose list lacks the session', async () => {
    const lists = [];
    for (const tag of ['aaa', 'bbb', 'ccc', 'ddd', 'eee', 'fff']) {
      for (let last = 1; last <= 5; last++) {
        const store = newStore();
        const session = newSession({ handle: newHandle(null, tag) });
        const key = newKey(null, tag);
        await store.insert(key, session);
        const cut = redisStore(answering(last), { prefix: store.prefix });
        const adopted = successorOf(session, { owner: 'alice' });
        await cut.update(key, adopted, { version: session.version }).catch(() => {});
        if ((await store.find(key))?.owner !== 'alice') continue;
        lists.push((await store.list('alice', { limit: 5 })).sessions.map(({ handle }) => handle));
        assert.deepEqual(lists.at(-1), [session.handle], `${tag}, after ${last} commands`);
      }
    }
    assert.ok(lists.length >= 12, `only ${lists.length} had got that far`);
  });

  /** A client that fails once it has had so many answers. */
  function answering(count: number): RedisClient {
    let answers = 0;
    const call = async (...command: string[]) => {
      if (answers === count) throw new Error('the process is gone');
      const answer = await ioredis.call(...(command as [string]));
      answers++;
      return answer;
    };
    return new Proxy(ioredis, {
      get: (client, name) => (name === 'call' ? call : Reflect.get(client, name)),
    });
  }

  describe('while a slot moves to another server', () => {
    for (const [name, client] of Object.entries(clients)) {
      test(`every verb is done rightly, or waits for the move (${name})`, async () => {
        const store = newStore(client);
        const sessions = Array.from({ length: 4 }, () => ({
          key: newKey('carol'),
          session: newOwned('carol'),
        }));
        for (const { key, session } of sessions) await store.insert(key, session);
        const [updated, touched, ended, revoked] = sessions;
        assert.ok(updated && touched && ended && revoked);
        // The rows go first: their handles and the index stay behind.
        const resharding = await reshard(
          Number(await ioredis.cluster('KEYSLOT', updated.key.slice(0, 3))),
          's:',
        );
        assert.deepEqual(await store.find(updated.key), updated.session);
        const next = successorOf(updated.session, { expiresAt: updated.session.expiresAt + HOUR });
        const work = Promise.all([
          store.update(updated.key, next, { version: updated.session.version }),
          store.touch(touched.key, touched.session.lastSeenAt, next.expiresAt),
          store.end(ended.key, 'logout'),
          store.endByHandle(revoked.session.handle, 'revoked'),
          store.insert(newKey('carol'), newOwned('carol')),
        ]);
        await delay(200);
        await resharding.finish();
        assert.deepEqual(await work, [true, true, true, true, { placed: true, displaced: [] }]);
        assert.deepEqual(await store.find(updated.key), next);
        assert.equal(await store.count('carol'), 3);
        assert.equal((await store.endOwned('carol', 'revoked')).length, 3);
      });
    }
  });

  async function scriptsRun(): Promise<number> {
    const stats = await Promise.all(admins.map(node => node.info('commandstats')));
    return stats.reduce((sum, text) => sum + Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
  }

  /** How often the servers have answered with this error. */
  async function repliesOf(code: string): Promise<number> {
    const stats = await Promise.all(admins.map(node => node.info('errorstats')));
    const counts = stats.map(text => new RegExp(`errorstat_${code}:count=(\\d+)`).exec(text)?.[1] ?? 0);
    return counts.reduce((sum: number, count) => sum + Number(count), 0);
  }

  /** Starts to move a slot to the next server: at first only those keys whose name has this part. */
  async function reshard(slot: number, part: string): Promise<{ finish(): Promise<void> }> {
    const ids = await Promise.all(admins.map(node => node.cluster('MYID')));
    const counts = await Promise.all(admins.map(node => ownsSlot(node, slot)));
    const from = counts.indexOf(true);
    const to = (from + 1) % 3;
    const [source, target] = [admins[from] as Redis, admins[to] as Redis];
    await target.cluster('SETSLOT', slot, 'IMPORTING', String(ids[from]));
    await source.cluster('SETSLOT', slot, 'MIGRATING', String(ids[to]));
    const migrate = async (fits: (name: string) => boolean) => {
      const names = (await source.cluster('GETKEYSINSLOT', slot, 1000)) as string[];
      for (const name of names.filter(fits)) {
        await source.migrate('127.0.0.1', Number(ports[to]), name, 0, 5000);
      }
    };
    await migrate(name => name.includes(part));
    return {
      finish: async () => {
        await migrate(() => true);
        for (const node of [target, source, ...admins]) {
          await node.cluster('SETSLOT', slot, 'NODE', String(ids[to]));
        }
      },
    };
  }

  async function ownsSlot(node: Redis, slot: number): Promise<boolean> {
    const own = /myself.* connected (.*)/.exec(String(await node.cluster('NODES')))?.[1] ?? '';
    return own.split(' ').some(range => {
      const [start = NaN, end = start] = range.split('-').map(Number);
      return start <= slot && slot <= end;
    });
  }
});

/** The tag of an owner's keys, as the core makes it too; nobody's have a tag at random, or this one. */
function tagOf(owner: string | null, nobodys = 'any'): string {
  return owner === null ? nobodys : createHash('sha256').update(owner).digest('base64url').slice(0, 3);
}

function newKey(owner: string | null, nobodys?: string): string {
  return `${tagOf(owner, nobodys)}.${randomBytes(32).toString('base64url')}`;
}

function newHandle(owner: string | null, nobodys?: string): string {
  return tagOf(owner, nobodys) + randomBytes(16).toString('base64url');
}

function newOwned(owner: string, fields: Partial<StoredSession> = {}): StoredSession {
  return newSession({ owner, handle: newHandle(owner), authenticatedAt: Date.now(), ...fields });
}

/** The one promise that no script can keep between two servers. */
function exceptAcrossSlots(name: string, run: (...context: unknown[]) => Promise<void>): void {
  const skip = name.includes('at no moment') && 'a move between slots takes two steps';
  test(name, { skip }, run as () => Promise<void>);
}
