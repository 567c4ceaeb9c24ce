import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, appWith, errorsOf, type Routes, SECRET } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { HOUR, SECOND, stoppedClock } from '../harness/clock.js';
import { signedPair } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const site: Routes = {
  ...account,
  rename: ctx => {
    ctx.session.user = 'bob';
  },
  save: ctx => ctx.session.save(),
};

test('a store gets what koa-session gave it: key, record, ms and options', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const browser = await visit(t, { store, maxAge: HOUR }, { ...site, '': ctx => ctx.session.user });
  for (const path of ['login', 'rename', 'save', '', 'logout']) await browser.get(path);
  const key = String(store.calls[0]?.key);
  assert.match(key, UUID);
  assert.deepEqual(
    store.calls.map(({ options: { ctx, ...options }, ...call }) => ({ ...call, ...options })),
    [
      { verb: 'set', key, maxAge: HOUR + 10 * SECOND, changed: true, rolling: false },
      { verb: 'get', key, maxAge: HOUR, rolling: false },
      { verb: 'set', key, maxAge: HOUR + 10 * SECOND, changed: true, rolling: false },
      { verb: 'get', key, maxAge: HOUR, rolling: false },
      { verb: 'set', key, maxAge: HOUR + 10 * SECOND, changed: false, rolling: false },
      { verb: 'get', key, maxAge: HOUR, rolling: false },
      { verb: 'get', key, maxAge: HOUR, rolling: false },
      { verb: 'destroy', key },
    ],
  );
  assert.ok(store.calls.every(({ options }) => (options.ctx as { path?: string }).path));
  assert.equal(clock.now() % SECOND, 0);
});

test("the record is koa-session's: the data, and when it expires", async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const browser = await visit(t, { store, maxAge: HOUR }, site);
  await browser.get('login');
  const record = store.record(store.keys[0] ?? '');
  assert.deepEqual(record, { user: 'ann', _expire: clock.now() + HOUR, _maxAge: HOUR });
});

test('a store may answer without a promise', async t => {
  const records = new Map<string, object>();
  const store = {
    get: (key: string) => records.get(key),
    set: (key: string, record: object) => void records.set(key, record),
    destroy: (key: string) => void records.delete(key),
  };
  const browser = await visit(t, { store }, site);
  await browser.get('login');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  await browser.get('logout');
  assert.equal(records.size, 0);
});

test('a `ContextStore` is made once for each request that needs it, with its context', async t => {
  const kept = new RecordStore();
  const paths: string[] = [];
  class ContextStore {
    constructor(ctx: { path: string }) {
      paths.push(ctx.path);
    }
    get(...args: Parameters<RecordStore['get']>) {
      return kept.get(...args);
    }
    set(...args: Parameters<RecordStore['set']>) {
      return kept.set(...args);
    }
    destroy(...args: Parameters<RecordStore['destroy']>) {
      return kept.destroy(...args);
    }
  }
  const browser = await visit(t, { ContextStore }, site);
  for (const path of ['login', 'rename', 'logout']) await browser.get(path);
  assert.deepEqual(paths, ['/login', '/rename', '/logout']);
  assert.deepEqual(kept.verbs, ['set', 'get', 'set', 'get', 'destroy']);
});

test('`prefix` stands before a generated key', async t => {
  const store = new RecordStore();
  await (await visit(t, { store, prefix: 'app:' }, site)).get('login');
  const [key = ''] = store.keys;
  assert.ok(key.startsWith('app:'));
  assert.match(key.slice(4), UUID);
});

for (const [kind, genid] of Object.entries({
  synchronous: ({ path }: { path: string }) => `key-of-${path.slice(1)}`,
  asynchronous: async ({ path }: { path: string }) => `key-of-${path.slice(1)}`,
})) {
  test(`a ${kind} \`genid\` makes the key, of its request's context; \`prefix\` is ignored`, async t => {
    const store = new RecordStore();
    const browser = await visit(t, { store, genid, prefix: 'app:' }, site);
    const answer = await browser.get('login');
    assert.deepEqual(store.keys, ['key-of-login']);
    assert.equal(answer.cookie()?.value, 'key-of-login');
  });
}

for (const key of [undefined, '', true, null, {}]) {
  test(`a \`genid\` that returns ${JSON.stringify(key)} is told`, async t => {
    const store = new RecordStore();
    const app = appWith(sojourn.createSession, { store, genid: () => key }, site);
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('login')).status, 500);
    assert.match(String(errors[0]), /SessionOptionsError: option `genid` must return a key/);
    assert.deepEqual(store.calls, []);
  });
}

test('a key that no record stands under is not taken over: the next session has its own', async t => {
  const store = new RecordStore();
  const browser = await visit(t, { store }, site);
  await browser.get('login', { cookie: signedPair('planted', { key: SECRET }) });
  assert.equal(store.keys.length, 1);
  assert.notEqual(store.keys[0], 'planted');
});

test('`sessionTtl` says how long a store keeps a browser session', async t => {
  const store = new RecordStore();
  const browser = await visit(t, { store, maxAge: 'session', sessionTtl: 2 * HOUR }, site);
  const answer = await browser.get('login');
  assert.equal(answer.cookie()?.expiresAt, undefined);
  assert.deepEqual(store.record(store.keys[0] ?? ''), { user: 'ann', _session: true });
  assert.deepEqual(
    store.callsOf('set').map(({ maxAge }) => maxAge),
    [2 * HOUR],
  );
});

test('`sessionTtl` is a day by default', async t => {
  const store = new RecordStore();
  await (await visit(t, { store, maxAge: 'session' }, site)).get('login');
  assert.deepEqual(
    store.callsOf('set').map(({ maxAge }) => maxAge),
    [24 * HOUR],
  );
});

test('an asynchronous `genid` that fails is asked again, and is no unhandled rejection', async t => {
  let asked = 0;
  const genid = async () => {
    if (++asked === 1) throw new Error('no randomness left');
    return 'key';
  };
  const store = new RecordStore();
  const browser = await visit(
    t,
    { store, genid },
    {
      '': async ctx => {
        ctx.session.user = 'ann';
        assert.throws(() => ctx.session.externalKey, TypeError);
        await new Promise(setImmediate);
      },
    },
  );
  assert.equal((await browser.get()).status, 200);
  assert.deepEqual(store.keys, ['key']);
});

test('a new session of nothing but `undefined` is not saved', async t => {
  for (const options of [{}, { store: new RecordStore() }]) {
    const browser = await visit(t, options, {
      '': ctx => {
        ctx.session.user = undefined;
      },
    });
    assert.deepEqual((await browser.get()).cookies, []);
  }
});
