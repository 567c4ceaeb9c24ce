import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SessionEndedError, type SessionStore, SessionStoreError } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { eventsOf } from '../harness/app.js';
import { SECOND, stoppedClock } from '../harness/clock.js';
import { RecordStore } from '../harness/record-store.js';
import { until } from '../harness/until.js';
import { endOf, type Site, signedIn, siteWith } from './site.js';

/** So long that no test waits for the store to be asked. */
const NEVER = 3_600_000;

const endings: Record<string, { by(site: Site): Promise<unknown>; reason: string; options?: object }> = {
  'a logout': { by: site => site.browser.get('logout'), reason: 'logout' },
  'a session that is emptied': { by: site => site.browser.get('empty'), reason: 'logout' },
  'a sign-in of another account': { by: site => site.browser.get('login?as=bob'), reason: 'rotated' },
  'sessions.end': {
    by: async ({ sessions }) => {
      const [listed] = await sessions.list('ann');
      await sessions.end(listed?.handle ?? '', { reason: 'stolen' });
    },
    reason: 'stolen',
  },
  'sessions.endAll': { by: ({ sessions }) => sessions.endAll('ann'), reason: 'revoked' },
  'the limit of sessions': {
    by: ({ browser }) => browser.stranger().get('login'),
    reason: 'displaced',
    options: { maxSessions: 1 },
  },
  'a logout of a session that was not loaded': {
    by: site => site.browser.get('logout'),
    reason: 'logout',
    options: { lazy: true },
  },
};

for (const [what, { by, reason, options }] of Object.entries(endings)) {
  test(`${what} aborts the signal at once, with the reason`, async t => {
    const site = await siteWith(t, { store: memoryStore(), watchInterval: NEVER, ...options });
    const opened = await signedIn(site);
    const startedAt = Date.now();
    await by(site);
    assert.equal(await endOf(opened), reason);
    assert.ok(opened.signal.reason instanceof SessionEndedError);
    assert.equal(opened.signal.reason.code, 'ERR_SESSION_ENDED');
    assert.ok(opened.signal.reason.at >= startedAt && opened.signal.reason.at <= Date.now());
  });
}

test('what ends a session in a koa-session store aborts the signal too, with the reason', async t => {
  for (const [path, reason] of [
    ['logout', 'logout'],
    ['empty', 'logout'],
    ['login?as=bob', 'rotated'],
    ['regenerate', 'rotated'],
  ] as const) {
    const site = await siteWith(t, { store: new RecordStore(), watchInterval: NEVER });
    const opened = await signedIn(site);
    await site.browser.get(path);
    assert.equal(await endOf(opened), reason, path);
  }
});

test('in a cookie session with revocations too, and what ends elsewhere is found by asking', async t => {
  for (const [end, reason] of [
    [(site: Site) => site.browser.get('logout'), 'logout'],
    [(site: Site) => site.sessions.endAll('ann', { reason: 'logout' }), 'logout'],
    [(site: Site) => site.browser.get('regenerate'), 'rotated'],
  ] as const) {
    const site = await siteWith(t, { revocations: memoryStore(), watchInterval: NEVER });
    const opened = await signedIn(site);
    await end(site);
    assert.equal(await endOf(opened), reason);
  }
  const revocations = memoryStore();
  const site = await siteWith(t, { revocations: elsewhere(revocations), watchInterval: 20 });
  const opened = await signedIn(site);
  await (await siteWith(t, { revocations })).sessions.endAll('ann', { reason: 'stolen' });
  assert.equal(await endOf(opened), 'stolen');
});

test('a new key, a change of the data and a use end nothing', async t => {
  const store = failingStore(memoryStore());
  const site = await siteWith(t, { store, watchInterval: 20 });
  const opened = await signedIn(site);
  for (const path of ['regenerate', 'change', 'read']) await site.browser.get(path);
  assert.equal(await endOf(opened, 200), undefined);
  await site.browser.get('logout');
  assert.equal(await endOf(opened), 'logout', 'and it is still watched');
});

test('another middleware’s end of a session in the same store is told at once', async t => {
  const store = memoryStore();
  const [site, other] = await Promise.all([
    siteWith(t, { store, watchInterval: NEVER }),
    siteWith(t, { store, watchInterval: NEVER }),
  ]);
  const opened = await signedIn(site);
  await other.sessions.endAll('ann');
  assert.equal(await endOf(opened), 'revoked');
});

/** Another process, as far as the first can see: it has the same sessions, and another object for them. */
function elsewhere(store: SessionStore): SessionStore {
  return failingStore(store);
}

/** The verbs that a store may not lack. */
function bare(store: SessionStore): SessionStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'peek' || name === 'subscribe') return undefined;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    has: (target, name) => name !== 'peek' && name in target,
  });
}

for (const [kind, seen] of Object.entries({ 'that can be peeked at': elsewhere, 'that cannot': bare })) {
  test(`what ends in another process is found by asking a store ${kind}`, async t => {
    const store = memoryStore();
    const site = await siteWith(t, { store: seen(store), watchInterval: 20 });
    const opened = await signedIn(site);
    await (await siteWith(t, { store })).sessions.endAll('ann', { reason: 'stolen' });
    assert.equal(await endOf(opened), 'stolen');
  });
}

test('all sessions that are open are asked for in one call, however many there are', async t => {
  const store = memoryStore();
  const asked: number[] = [];
  const { peek } = store;
  store.peek = async (handles, call) => {
    asked.push(handles.length);
    return peek.call(store, handles, call);
  };
  const site = await siteWith(t, { store, watchInterval: 50 });
  for (let i = 0; i < 5; i++) await signedIn(site, `user-${i}`, site.browser.stranger());
  await site.browser.get('login');
  const both = [await site.open(), await site.open()];
  asked.length = 0;
  await endOf(both[0] as never, 120);
  assert.ok(asked.length > 0 && asked.length <= 3, `asked ${asked.length} times`);
  assert.deepEqual([...new Set(asked)], [6]);
});

test('a store that fails ends nothing: that is told, and it is asked again', async t => {
  const store = memoryStore();
  const flaky = failingStore(store);
  const site = await siteWith(t, { store: flaky, watchInterval: 20 });
  const opened = await signedIn(site);
  const errors = eventsOf(site.app, 'session:error');
  flaky.fail('peek');
  assert.equal(await endOf(opened, 150), undefined);
  assert.ok(errors.length > 1);
  assert.ok(errors[0]?.error instanceof SessionStoreError);
  await (await siteWith(t, { store })).sessions.endAll('ann');
  flaky.restore('peek');
  assert.equal(await endOf(opened), 'revoked');
});

/** A cookie's own lifetime has whole seconds. */
const deadlines: Record<string, { options: object; reason: string }> = {
  'its lifetime': { options: { maxAge: SECOND }, reason: 'expired' },
  'its idle deadline': { options: { idleTimeout: 300 }, reason: 'idle' },
  'its absolute deadline': { options: { absoluteTimeout: 300 }, reason: 'absolute' },
};

for (const [what, { options, reason }] of Object.entries(deadlines)) {
  for (const [kind, store] of Object.entries({
    'in a store': memoryStore(),
    'in a koa-session store': new RecordStore(),
    'in a cookie': undefined,
  })) {
    test(`a session ${kind} is over when ${what} comes, though the store is not asked before`, async t => {
      const clock = stoppedClock(t);
      const site = await siteWith(t, { ...(store && { store }), watchInterval: NEVER, ...options });
      const opened = await signedIn(site);
      clock.advance(SECOND);
      assert.equal(await endOf(opened, 5000), reason);
      const { at } = opened.signal.reason;
      assert.ok(at >= (opened.info.expiresAt ?? 0) && at <= Date.now(), `${at}`);
    });
  }
}

test('a session that another request prolongs goes on', async t => {
  const clock = stoppedClock(t);
  const site = await siteWith(t, {
    store: memoryStore(),
    idleTimeout: 500,
    touchAfter: 0,
    watchInterval: NEVER,
  });
  const opened = await signedIn(site);
  for (let i = 0; i < 4; i++) {
    clock.advance(200);
    await site.browser.get('read');
  }
  assert.equal(await endOf(opened, 700), undefined, 'its first deadline has passed');
  clock.advance(500);
  assert.equal(await endOf(opened), 'idle');
});

test('a deadline that is further away than a timer of Node’s reaches is not taken for one that has come', async t => {
  const site = await siteWith(t, { store: memoryStore(), maxAge: 2 ** 33, watchInterval: NEVER });
  const opened = await signedIn(site);
  const asked = eventsOf(site.app, 'session:expired');
  assert.equal(await endOf(opened, 250), undefined);
  assert.deepEqual(asked, []);
});

test('the application’s clock decides, and not the machine’s', async t => {
  const clock = stoppedClock(t);
  const site = await siteWith(t, { store: memoryStore(), maxAge: 60 * SECOND, watchInterval: 20 });
  const opened = await signedIn(site);
  assert.equal(await endOf(opened, 100), undefined);
  clock.advance(60 * SECOND);
  assert.equal(await endOf(opened), 'expired');
});

test('a session that is closed is watched no more, and its signal stays as it is', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  let asked = 0;
  const { peek } = store;
  store.peek = (handles, call) => {
    asked++;
    return peek.call(store, handles, call);
  };
  const site = await siteWith(t, { store, watchInterval: 10, idleTimeout: 200 });
  const opened = await signedIn(site);
  opened.close();
  opened.close();
  const { signal } = opened;
  const before = asked;
  await site.browser.get('logout');
  clock.advance(200);
  assert.equal(await endOf({ signal }, 400), undefined);
  assert.equal(asked, before);
  const other = await signedIn(site);
  other[Symbol.dispose]();
  await site.sessions.endAll('ann');
  assert.equal(other.signal.aborted, false);
});

/** A session of ann's that is being opened: the store has read it, but its answer comes only with `answer`. */
async function beingOpened(t: TestContext) {
  const store = memoryStore();
  const find = t.mock.method(store, 'find');
  const flaky = failingStore(store);
  const site = await siteWith(t, { store: flaky, watchInterval: NEVER });
  await signedIn(site, 'bob', site.browser.stranger());
  await site.browser.get('login');
  flaky.hang('find', { afterwards: true });
  const before = find.mock.callCount();
  const opening = site.open();
  await until(() => find.mock.callCount() > before);
  return { sessions: site.sessions, flaky, opening, answer: () => flaky.restore('find') };
}

test('a session that ends while it is being opened is not opened', async t => {
  const { sessions, opening, answer } = await beingOpened(t);
  await sessions.endAll('ann');
  answer();
  assert.equal(await opening, null);
});

test('a session of which nobody can say whether it ended while it was being opened is not opened', async t => {
  const { sessions, flaky, opening, answer } = await beingOpened(t);
  await sessions.endAll('ann');
  flaky.fail('peek');
  answer();
  await assert.rejects(opening, { code: 'ERR_SESSION_STORE' });
});
