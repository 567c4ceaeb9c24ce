import assert from 'node:assert/strict';
import { test } from 'node:test';
import Cookies from 'cookies';
import Keygrip from 'keygrip';
import { account, appWith, bareApp, errorsOf, router, SECRET } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { plainText, recordIn, signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const HTTPS = { 'x-forwarded-proto': 'https' };

async function behindProxy(t: Parameters<typeof visit>[0], options: TestOptions) {
  const app = appWith(sojourn.createSession, options, account);
  app.proxy = true;
  return serve(t, app);
}

test("by default the cookie is koa-session's: its name, its attributes, base64 of JSON, a signature beside it", async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, {}, account);
  const { cookies } = await browser.get('login');
  const attributes = { path: '/', expires: new Date(clock.now() + DAY).toUTCString(), httponly: true };
  assert.deepEqual(
    cookies.map(cookie => [cookie.name, cookie.attributes]),
    [
      ['koa.sess', attributes],
      ['koa.sess.sig', attributes],
    ],
  );
  const value = cookies[0]?.value;
  assert.deepEqual(recordIn(value), { user: 'ann', _expire: clock.now() + DAY, _maxAge: DAY });
  assert.equal(cookies[1]?.value, new Keygrip([SECRET]).sign(`koa.sess=${value}`));
});

test('the attributes are those of the options', async t => {
  const browser = await behindProxy(t, {
    key: 'app:sess',
    maxAge: 'session',
    path: '/app',
    domain: 'example.com',
    secure: true,
    httpOnly: false,
    sameSite: 'strict',
    priority: 'high',
    partitioned: true,
  });
  const attributes = {
    path: '/app',
    domain: 'example.com',
    priority: 'high',
    samesite: 'strict',
    secure: true,
    partitioned: true,
  };
  const { cookies } = await browser.get('login', { headers: HTTPS });
  assert.deepEqual(
    cookies.map(cookie => [cookie.name, cookie.attributes]),
    [
      ['app:sess', attributes],
      ['app:sess.sig', attributes],
    ],
  );
});

test('the attributes clear the cookie, too: with others the browser would keep it', async t => {
  const browser = await visit(t, { path: '/app', domain: 'example.com' }, account);
  const cookie = signedRecord({ user: 'ann' });
  const { cookies } = await browser.get('logout', { cookie });
  assert.deepEqual(
    cookies.map(({ name, expiresAt, attributes: { path, domain } }) => [name, expiresAt, path, domain]),
    [
      ['koa.sess', 0, '/app', 'example.com'],
      ['koa.sess.sig', 0, '/app', 'example.com'],
    ],
  );
});

test('`overwrite` replaces a cookie of its name that the app set; without it both are sent', async t => {
  for (const overwrite of [true, false]) {
    const browser = await visit(
      t,
      { overwrite, signed: false },
      {
        '': ctx => {
          ctx.cookies.set('koa.sess', 'the-app', { signed: false });
          ctx.session.user = 'ann';
        },
      },
    );
    const { cookies } = await browser.get();
    assert.equal(cookies.length, overwrite ? 1 : 2);
    assert.equal(recordIn(cookies.at(-1)?.value).user, 'ann');
  }
});

test("without `overwrite`, a response with two lifetimes does not give the first one's expiry to later cookies", async t => {
  const browser = await visit(
    t,
    { overwrite: false, signed: false, store: new RecordStore() },
    {
      ...account,
      both: async ctx => {
        await ctx.session.save();
        ctx.session.maxAge = 'session';
      },
      browser: ctx => {
        ctx.session.user = 'ben';
        ctx.session.maxAge = 'session';
      },
    },
  );
  for (const path of ['login', 'both', 'browser']) await browser.get(path);
  const { cookies } = await browser.get('browser', { cookie: '' });
  assert.deepEqual(
    cookies.map(({ attributes }) => attributes),
    [{ path: '/', httponly: true }],
  );
});

test('without `signed` there is no signature, and none is asked for; the app needs no keys', async t => {
  const app = appWith(sojourn.createSession, { signed: false }, account);
  app.keys = undefined as never;
  const browser = await serve(t, app);
  const { cookies } = await browser.get('login');
  assert.deepEqual(
    cookies.map(({ name }) => name),
    ['koa.sess'],
  );
  assert.equal(
    (await browser.get('', { cookie: `koa.sess=${plainText({ user: 'eve' })}` })).body,
    '{"user":"eve"}',
  );
});

for (const [name, keys] of Object.entries({
  'a list of keys': ['new', 'old'],
  'a Keygrip': new Keygrip(['new', 'old']),
  'a Keygrip with another hash': new Keygrip(['new', 'old'], 'sha512', 'hex'),
})) {
  test(`\`app.keys\` may be ${name}`, async t => {
    const app = appWith(sojourn.createSession, {}, account);
    app.keys = keys;
    const browser = await serve(t, app);
    const [cookie, signature] = (await browser.get('login')).cookies;
    const keygrip = Array.isArray(keys) ? new Keygrip(keys) : keys;
    assert.equal(signature?.value, keygrip.sign(`koa.sess=${cookie?.value}`));
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  });
}

test('keys that the app sets after `session()` count', async t => {
  const app = appWith(sojourn.createSession, {}, account);
  app.keys = ['set later'];
  const browser = await serve(t, app);
  await browser.get('login');
  assert.match(
    browser.cookieHeader,
    new RegExp(signedPair(browser.cookies.get('koa.sess')?.value ?? '', { key: 'set later' })),
  );
});

test('missing keys are told at the first request, whether it uses the session or not', async t => {
  for (const keys of [undefined, null, [], [''], [undefined], ['a secret', '']]) {
    const app = appWith(sojourn.createSession, {}, account);
    app.keys = keys as never;
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get()).status, 500);
    const [error] = errors as (Error & { code?: string })[];
    assert.equal(error?.code, 'ERR_SESSION_OPTIONS');
    assert.match(String(error), /`app\.keys = \[secret\]`: with `signed: false` anybody could/);
  }
});

test('a text in place of a list of keys is told as that', async t => {
  const app = appWith(sojourn.createSession, {}, account);
  app.keys = 'a secret' as never;
  const errors = errorsOf(app);
  assert.equal((await (await serve(t, app)).get()).status, 500);
  assert.match(String(errors[0]), /SessionOptionsError.*`app\.keys` is a text: set `app\.keys = \[secret\]`/);
});

test('a text for keys is no matter where the app makes its own `ctx.cookies`', async t => {
  const app = bareApp();
  app.keys = 'a secret' as never;
  app.use((ctx, next) => {
    ctx.cookies = new Cookies(ctx.req, ctx.res, { keys: [SECRET] });
    return next();
  });
  app.use(sojourn.createSession(app)).use(router(account));
  const browser = await serve(t, app);
  await browser.get('login');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});

test('a key rotation is seamless: an older key opens, the newest signs, a forgotten one does neither', async t => {
  const app = appWith(sojourn.createSession, {}, account);
  app.keys = ['new', 'old'];
  const browser = await serve(t, app);
  const old = signedRecord({ user: 'ann' }, { key: 'old' });
  const answer = await browser.get('', { cookie: old });
  assert.equal(answer.body, '{"user":"ann"}');
  const value = answer.cookie()?.value ?? '';
  assert.equal(
    `koa.sess=${value}; koa.sess.sig=${answer.cookie('koa.sess.sig')?.value}`,
    signedPair(value, { key: 'new' }),
  );
  assert.deepEqual((await browser.get()).cookies, [], 'once is enough');
  const forgotten = signedRecord({ user: 'ann' }, { key: 'older' });
  assert.equal((await browser.get('', { cookie: forgotten })).body, '{"user":null}');
});

for (const signed of [true, false]) {
  test(`of several cookies of one name the first that stands for a session counts, signed: ${signed}`, async t => {
    const store = new RecordStore();
    store.put('live', { user: 'ann' });
    const pair = (value: string) => (signed ? signedPair(value) : `koa.sess=${value}`);
    const over = plainText({ user: 'old', _expire: 1 });
    const inStore = await visit(t, { store, signed }, account);
    const inCookie = await visit(t, { signed }, account);
    for (const [browser, dead, live] of [
      [inStore, 'dead', 'live'],
      [inCookie, over, plainText({ user: 'ann' })],
    ] as const) {
      for (const pairs of [
        [dead, live],
        [live, dead],
        [dead, dead, dead, live],
      ]) {
        const cookie = pairs.map(pair).join('; ');
        assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
      }
    }
  });
}

test("a store's key that an older key signed is issued anew, the same", async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const app = appWith(sojourn.createSession, { store }, account);
  app.keys = ['new', 'old'];
  const answer = await (await serve(t, app)).get('', { cookie: signedPair('k', { key: 'old' }) });
  assert.deepEqual(
    answer.cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
    signedPair('k', { key: 'new' }),
  );
});

test('Secure follows the protocol where it is left out', async t => {
  const browser = await behindProxy(t, {});
  assert.equal((await browser.get('login')).cookie()?.attributes.secure, undefined);
  assert.equal((await browser.stranger().get('login', { headers: HTTPS })).cookie()?.attributes.secure, true);
});

test("`secure: 'auto'` and `sameSite: 'auto'` follow the protocol", async t => {
  const browser = await behindProxy(t, { secure: 'auto', sameSite: 'auto' });
  const plain = (await browser.get('login')).cookie();
  assert.deepEqual([plain?.attributes.secure, plain?.attributes.samesite], [undefined, 'lax']);
  const encrypted = (await browser.stranger().get('login', { headers: HTTPS })).cookie();
  assert.deepEqual([encrypted?.attributes.secure, encrypted?.attributes.samesite], [true, 'none']);
});

test("`sameSite: 'none'` with `secure` left out works behind a proxy", async t => {
  const browser = await behindProxy(t, { sameSite: 'none' });
  const cookie = (await browser.get('login', { headers: HTTPS })).cookie();
  assert.deepEqual([cookie?.attributes.secure, cookie?.attributes.samesite], [true, 'none']);
});

test('`secure: true` over plain HTTP fails the request that needs a cookie, and no other', async t => {
  const app = appWith(sojourn.createSession, { secure: true }, account);
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  assert.equal((await browser.get()).status, 200);
  const answer = await browser.get('login');
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.cookies, []);
  const [error] = errors as (Error & { code?: string })[];
  assert.equal(error?.code, 'ERR_SESSION_OPTIONS');
  assert.match(String(error), /plain HTTP.*`app\.proxy = true`.*X-Forwarded-Proto/);
});

test('a cookie of exactly 4096 bytes is sent, one byte more is an error', async t => {
  const options: TestOptions = {
    signed: false,
    encode: ({ text }) => String(text),
    decode: text => ({ text }),
  };
  const app = appWith(sojourn.createSession, options, {
    '': ctx => {
      ctx.session.text = 'x'.repeat(Number(ctx.query.length));
    },
  });
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  const most = 4096 - 'koa.sess'.length;
  assert.equal((await browser.get(`?length=${most}`)).cookie()?.value.length, most);
  const answer = await browser.get(`?length=${most + 1}`);
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.cookies, []);
  const [error] = errors as (Error & { code?: string })[];
  assert.deepEqual([error?.name, error?.code], ['SessionTooLargeError', 'ERR_SESSION_TOO_LARGE']);
  assert.match(String(error), /4097 bytes.*4096.*`store`/);
});

test('the size is that of the bytes: an own `encode` may give other letters than base64 does', async t => {
  const browser = await visit(
    t,
    { signed: false, encode: () => '\u00e9'.repeat(2045), decode: () => ({}) },
    account,
  );
  assert.equal((await browser.get('login')).status, 500);
});
