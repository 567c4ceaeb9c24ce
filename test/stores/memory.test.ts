import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mock, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { SessionOptionsError } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { storeSuite } from 'sojourn/testing';
import { HOUR, newSession } from './sessions.js';

storeSuite({ test, create: () => memoryStore() });

test('beyond max the session goes that was inserted first, and leaves no tombstone', async () => {
  const store = memoryStore({ max: 2 });
  for (const key of ['a', 'b', 'c']) await store.insert(key, newSession());
  assert.equal(await store.find('a'), undefined);
  assert.ok(await store.find('b'));
  assert.ok(await store.find('c'));
  assert.equal(await store.count(), 2);
});

const uses: [string, (store: ReturnType<typeof memoryStore>) => Promise<unknown>][] = [
  ['found', store => store.find('a')],
  ['touched', store => store.touch('a', Date.now(), Date.now())],
  ['updated', store => store.update('a', newSession(), { version: 'read' })],
  ['moved', store => store.move('a', 'moved', newSession(), { version: 'read' })],
];

for (const [used, use] of uses) {
  test(`beyond max a session that was ${used} goes after one that was not`, async () => {
    const store = memoryStore({ max: 2 });
    await store.insert('a', newSession({ version: 'read' }));
    await store.insert('b', newSession());
    await use(store);
    await store.insert('c', newSession());
    assert.equal(await store.find('b'), undefined);
    assert.equal(await store.count(), 2);
  });
}

test('a session that went is in no list, and its handle is free', async () => {
  const store = memoryStore({ max: 1 });
  const gone = newSession({ owner: 'user-1' });
  await store.insert('a', gone);
  await store.insert('b', newSession({ owner: 'user-1' }));
  assert.equal(await store.count('user-1'), 1);
  assert.equal(await store.endByHandle(gone.handle, 'revoked'), false);
});

test('beyond max the oldest tombstone goes, and takes no session with it', async () => {
  const store = memoryStore({ max: 2 });
  await store.insert('live', newSession());
  for (const key of ['a', 'b', 'c']) {
    await store.insert(key, newSession());
    await store.end(key, 'logout');
  }
  assert.equal(await store.find('a'), undefined);
  assert.equal((await store.find('b'))?.ended?.reason, 'logout');
  assert.equal((await store.find('c'))?.ended?.reason, 'logout');
  assert.equal((await store.find('live'))?.ended, undefined);
});

test('sign-ins are in order, whatever fractions of a millisecond the clock tells', async () => {
  const store = memoryStore();
  const times = [1.125, 2.5, 13.0625].map(ms => Date.now() + ms);
  for (const at of times) {
    await store.insert(`${at}`, newSession({ owner: 'user-1', createdAt: at, authenticatedAt: at }));
  }
  const { sessions } = await store.list('user-1', { limit: 10 });
  assert.deepEqual(
    sessions.map(session => session.authenticatedAt),
    times.reverse(),
  );
});

test('what has expired is removed by itself, some time after a use', async () => {
  const store = memoryStore({ pruneInterval: 5 });
  const session = newSession();
  await store.insert('a', session);
  assert.equal((await store.find('a', { now: session.expiresAt }))?.ended?.reason, 'expired');
  await setTimeout(50);
  assert.equal(await store.find('a', { now: session.expiresAt }), undefined);
});

test('what has expired is removed after each use, not after the first alone', async () => {
  const store = memoryStore({ pruneInterval: 5 });
  for (const key of ['a', 'b']) {
    const session = newSession();
    await store.insert(key, session);
    await store.find(key, { now: session.expiresAt });
    await setTimeout(50);
    assert.equal(await store.find(key, { now: session.expiresAt }), undefined, key);
  }
});

test("nothing is removed before the application's clock says so", async () => {
  const store = memoryStore({ pruneInterval: 5 });
  const session = newSession({ createdAt: 0, lastSeenAt: 0, expiresAt: HOUR });
  await store.insert('a', session, { now: 0 });
  await setTimeout(50);
  assert.deepEqual(await store.find('a', { now: HOUR - 1 }), session);
});

test('there is one timer however many sessions, and none for a store without', async () => {
  const timers = mock.method(globalThis, 'setTimeout');
  try {
    const store = memoryStore();
    await store.find('a');
    assert.equal(timers.mock.callCount(), 0);
    for (let i = 0; i < 100; i++) await store.insert(`${i}`, newSession());
    assert.equal(timers.mock.callCount(), 1);
  } finally {
    timers.mock.restore();
  }
});

test('a closed store sets no timer, used before or not', async () => {
  const timers = mock.method(globalThis, 'setTimeout');
  try {
    const [used, unused] = [memoryStore(), memoryStore()];
    await used.insert('a', newSession());
    await Promise.all([used.close(), unused.close()]);
    await used.insert('b', newSession());
    await unused.insert('b', newSession());
    assert.equal(timers.mock.callCount(), 1);
  } finally {
    timers.mock.restore();
  }
});

test('sessions in memory do not keep a process alive', () => {
  const session = JSON.stringify(newSession());
  const program = `
    import { memoryStore } from 'sojourn/memory';
    await memoryStore().insert('a', ${session});
  `;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 });
  assert.equal(status, 0);
});

test('a closed store still answers', async () => {
  const store = memoryStore();
  await store.insert('a', newSession());
  await store.close();
  assert.ok(await store.find('a'));
});

test('the codec is there for who encodes the data', () => {
  const codec = { encode: () => '', decode: () => ({}) };
  assert.equal(memoryStore({ codec }).codec, codec);
  assert.equal(memoryStore().codec, undefined);
});

for (const option of ['max', 'pruneInterval']) {
  for (const value of [0, -1, 1.5, Number.NaN, 2 ** 31, '10']) {
    test(`${option}: ${value} (${typeof value}) is refused by name`, () => {
      assert.throws(
        () => memoryStore({ [option]: value }),
        (error: Error) => error instanceof SessionOptionsError && error.message.includes(option),
      );
    });
  }
}
