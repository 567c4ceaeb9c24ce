import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { asKoaStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { bareApp, type Routes } from '../harness/app.js';
import { DAY, SECOND, stoppedClock } from '../harness/clock.js';
import { signedPair } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';
import { MINUTE, site, type Times } from './kinds.js';

const IDLE = { idleTimeout: 10 * MINUTE } as const;
const recordIn = (store: RecordStore) => store.record(store.keys[0] ?? '');

test('a use is recorded by a `set` of the record, at most every `touchAfter`', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const browser = await visit(t, { store, ...IDLE }, site);
  await browser.get('login');
  const savedAt = clock.now();
  const record = { user: 'ann', _expire: savedAt + DAY, _maxAge: DAY };
  assert.deepEqual(recordIn(store), record, 'a save tells its own time');
  store.forgetCalls();
  for (let turn = 0; turn < 12; turn++) {
    clock.advance(MINUTE / 4);
    assert.deepEqual((await browser.get()).cookies, []);
  }
  const sets = store.callsOf('set');
  assert.equal(sets.length, 3);
  assert.deepEqual(recordIn(store), { ...record, _seen: clock.now() });
  const left = savedAt + DAY - clock.now();
  const { maxAge, options } = sets.at(-1) ?? {};
  assert.deepEqual(
    [maxAge, options?.changed],
    [left + 10 * SECOND, true],
    'its own lifetime is not prolonged',
  );
});

test('a sign-in begins a new absolute deadline', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const owner = (data: { user?: string }) => data.user;
  const browser = await visit(
    t,
    { store, absoluteTimeout: 10 * MINUTE, owner: owner as never },
    {
      ...site,
      look: ctx => {
        ctx.session.seen = true;
      },
    },
  );
  await browser.get('look');
  clock.advance(9 * MINUTE);
  await browser.get('login');
  clock.advance(9 * MINUTE);
  assert.match((await browser.get()).body, /ann/);
});

test('a burst of requests costs one `set`', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const browser = await visit(t, { store, ...IDLE }, site);
  await browser.get('login');
  clock.advance(MINUTE);
  store.forgetCalls();
  // Slower than the requests come: each of them has loaded the session before any could record its use.
  const get = store.get.bind(store);
  t.mock.method(store, 'get', async (...args: Parameters<typeof get>) => {
    const record = await get(...args);
    await setTimeout(20);
    return record;
  });
  await Promise.all(Array.from({ length: 20 }, () => browser.get()));
  assert.equal(store.callsOf('set').length, 1);
});

test('a record that does not tell when it began starts now, and is stamped at once', async t => {
  const clock = stoppedClock(t);
  for (const [options, stamp] of [
    [{ absoluteTimeout: 10 * MINUTE }, '_created'],
    [IDLE, '_seen'],
  ] as const) {
    const store = new RecordStore();
    store.put('k', { user: 'ann', _session: true, _own: 'of another hand' });
    const browser = await visit(t, { store, ...options }, site);
    const cookie = signedPair('k');
    const startedAt = clock.now();
    assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
    assert.deepEqual(store.record('k'), {
      user: 'ann',
      _session: true,
      _own: 'of another hand',
      [stamp]: startedAt,
    });
    store.forgetCalls();
    await browser.get('', { cookie });
    assert.deepEqual(store.verbs, ['get'], 'once is enough');
    clock.advance(10 * MINUTE);
    assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
  }
});

test('a session that is over is destroyed: no longer deadline brings it back', async t => {
  const clock = stoppedClock(t);
  for (const options of [IDLE, { absoluteTimeout: 10 * MINUTE }]) {
    const store = new RecordStore();
    const browser = await visit(t, { store, ...options }, site);
    await browser.get('login');
    clock.advance(10 * MINUTE);
    assert.equal((await browser.get()).body, '{"user":null}');
    assert.deepEqual(store.keys, []);
  }
});

test('a use that cannot be recorded fails the request, or with `onStoreFailure` nothing; the next one records it', async t => {
  const clock = stoppedClock(t);
  for (const onStoreFailure of ['throw', 'anonymous'] as const) {
    const store = new RecordStore();
    const browser = await visit(t, { store, ...IDLE, onStoreFailure }, site);
    await browser.get('login');
    clock.advance(MINUTE);
    const set = t.mock.method(store, 'set', () => Promise.reject(new Error('the disk is full')));
    assert.equal((await browser.get()).status, onStoreFailure === 'throw' ? 503 : 200);
    set.mock.restore();
    assert.equal((await browser.get()).status, 200);
    assert.equal(recordIn(store)?._seen, clock.now());
  }
});

/** The path `slow` reads its session, has another request answered, and then is done. */
function during(other: () => Promise<unknown>): Routes {
  return {
    ...site,
    slow: async ctx => {
      const { user = null } = ctx.session;
      await other();
      return { user };
    },
  };
}

for (const [what, path, body, after] of [
  ['a logout', 'logout', '{"user":"ann"}', '{"user":null,"ended":"unknown"}'],
  ['a new key', 'regenerate', '{"user":"ann"}', '{"user":null,"ended":"unknown"}'],
] as const) {
  test(`a poll that overlaps ${what} does not bring the record back`, async t => {
    const clock = stoppedClock(t);
    const store = new RecordStore();
    const browser = await visit(
      t,
      { store, ...IDLE },
      during(() => browser.copy().get(path)),
    );
    await browser.get('login');
    clock.advance(MINUTE);
    const answer = await browser.get('slow');
    assert.deepEqual([answer.status, answer.body, answer.cookies], [200, body, []]);
    assert.equal((await browser.get('why')).body, after);
  });
}

for (const [when, later] of Object.entries({ 'at once': 0, 'long before it is done': MINUTE })) {
  test(`a poll that overlaps a write, ${when}, keeps what was written`, async t => {
    const clock = stoppedClock(t);
    const store = new RecordStore();
    const write = async () => {
      await browser.copy().get('write?page=7');
      clock.advance(later);
    };
    const browser = await visit(t, { store, ...IDLE }, during(write));
    await browser.get('login');
    clock.advance(MINUTE);
    await browser.get('slow');
    assert.equal(recordIn(store)?.page, '7');
    assert.equal(((await browser.get('times')).json as Times).lastSeenAt, clock.now());
  });
}

test('with a deadline a store may never leave a record as it is, though the data are the same', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  for (const options of [IDLE, { absoluteTimeout: DAY }]) {
    const browser = await visit(t, { store, ...options, rolling: true }, site);
    await browser.get('login');
    clock.advance(MINUTE);
    store.forgetCalls();
    await browser.get();
    assert.deepEqual(
      store.callsOf('set').map(call => call.options.changed),
      [true],
    );
  }
});

test('a session keeps its deadlines under a new key', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const browser = await visit(t, { store, absoluteTimeout: 10 * MINUTE }, site);
  await browser.get('login');
  const createdAt = clock.now();
  clock.advance(5 * MINUTE);
  await browser.get('regenerate');
  assert.equal(recordIn(store)?._created, createdAt);
  assert.equal(((await browser.get('times')).json as Times).createdAt, createdAt);
});

test('deadlines hold with a `ContextStore` and an `externalKey`', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  class ContextStore extends RecordStore {
    override readonly texts = store.texts;
  }
  const externalKey = {
    get: (ctx: { get(name: string): string }) => ctx.get('x-key'),
    set: (ctx: { set(name: string, value: string): void }, key: string) => ctx.set('x-key', key),
  };
  const options = { ContextStore, externalKey, ...IDLE, absoluteTimeout: 15 * MINUTE };
  const browser = await visit(t, options as never, site);
  const headers = { 'x-key': (await browser.get('login')).headers.get('x-key') ?? '' };
  for (const body of ['{"user":"ann"}', '{"user":null}']) {
    clock.advance(9 * MINUTE);
    assert.equal((await browser.get('', { headers })).body, body);
  }
});

test('`idleTimeout` and `absoluteTimeout` fail at start for a sojourn store that is given as a koa-session store, which keeps no stamps', () => {
  const store = asKoaStore(memoryStore());
  for (const name of ['idleTimeout', 'absoluteTimeout']) {
    assert.throws(() => sojourn.createSession(bareApp(), { store, [name]: MINUTE }), {
      code: 'ERR_SESSION_OPTIONS',
      message: new RegExp(`^option \`${name}\` needs the store itself`),
    });
  }
  assert.doesNotThrow(() => sojourn.createSession(bareApp(), { store }));
});
