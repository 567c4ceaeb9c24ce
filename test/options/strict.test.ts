import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey, sealed, session, strict } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, bareApp, type Handler, router } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';

const HOUR = 3_600_000;
const NAME = '__Host-koa.sess';
const codec = sealed(generateKey());

/** What the path `info` answers. */
interface Told {
  readonly user: unknown;
  readonly ended: { readonly reason: string; readonly at: number };
}

/** An app behind a proxy that ends TLS: the cookie is for HTTPS only. */
async function visitSafely(t: Parameters<typeof serve>[0], options: TestOptions): Promise<Browser> {
  const app = bareApp();
  app.proxy = true;
  app.use(session(app, options));
  const info: Handler = ctx => ({ user: ctx.session.user ?? null, ended: ctx.sessionInfo.ended });
  app.use(router({ ...account, info }));
  return serve(t, app);
}

const headers = { 'x-forwarded-proto': 'https' };

const PLACES: Readonly<Record<string, () => TestOptions>> = {
  'a cookie': () => codec,
  'a sojourn store': () => ({ store: memoryStore() }),
  'a koa-session store': () => ({ store: new RecordStore() }),
};

for (const [where, options] of Object.entries(PLACES)) {
  test(`a strict session in ${where} has a cookie of this host, for HTTPS, and works`, async t => {
    const browser = await visitSafely(t, strict(options()));
    const { attributes } = (await browser.get('login', { headers })).cookie(NAME) ?? {};
    assert.ok(attributes);
    const { secure, samesite, path, httponly, domain } = attributes;
    assert.deepEqual([secure, samesite, path, httponly, domain], [true, 'lax', '/', true, undefined]);
    assert.equal((await browser.get('', { headers })).body, '{"user":"ann"}');
  });

  test(`each of the strict options can be overridden, for ${where}`, () => {
    const own = { key: 'app', secure: false, sameSite: 'strict', path: '/app', httpOnly: false } as const;
    const { key, secure, sameSite, path, httpOnly } = strict({ ...options(), ...own });
    assert.deepEqual({ key, secure, sameSite, path, httpOnly }, own);
  });
}

test('a strict session in a sojourn store is kept under a hash', async t => {
  const store = memoryStore();
  const browser = await visitSafely(t, strict({ store }));
  const { value: key = '' } = (await browser.get('login', { headers })).cookie(NAME) ?? {};
  assert.equal(await store.find(key, { now: Date.now(), prefix: '' } as never), undefined);
});

for (const [where, options] of Object.entries(PLACES)) {
  test(`a strict session in ${where} that is not used for 30 minutes is over`, async t => {
    const start = Date.now();
    let now = start;
    const browser = await visitSafely(t, strict({ ...options(), clock: () => now }));
    await browser.get('login', { headers });
    now = start + HOUR / 2 - 1;
    assert.equal((await browser.get('', { headers })).body, '{"user":"ann"}');
    now += HOUR / 2;
    const { user, ended } = (await browser.get('info', { headers })).json as Told;
    assert.deepEqual([user, ended.reason, ended.at], [null, 'idle', now]);
  });

  test(`a strict session in ${where} is over after 12 hours, however active`, async t => {
    const start = Date.now();
    let now = start;
    const browser = await visitSafely(t, strict({ ...options(), clock: () => now }));
    await browser.get('login', { headers });
    for (; now < start + 12 * HOUR; now += HOUR / 4) {
      assert.equal((await browser.get('', { headers })).body, '{"user":"ann"}');
    }
    const { user, ended } = (await browser.get('info', { headers })).json as Told;
    assert.deepEqual([user, ended.reason, ended.at], [null, 'absolute', start + 12 * HOUR]);
  });
}

test('the deadlines and the hashing can be overridden', () => {
  const own = { hashKeys: false, idleTimeout: HOUR, absoluteTimeout: 24 * HOUR };
  const { hashKeys, idleTimeout, absoluteTimeout } = strict({ store: memoryStore(), ...own });
  assert.deepEqual({ hashKeys, idleTimeout, absoluteTimeout }, own);
});

for (const [where, options] of Object.entries(PLACES)) {
  test(`the deadlines of a strict session in ${where} can be taken back`, async t => {
    let now = Date.now();
    const endless = { idleTimeout: Infinity, absoluteTimeout: Infinity, maxAge: 100 * HOUR };
    const browser = await visitSafely(t, strict({ ...options(), ...endless, clock: () => now }));
    await browser.get('login', { headers });
    now += 99 * HOUR;
    const { body, cookies } = await browser.get('', { headers });
    assert.deepEqual([body, cookies], ['{"user":"ann"}', []]);
  });
}

test('where keys are not hashed, it is not claimed', () => {
  for (const options of [
    codec,
    { store: new RecordStore() },
    { store: memoryStore(), ContextStore: RecordStore },
  ]) {
    assert.equal(strict(options as TestOptions).hashKeys, undefined);
  }
});

test('a strict cookie session is sealed, and needs no signature', async t => {
  const browser = await visitSafely(t, strict(codec));
  const { cookies } = await browser.get('login', { headers });
  assert.deepEqual(
    cookies.map(({ name }) => name),
    [NAME],
  );
});

test("a strict session's key in a koa-session store has 256 random bits, after the prefix", async t => {
  const store = new RecordStore();
  const browser = await visitSafely(t, strict({ store, prefix: 'app:' }));
  await browser.get('login', { headers });
  await browser.stranger().get('login', { headers });
  assert.equal(new Set(store.keys).size, 2);
  for (const key of store.keys) assert.match(key, /^app:[\w-]{43}$/);
});

test('a strict cookie session must be sealed', () => {
  for (const options of [
    undefined,
    null as never,
    {},
    { encode: codec.encode, decode: codec.decode },
    { signed: true },
  ]) {
    assert.throws(() => strict(options), {
      code: 'ERR_SESSION_OPTIONS',
      message: /`\.\.\.sealed\(keys\)`, or a `store`/,
    });
  }
  for (const options of ['store', []]) {
    assert.throws(() => strict(options as never), { code: 'ERR_SESSION_OPTIONS', message: /an object/ });
  }
});

test("the caller's object is never changed; what it inherits counts, and what is undefined does not", () => {
  const given = Object.freeze(Object.assign(Object.create({ maxAge: 5 }), codec, { key: undefined }));
  const { key, maxAge } = strict(given);
  assert.deepEqual([key, maxAge], [NAME, 5]);
});

test('an override that cannot go with the rest is told, with what to do', () => {
  const app = bareApp();
  for (const [options, name] of [
    [{ domain: 'example.com' }, 'domain'],
    [{ secure: false }, 'secure'],
    [{ path: '/app' }, 'path'],
  ] as const) {
    assert.throws(() => session(app, strict({ ...codec, ...options })), {
      code: 'ERR_SESSION_OPTIONS',
      message: new RegExp(`^option \`${name}\` must .*__Host-`),
    });
  }
});

test('over plain HTTP, as in development, it works with `secure: "auto"` and a `key` without a prefix', async t => {
  const app = bareApp();
  app.use(session(app, strict({ store: memoryStore(), secure: 'auto', key: 'sess' }) as never));
  app.use(router(account));
  const browser = await serve(t, app);
  assert.ok((await browser.get('login')).cookie('sess'));
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});
