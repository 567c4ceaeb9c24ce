import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { generateKey, SessionStoreError, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { bareApp, eventsOf } from '../harness/app.js';
import { stoppedClock } from '../harness/clock.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';
import { endOf, signedIn, siteWith } from './site.js';

const records = new RecordStore();

/** A store for each request, with the records of all. */
class SharedRecords {
  get(...call: Parameters<RecordStore['get']>): Promise<unknown> {
    return records.get(...call);
  }
  set(...call: Parameters<RecordStore['set']>): Promise<void> {
    return records.set(...call);
  }
  destroy(...call: Parameters<RecordStore['destroy']>): Promise<void> {
    return records.destroy(...call);
  }
}

test('opens the session of a plain request: its data, its owner, and what is known of it', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  const opened = await signedIn(site);
  const info = (await site.browser.get('info')).json as object;
  assert.deepEqual(opened.data, { user: 'ann' });
  assert.equal(opened.owner, 'ann');
  assert.deepEqual(JSON.parse(JSON.stringify(opened.info)), info);
  assert.equal(opened.handle, opened.info.handle);
  assert.equal(opened.signal.aborted, false);
});

test('the data are frozen through and through', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  const opened = await signedIn(site);
  assert.throws(() => Object.assign(opened.data, { user: 'bob' }), TypeError);
  const store = new RecordStore();
  store.put('k', { cart: { items: ['pear'] } });
  const other = await siteWith(t, { store, signed: false });
  const found = await other.open(other.browser, {}, { cookie: 'koa.sess=k' });
  assert.throws(() => found?.data.cart?.items.push('fig'), TypeError);
});

test("what `migrate` adds is not frozen where it is the app's own", async t => {
  const defaults = { theme: { name: 'light' } };
  const site = await siteWith(t, {
    store: new RecordStore(),
    migrate: (data: object) => ({ ...defaults, ...data }),
  } as never);
  const opened = await signedIn(site);
  assert.deepEqual(opened.data, { ...defaults, user: 'ann' });
  assert.ok(Object.isFrozen((opened.data as typeof defaults).theme));
  assert.ok(!Object.isFrozen(defaults.theme));
});

test('there is nothing to open without a live session', async t => {
  const clock = stoppedClock(t);
  const site = await siteWith(t, {
    store: memoryStore(),
    maxAge: 1000,
    skip: ctx => ctx.get('x-skip') !== '',
  });
  assert.equal(await site.open(), null, 'no cookie');
  await site.browser.get('login');
  assert.equal(await site.open(site.browser, {}, { headers: { 'x-skip': '1' } }), null, 'skipped');
  const [name, { value }] = [...site.browser.cookies][0] as [string, { value: string }];
  assert.equal(
    await site.open(site.browser, {}, { cookie: `${name}=${value}; ${name}.sig=x` }),
    null,
    'forged',
  );
  clock.advance(1000);
  const copy = `${name}=${value}; ${name}.sig=${site.browser.cookies.get(`${name}.sig`)?.value}`;
  const expired = eventsOf(site.app, 'session:expired');
  assert.equal(await site.open(site.browser, {}, { cookie: copy }), null, 'expired');
  assert.equal(expired.length, 1, 'which is told, as it is to requests');
});

const kinds: Record<string, TestOptions> = {
  'a plain cookie session': {},
  'a sealed cookie session': sealed(generateKey()),
  'a lazy one': { store: memoryStore(), lazy: true },
  'one in a koa-session store': { store: new RecordStore() },
  'one in a ContextStore': { ContextStore: SharedRecords as never },
  'one whose key is hashed': { store: memoryStore(), hashKeys: true },
  'one whose key travels elsewhere': {
    store: memoryStore(),
    externalKey: {
      get: ctx => ctx.cookies.get('other'),
      set: (ctx, key) => void ctx.cookies.set('other', key),
    },
  },
};

for (const [kind, options] of Object.entries(kinds)) {
  test(`opens ${kind}`, async t => {
    const site = await siteWith(t, options);
    await site.browser.get('login');
    const opened = await site.open();
    assert.deepEqual(opened?.data, { user: 'ann' });
    assert.equal(opened?.owner, 'ann');
  });
}

test('a store that fails is a SessionStoreError, also where requests go on as anonymous', async t => {
  const store = failingStore(memoryStore());
  const site = await siteWith(t, { store, onStoreFailure: 'anonymous' });
  await site.browser.get('login');
  store.fail('find');
  await assert.rejects(site.open(), SessionStoreError);
});

test('opening and watching write nothing: no roll, no touch, no new key', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  const site = await siteWith(t, { store, rolling: true, idleTimeout: 60_000, touchAfter: 0, signed: true });
  await site.browser.get('login');
  const before = await site.sessions.list('ann');
  clock.advance(30_000);
  const opened = await site.open();
  await endOf(opened as never, 350);
  assert.deepEqual(await site.sessions.list('ann'), before);
});

test('touch records the use; a session that is over has none', async t => {
  const clock = stoppedClock(t);
  const site = await siteWith(t, { store: memoryStore(), idleTimeout: 60_000 });
  const opened = await signedIn(site);
  const saved = eventsOf(site.app, 'session:saved');
  clock.advance(30_000);
  assert.equal(await opened.touch(), true);
  assert.deepEqual(
    saved.map(({ reason, handle }) => ({ reason, handle })),
    [{ reason: 'touched', handle: opened.handle }],
  );
  const [listed] = await site.sessions.list('ann');
  assert.equal(listed?.lastSeenAt, clock.now());
  assert.equal(listed?.expiresAt, clock.now() + 60_000);
  await site.browser.get('logout');
  assert.equal(await opened.touch(), false);
});

test('touch undoes nothing that another request has changed since', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  const opened = await signedIn(site);
  await site.browser.get('change');
  assert.equal(await opened.touch(), true);
  assert.deepEqual((await site.browser.get('read')).json, { user: 'ann', changed: true });
});

test('touch undoes nothing in a session from before `owner` either', async t => {
  const store = memoryStore();
  const older = await siteWith(t, { store, owner: undefined });
  await older.browser.get('login');
  const site = await siteWith(t, { store });
  for (const [name, cookie] of older.browser.cookies) site.browser.cookies.set(name, cookie);
  const opened = await site.open();
  const { find } = store;
  store.find = async (...call) => {
    store.find = find;
    const found = await find.apply(store, call);
    await older.browser.get('change');
    return found;
  };
  assert.equal(await opened?.touch(), true);
  assert.deepEqual((await older.browser.get('read')).json, { user: 'ann', changed: true });
});

test('touch answers false where uses are recorded nowhere', async t => {
  for (const options of [{}, { store: new RecordStore() }]) {
    const opened = await signedIn(await siteWith(t, options));
    assert.equal(await opened.touch(), false);
  }
  const site = await siteWith(t, { store: new RecordStore(), idleTimeout: 60_000, touchAfter: 0 });
  assert.equal(await (await signedIn(site)).touch(), true);
});

test('a page of a foreign origin opens nothing, unless it is allowed', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  await site.browser.get('login');
  const own = new URL(site.browser.base);
  const opens = async (origin: string, allowed?: unknown, headers = {}) =>
    (await site.open(site.browser, { origin: allowed } as never, { headers: { origin, ...headers } })) !==
    null;
  assert.equal(await opens(own.origin), true, 'its own');
  assert.equal(await opens(`https://${own.host}`), true, 'its own, behind a proxy that ends TLS');
  for (const foreign of [
    'https://evil.example',
    `http://127.0.0.1:1`,
    `http://x.${own.host}`,
    'null',
    '',
    'x:',
    `ws://${own.host}`,
    `chrome-extension://${own.host}`,
    `http://${own.host}/path`,
    `http://evil@${own.host}`,
  ])
    assert.equal(await opens(foreign), false, foreign);
  assert.equal(await opens('https://app.example', 'https://app.example'), true);
  assert.equal(await opens('https://app.example', ['https://a.example', 'https://APP.example/']), true);
  assert.equal(await opens('http://app.example', 'https://app.example'), false, 'of another scheme');
  assert.equal(await opens('https://app.example:8443', 'https://app.example'), false, 'of another port');
  assert.equal(await opens('null', (origin: string) => origin === 'null'), true);
  assert.equal(await opens('https://evil.example', () => 'yes'), false, 'true alone allows');
  assert.equal(await opens('https://site.example', undefined, { 'x-forwarded-host': 'site.example' }), false);
});

test('what a page of another site asks for without an Origin opens nothing; what a visitor follows does', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  await site.browser.get('login');
  const opens = async (from: string, mode: string) => {
    // Not by `fetch`, which sets these headers itself.
    const request = new IncomingMessage(new Socket());
    const headers = { 'sec-fetch-site': from, 'sec-fetch-mode': mode, cookie: site.browser.cookieHeader };
    Object.assign(request.headers, { host: new URL(site.browser.base).host, ...headers });
    const opened = await site.sessions.open(request);
    opened?.close();
    return opened !== null;
  };
  assert.equal(await opens('cross-site', 'no-cors'), false, 'an image of another site');
  assert.equal(await opens('same-site', 'no-cors'), false, 'an image of another subdomain');
  assert.equal(await opens('same-origin', 'cors'), true, 'an EventSource of its own page');
  assert.equal(await opens('none', 'navigate'), true, 'a bookmark');
  assert.equal(await opens('cross-site', 'navigate'), true, 'a link');
});

test('where the app trusts its proxy, the host is what the proxy says', async t => {
  const app = bareApp();
  app.proxy = true;
  const site = await siteWith(t, { store: memoryStore() }, app);
  await site.browser.get('login');
  const headers = { origin: 'https://site.example', 'x-forwarded-host': 'site.example:443' };
  assert.notEqual(await site.open(site.browser, {}, { headers }), null);
  assert.equal(
    await site.open(site.browser, {}, { headers: { ...headers, origin: site.browser.base } }),
    null,
  );
  const plain = { ...headers, origin: 'http://site.example:443', 'x-forwarded-proto': 'https' };
  assert.equal(
    await site.open(site.browser, {}, { headers: plain }),
    null,
    'a plain page of an encrypted site',
  );
});

test('a promise of an `origin` that is allowed is told, and is no unhandled rejection', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  await site.browser.get('login');
  const origin = async () => Promise.reject(new Error('the directory is down'));
  const foreign = { headers: { origin: 'https://other.example' } };
  await assert.rejects(site.open(site.browser, { origin } as never, foreign), {
    name: 'TypeError',
    message: /`origin` must answer at once/,
  });
});

test('what names no origin is a mistake that is told', async t => {
  const site = await siteWith(t, { store: memoryStore() });
  for (const origin of ['*', 'app.example', 'null', 'https://app.example/path', 7, [null]])
    await assert.rejects(site.open(site.browser, { origin } as never), {
      name: 'TypeError',
      message: /`origin` names origins/,
    });
});
