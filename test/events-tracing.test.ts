import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { SessionTrace } from 'sojourn';
import { account, appWith, type Routes } from './harness/app.js';
import { serve } from './harness/browser.js';
import { plainText, signedPair } from './harness/cookies.js';
import { sojourn } from './harness/packages.js';
import { PLACES } from './harness/places.js';
import { RecordStore } from './harness/record-store.js';
import { type TestOptions, visit } from './harness/visit.js';

/** Subscribes to a channel until the test ends: what it publishes, as `start /path` and so on. */
function listen(t: TestContext, step: 'load' | 'commit') {
  const channel = tracingChannel(`sojourn:${step}`);
  const [names, messages]: [string[], SessionTrace[]] = [[], []];
  const note = (name: string) => (message: unknown) => {
    names.push(name);
    messages.push(message as SessionTrace);
  };
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  channel.subscribe(subscribers);
  t.after(() => channel.unsubscribe(subscribers));
  return { names, messages };
}

const SYNCHRONOUS = ['start', 'end'];
const ASYNCHRONOUS = ['start', 'end', 'asyncStart', 'asyncEnd'];

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
  rename: ctx => {
    ctx.session.user = 'bob';
  },
  regenerate: ctx => ctx.session.regenerate(),
};

for (const [where, place] of Object.entries(PLACES)) {
  const isStored = where === 'a stored session';

  test(`the load of ${where} is traced, with what came of it`, async t => {
    const [options, cookie] = place();
    const { names, messages } = listen(t, 'load');
    await (await visit(t, options, site)).get('', { cookie });
    assert.deepEqual(names, isStored ? ASYNCHRONOUS : SYNCHRONOUS);
    const { ctx, outcome, reason } = messages.at(-1) as SessionTrace;
    assert.deepEqual([ctx.path, outcome, reason], ['/', 'loaded', 'loaded']);
  });

  for (const [path, outcome] of Object.entries({ rename: 'changed', regenerate: 'rotated' })) {
    test(`the commit of ${where} is traced, with its reason: ${outcome}`, async t => {
      const [options, cookie] = place();
      const { names, messages } = listen(t, 'commit');
      await (await visit(t, options, site)).get(path, { cookie });
      assert.deepEqual(names, isStored ? ASYNCHRONOUS : SYNCHRONOUS);
      assert.equal(messages.at(-1)?.reason, outcome);
    });
  }

  test(`nothing is committed of ${where} that is only read`, async t => {
    const [options, cookie] = place();
    const { names } = listen(t, 'commit');
    await (await visit(t, options, site)).get('', { cookie });
    assert.deepEqual(names, []);
  });
}

const KEY = 'a key that opens a session';

for (const path of ['', 'rename', 'regenerate', 'logout']) {
  test(`no message of a trace has the key: /${path}`, async t => {
    const store = new RecordStore();
    store.put(KEY, { user: 'ann' });
    const traces = [listen(t, 'load'), listen(t, 'commit')];
    const cookie = signedPair(KEY);
    await (await visit(t, { store }, site)).get(path, { cookie });
    const messages = traces.flatMap(each => each.messages);
    assert.ok(messages.length > 0);
    for (const { ctx, ...told } of messages) assert.ok(!inspect(told, { depth: 9 }).includes(KEY));
  });
}

const refusals: [string, TestOptions, string, string][] = [
  ['absent', {}, '', 'absent'],
  ['forged', {}, `koa.sess=${plainText({ user: 'eve' })}; koa.sess.sig=x`, 'tampered'],
  ['no record', {}, signedPair('###'), 'malformed'],
  ['unknown', { store: new RecordStore() }, signedPair('k'), 'unknown'],
];

for (const [what, options, cookie, reason] of refusals) {
  test(`the load of a session that is ${what} says so`, async t => {
    const { messages } = listen(t, 'load');
    await (await visit(t, options, site)).get('', { cookie });
    assert.deepEqual([messages.at(-1)?.outcome, messages.at(-1)?.reason], ['none', reason]);
  });
}

test('a failure is traced', async t => {
  const store = new RecordStore();
  store.get = async () => {
    throw new Error('the database is down');
  };
  const { names, messages } = listen(t, 'load');
  await (await visit(t, { store }, site)).get('', { cookie: signedPair('k') });
  assert.ok(names.includes('error'), names.join());
  assert.match(String(messages.find(({ error }) => error)?.error), /SessionStoreError/);
});

test('a commit to a store that fails before the store is asked ends as every other one', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const owner = ({ user }: { user?: string }) => {
    if (user === 'bob') throw new Error('nobody knows bob');
    return user;
  };
  const { names, messages } = listen(t, 'commit');
  const browser = await visit(t, { store, owner }, site);
  const { status } = await browser.get('rename', { cookie: signedPair('k') });
  assert.equal(status, 500);
  assert.deepEqual(names, ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
  assert.match(String(messages.at(-1)?.error), /nobody knows bob/);
});

test('a cookie session that nobody looks at is not loaded', async t => {
  const [options, cookie] = (PLACES['a cookie session'] as () => [TestOptions, string])();
  const { names } = listen(t, 'load');
  await (await visit(t, options, site)).get('static', { cookie });
  assert.deepEqual(names, []);
});

test('the traces of requests that overlap are told apart by their context', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const { messages } = listen(t, 'load');
  const browser = await serve(t, appWith(sojourn.createSession, { store }, site));
  await Promise.all(['', 'static', 'rename'].map(path => browser.get(path, { cookie: signedPair('k') })));
  assert.equal(new Set(messages).size, 3);
  assert.equal(new Set(messages.map(({ ctx }) => ctx)).size, 3);
});

test('the commit of a logout is traced; at its end there is what came of it', async t => {
  const { names, messages } = listen(t, 'commit');
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  await (await visit(t, { store }, site)).get('logout', { cookie: signedPair('k') });
  assert.deepEqual(names, ASYNCHRONOUS);
  assert.deepEqual([messages.at(-1)?.outcome, messages.at(-1)?.reason], ['ended', 'ended']);
});
