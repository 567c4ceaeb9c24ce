import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { type MongoCollection, mongoIndexes, mongoStore } from 'sojourn/mongodb';
import { storeSuite } from 'sojourn/testing';
import { FakeCollection } from './fake-collection.js';
import { HOUR, newSession, type StoredSession, successorOf } from './sessions.js';

const { MONGODB_URL } = process.env;
const skip = MONGODB_URL === undefined && 'MONGODB_URL is not set: no MongoDB to test with';

describe('mongoStore on a server', { skip }, async () => {
  const client = await new MongoClient(MONGODB_URL ?? '').connect();
  const database = client.db(`sojourn_test_${randomUUID().slice(0, 8)}`);
  after(async () => {
    await database.dropDatabase();
    await client.close();
  });

  let collections = 0;
  const newCollection = () => database.collection<{ _id: string }>(`sessions_${collections++}`);
  let collection = newCollection();

  storeSuite({
    test,
    create: () => {
      collection = newCollection();
      return mongoStore(collection, { createIndexes: true });
    },
    corrupt: (_store, key) => collection.updateOne({ _id: key }, { $set: { format: 2 } }),
  });

  test('the indexes are made, and expired documents are removed by one', async () => {
    const created = newCollection();
    await mongoStore(created, { createIndexes: true }).insert('key', newSession());
    const names = (await created.indexes()).map(({ name }) => name);
    for (const { name } of mongoIndexes()) assert.ok(names.includes(name));
  });
});

describe('mongoStore on a stand-in, without a server', () => {
  let collection = new FakeCollection();

  function newStore() {
    collection = new FakeCollection();
    return mongoStore(collection);
  }

  storeSuite({
    test,
    create: newStore,
    corrupt: (_store, key) => collection.updateOne({ _id: key }, { $set: { format: 2 } }),
  });

  test('without MongoDB the indexes are made only on request, once, and again if that failed', async () => {
    const created = new FakeCollection();
    await mongoStore(created).find('key');
    assert.deepEqual(created.indexes, []);
    const store = mongoStore(created, { createIndexes: true });
    const createIndexes = created.createIndexes.bind(created);
    created.createIndexes = () => Promise.reject(new Error('no primary'));
    await assert.rejects(store.find('key'), /no primary/);
    created.createIndexes = createIndexes;
    await Promise.all([store.find('key'), store.find('key')]);
    assert.deepEqual(created.indexes, mongoIndexes());
  });

  test('a document is removed after expiresAt, by whichever clock the app goes', async () => {
    for (const now of [Date.now(), 1000]) {
      const store = newStore();
      await store.insert('key', newSession({ expiresAt: now + HOUR }), { now });
      expectRemovalIn(HOUR);
      await store.touch('key', now, now + 2 * HOUR, { now });
      expectRemovalIn(2 * HOUR);
      await store.touch('key', now, now + 1, { now });
      expectRemovalIn(2 * HOUR);
    }

    function expectRemovalIn(lifetime: number): void {
      const [document] = collection.documents.values();
      const left = Number(document?.deleteAt) - Date.now();
      assert.ok(left > lifetime && left <= lifetime + 60_000, `${left} ms`);
    }
  });

  test('data that BSON cannot hold are refused by every verb that writes them, and change nothing', async () => {
    const store = newStore();
    const session = newSession();
    await store.insert('key', session);
    const odd = successorOf(session, { data: 'a\ud800' });
    const call = { version: session.version };
    const refusal = { name: 'RangeError', message: /well-formed Unicode/ };
    await assert.rejects(store.insert('odd', odd), refusal);
    await assert.rejects(store.update('key', odd, call), refusal);
    await assert.rejects(store.move('key', 'odd', odd, call), refusal);
    assert.deepEqual(await store.find('key'), session);
    assert.equal(collection.documents.size, 1);
  });

  describe('a move that was cut short', () => {
    test('before its deciding write: the old key lives, and the move can be done again', async () => {
      const { store, session, next, call } = await cutShortAt('old key');
      assert.equal(await store.find('new key'), undefined);
      assert.deepEqual(await store.find('old key'), session);
      assert.deepEqual(await store.move('old key', 'new key', next, call), { placed: true, displaced: [] });
      assert.deepEqual(await store.find('new key'), next);
    });

    for (const [name, look] of Object.entries(looks())) {
      test(`after its deciding write: the new key lives, as ${name} shows`, async () => {
        const { store, next } = await cutShortAt('new key');
        assert.equal((await store.find('old key'))?.ended?.reason, 'rotated');
        await look(store, next);
        const again = await store.move('old key', 'new key', next, { version: 'any' });
        assert.deepEqual(again, { placed: false, because: 'stale' });
      });
    }

    function looks(): Record<
      string,
      (store: ReturnType<typeof newStore>, next: StoredSession) => Promise<unknown>
    > {
      return {
        find: async (store, next) => assert.deepEqual(await store.find('new key'), next),
        update: async (store, next) => assert.equal(await store.update('new key', next, next), true),
        end: async store => assert.equal(await store.end('new key', 'logout'), true),
        list: async (store, next) =>
          assert.deepEqual(await store.list('alice', { limit: 1 }), { sessions: [next] }),
        count: async store => assert.equal(await store.count('alice'), 1),
        endByHandle: async (store, next) =>
          assert.equal(await store.endByHandle(next.handle, 'revoked'), true),
        endOwned: async (store, next) =>
          assert.deepEqual(await store.endOwned('alice', 'revoked'), [next.handle]),
      };
    }

    test('an attempt that comes second takes nothing back from the first', async () => {
      const store = newStore();
      const session = newSession();
      await store.insert('old key', session);
      const [next, call] = [successorOf(session), { version: session.version }];
      const updateOne = collection.updateOne.bind(collection);
      let second: Promise<unknown> | undefined;
      collection.updateOne = async (filter, update) => {
        // The first is about to confirm what it moved.
        if ('pending.move' in filter && !second) {
          second = store.move('old key', 'new key', next, call);
          await second;
        }
        return updateOne(filter, update);
      };
      assert.equal((await store.move('old key', 'new key', next, call)).placed, true);
      assert.deepEqual(await second, { placed: false, because: 'stale' });
      assert.deepEqual(await store.find('new key'), next);
    });

    /** A move whose process died when it was about to change the document of this key. */
    async function cutShortAt(key: string) {
      const store = newStore();
      const session = newSession({ owner: 'alice' });
      await store.insert('old key', session);
      const [next, call] = [successorOf(session), { version: session.version }];
      const updateOne = collection.updateOne.bind(collection);
      collection.updateOne = async (filter, update) => {
        if (Reflect.get(filter, '_id') === key) throw new Error('the process died');
        return updateOne(filter, update);
      };
      await assert.rejects(store.move('old key', 'new key', next, call), /died/);
      collection.updateOne = updateOne;
      return { store, session, next, call };
    }
  });

  test('a limit holds though a process died as it placed a session', async () => {
    const store = newStore();
    const limit = { limit: 1, policy: 'refuse' } as const;
    const insertOne = collection.insertOne.bind(collection);
    collection.insertOne = async document => {
      if (Reflect.get(document, '_id') === 'key') throw new Error('the process died');
      return insertOne(document);
    };
    collection.updateOne = () => Promise.reject(new Error('the process died'));
    const now = Date.now();
    await assert.rejects(store.insert('key', newSession({ owner: 'alice' }), { limit, now }), /died/);
    Reflect.deleteProperty(collection, 'updateOne');
    const another = newSession({ owner: 'alice' });
    const refused = { placed: false, because: 'limit' };
    assert.deepEqual(await store.insert('another', another, { limit, now }), refused);
    const later = { limit, now: now + 60_000 };
    assert.deepEqual(await store.insert('another', another, later), { placed: true, displaced: [] });
  });

  describe('documents that cannot be read', () => {
    for (const damage of [
      { format: 2 },
      { handle: 1 },
      { version: null },
      { maxAge: 'soon' },
      { ended: {} },
    ]) {
      test(`${JSON.stringify(damage)}: nothing, told without the key`, async () => {
        const store = newStore();
        await store.insert('secret-key', newSession());
        await collection.updateOne({ _id: 'secret-key' }, { $set: damage });
        const told: Error[] = [];
        const onMalformed = (error: Error) => void told.push(error);
        assert.equal(await store.find('secret-key', { onMalformed }), undefined);
        assert.equal(told.length, 1);
        assert.doesNotMatch(String(told[0]), /secret-key/);
      });
    }
  });
});

test('what is no collection, or no option, is refused', () => {
  for (const collection of [undefined, {}, 'mongodb://localhost']) {
    assert.throws(() => mongoStore(collection as never), { code: 'ERR_SESSION_OPTIONS' });
  }
  assert.throws(() => mongoStore(new FakeCollection(), { createIndexes: 1 as never }), {
    code: 'ERR_SESSION_OPTIONS',
  });
});

// The official driver's collections fit, whatever they say that their documents are.
export const fitting = (client: MongoClient): MongoCollection[] => [
  client.db().collection('sessions'),
  client.db().collection<{ _id: string; views: number }>('sessions'),
];
