import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from 'koa';
import { account, appWith } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';

const HEADER = 'x-session';

const inHeader = {
  get: (ctx: Context) => ctx.get(HEADER),
  set: (ctx: Context, key: string) => ctx.set(HEADER, key),
  clear: (ctx: Context) => ctx.set(HEADER, 'gone'),
};

const inHeaderLater = {
  get: async (ctx: Context) => inHeader.get(ctx),
  set: async (ctx: Context, key: string) => {
    await nextTurn();
    inHeader.set(ctx, key);
  },
  clear: async (ctx: Context) => {
    await nextTurn();
    inHeader.clear(ctx);
  },
};

for (const [kind, externalKey] of Object.entries({ synchronous: inHeader, asynchronous: inHeaderLater })) {
  test(`the key travels by a ${kind} \`externalKey\`, and the app needs no keys`, async t => {
    const store = new RecordStore();
    const app = appWith(sojourn.createSession, { store, externalKey }, account);
    app.keys = undefined as never;
    const browser = await serve(t, app);
    const login = await browser.get('login');
    const key = login.headers.get(HEADER) ?? '';
    assert.deepEqual(store.keys, [key]);
    const visitor = { headers: { [HEADER]: key } };
    assert.equal((await browser.get('', visitor)).body, '{"user":"ann"}');
    const logout = await browser.get('logout', visitor);
    assert.equal(logout.headers.get(HEADER), 'gone');
    assert.deepEqual(store.keys, []);
    assert.deepEqual([...login.cookies, ...logout.cookies], []);
  });
}

test('`externalKey` may do without `clear`: the record is destroyed all the same', async t => {
  const store = new RecordStore();
  const { clear, ...externalKey } = inHeader;
  const browser = await serve(t, appWith(sojourn.createSession, { store, externalKey }, account));
  const key = (await browser.get('login')).headers.get(HEADER) ?? '';
  assert.equal((await browser.get('logout', { headers: { [HEADER]: key } })).status, 200);
  assert.deepEqual(store.keys, []);
});

for (const nothing of [undefined, null, '', 0, {}]) {
  test(`${JSON.stringify(nothing)} from \`externalKey.get\` is no key: a new session`, async t => {
    const store = new RecordStore();
    const externalKey = { ...inHeader, get: () => nothing };
    const browser = await serve(t, appWith(sojourn.createSession, { store, externalKey }, account));
    assert.equal((await browser.get()).body, '{"user":null}');
    assert.deepEqual(store.calls, []);
  });
}

test('what `externalKey.get` throws is the error of the request', async t => {
  const externalKey = {
    ...inHeader,
    get: () => {
      throw Object.assign(new Error('a token that is no token'), { status: 400, expose: true });
    },
  };
  const store = new RecordStore();
  const browser = await serve(t, appWith(sojourn.createSession, { store, externalKey }, account));
  const { status, body } = await browser.get();
  assert.deepEqual([status, body], [400, 'a token that is no token']);
});

test('a response that used the session is kept out of caches; no cookie is what it varies by', async t => {
  const store = new RecordStore();
  const browser = await serve(t, appWith(sojourn.createSession, { store, externalKey: inHeader }, account));
  const { headers } = await browser.get();
  assert.equal(headers.get('cache-control'), 'private, no-store');
  assert.equal(headers.get('vary'), null);
});
