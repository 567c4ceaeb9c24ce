import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import Keygrip from 'keygrip';
import { appWith, SECRET } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { stoppedClock } from '../harness/clock.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';
import { MINUTE, site } from './kinds.js';

const IDLE = { idleTimeout: 10 * MINUTE } as const;
const ATTRIBUTES = {
  path: '/',
  domain: '127.0.0.1',
  sameSite: 'lax',
  priority: 'high',
  httpOnly: true,
} as const;

type Keys = string[] | Keygrip;

/** Serves an app with these keys to the visitor of another. */
async function withKeys(
  t: Parameters<typeof serve>[0],
  keys: Keys,
  options: TestOptions,
  from?: Browser,
): Promise<Browser> {
  const app = appWith(sojourn.createSession, options, site);
  app.keys = keys;
  const browser = await serve(t, app);
  for (const [name, cookie] of from?.cookies ?? []) browser.cookies.set(name, cookie);
  return browser;
}

/** HMAC-SHA-256 (RFC 2104) as base64url, reckoned without Keygrip. */
const sha256 = (key: string) => (pair: string) => createHmac('sha256', key).update(pair).digest('base64url');
const sha1 = (key: string) => (pair: string) => createHmac('sha1', key).update(pair).digest('base64url');

const KINDS: Readonly<Record<string, (...keys: string[]) => { keys: Keys; sign: (pair: string) => string }>> =
  {
    'a list of keys': (...keys) => ({ keys, sign: sha1(keys[0] as string) }),
    'a Keygrip of SHA-256': (...keys) => ({
      keys: new Keygrip(keys, 'sha256'),
      sign: sha256(keys[0] as string),
    }),
  };

/** Every cookie in the jar, but for signatures, has one beside it by this key, with the same attributes. */
function assertSigned({ cookies }: Browser, sign: (pair: string) => string): string[] {
  const names = [...cookies.keys()].filter(name => !name.endsWith('.sig'));
  for (const name of names) {
    const [cookie, signature] = [cookies.get(name), cookies.get(`${name}.sig`)];
    assert.equal(signature?.value, sign(`${name}=${cookie?.value}`), name);
    assert.deepEqual(signature?.attributes, cookie?.attributes, name);
  }
  return names;
}

for (const [what, make] of Object.entries(KINDS)) {
  describe(`with ${what}`, () => {
    test('the session and its stamp are signed, each with a signature of its attributes beside it', async t => {
      const clock = stoppedClock(t);
      const { keys, sign } = make(SECRET);
      const browser = await withKeys(t, keys, { ...IDLE, ...ATTRIBUTES });
      await browser.get('login');
      clock.advance(9 * MINUTE);
      await browser.get();
      assert.deepEqual(assertSigned(browser, sign), ['koa.sess', 'koa.sess.at']);
      clock.advance(9 * MINUTE);
      assert.equal((await browser.get()).body, '{"user":"ann"}');
    });

    test('a new key issues the session anew, cookie, signature and attributes; the stamp counts meanwhile', async t => {
      const clock = stoppedClock(t);
      const before = await withKeys(t, make('old').keys, { ...IDLE, ...ATTRIBUTES });
      await before.get('login');
      clock.advance(9 * MINUTE);
      await before.get();
      clock.advance(9 * MINUTE);
      const { keys, sign } = make('new', 'old');
      const browser = await withKeys(t, keys, { ...IDLE, ...ATTRIBUTES }, before);
      const answer = await browser.get();
      assert.equal(answer.body, '{"user":"ann"}', 'alive by the stamp that the older key signed');
      const { attributes, value } = answer.cookie() ?? {};
      assert.equal(answer.cookie('koa.sess.sig')?.value, sign(`koa.sess=${value}`));
      assert.deepEqual(answer.cookie('koa.sess.sig')?.attributes, attributes);
      const { expires, domain, path, samesite, priority, httponly } = attributes ?? {};
      assert.deepEqual(
        { domain, path, samesite, priority, httponly },
        { domain: '127.0.0.1', path: '/', samesite: 'lax', priority: 'high', httponly: true },
      );
      assert.ok(expires);
      assert.deepEqual((await browser.get()).cookies, [], 'once is enough');
      clock.advance(MINUTE);
      await browser.get();
      assert.deepEqual(assertSigned(browser, sign), ['koa.sess', 'koa.sess.at']);

      // And so the older key can go.
      clock.advance(9 * MINUTE);
      const after = await withKeys(t, make('new').keys, { ...IDLE, ...ATTRIBUTES }, browser);
      assert.equal((await after.get()).body, '{"user":"ann"}');
    });

    test('a store’s key is issued anew in the same way', async t => {
      stoppedClock(t);
      const store = new RecordStore();
      const before = await withKeys(t, make('old').keys, { store, ...ATTRIBUTES });
      await before.get('login');
      const { keys, sign } = make('new', 'old');
      const browser = await withKeys(t, keys, { store, ...ATTRIBUTES }, before);
      const answer = await browser.get();
      assert.equal(answer.cookie()?.value, before.cookies.get('koa.sess')?.value);
      assert.deepEqual(assertSigned(browser, sign), ['koa.sess']);
      assert.equal(answer.cookies.length, 2);
    });

    test('a stamp that a forgotten key signed is absent', async t => {
      const clock = stoppedClock(t);
      const browser = await withKeys(t, make('new').keys, IDLE);
      await browser.get('login');
      clock.advance(9 * MINUTE);
      await browser.get();
      const value = browser.cookies.get('koa.sess.at')?.value;
      const forged = make('forgotten').sign(`koa.sess.at=${value}`);
      clock.advance(9 * MINUTE);
      const cookie = browser.cookieHeader.replace(/koa\.sess\.at\.sig=[^;]*/, `koa.sess.at.sig=${forged}`);
      assert.equal((await browser.stranger().get('', { cookie })).body, '{"user":null}');
      assert.equal((await browser.get()).body, '{"user":"ann"}');
    });
  });
}

test('a signature of SHA-1 is none where the keys say SHA-256, and the other way round', async t => {
  stoppedClock(t);
  const kinds = Object.values(KINDS).map(make => make(SECRET).keys);
  for (const [one, other] of [kinds, [...kinds].reverse()] as [Keys, Keys][]) {
    const before = await withKeys(t, one, {});
    await before.get('login');
    const browser = await withKeys(t, other, {}, before);
    assert.equal((await browser.get('why')).body, '{"user":null,"ended":"tampered"}');
  }
});
