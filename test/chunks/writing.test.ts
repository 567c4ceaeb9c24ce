import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import Keygrip from 'keygrip';
import { generateKey, sealed } from 'sojourn';
import { appWith, bareApp, router, SECRET } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { recordIn, signedPair } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { visit } from '../harness/visit.js';
import { chunksOf, clearedOf, KEY, setOf, site } from './site.js';

test("the chunks' attributes are those of the session cookie, and only that one is signed", async t => {
  const clock = stoppedClock(t);
  const options = { path: '/app', domain: 'example.com', sameSite: 'lax', priority: 'high' } as const;
  const browser = await visit(t, { ...options, oversize: 'chunk' }, site);
  const { cookies } = await browser.get('fill?size=4000');
  assert.deepEqual(
    cookies.map(({ name }) => name),
    ['koa.sess', 'koa.sess.sig', 'koa.sess.1', 'koa.sess.2'],
  );
  const attributes = {
    path: '/app',
    domain: 'example.com',
    samesite: 'lax',
    priority: 'high',
    httponly: true,
  };
  const expires = new Date(clock.now() + DAY).toUTCString();
  for (const cookie of cookies) assert.deepEqual(cookie.attributes, { ...attributes, expires });
  const value = cookies[0]?.value;
  assert.equal(cookies[1]?.value, new Keygrip([SECRET]).sign(`koa.sess=${value}`));
  const [, ...chunks] = cookies.slice(1).map(cookie => cookie.value.slice(8, -1));
  const digest = createHash('sha256').update(chunks.join('')).digest('base64url');
  assert.equal(value, `~1.2.${digest}`);
  assert.equal(recordIn(chunks.join('')).text, 'x'.repeat(4000));
});

test("with `maxAge: 'session'` the chunks end with the browser, too", async t => {
  const browser = await visit(t, { maxAge: 'session', oversize: 'chunk' }, site);
  const { cookies } = await browser.get('fill?size=4000');
  assert.deepEqual(
    cookies.map(({ expiresAt }) => expiresAt),
    [undefined, undefined, undefined, undefined],
  );
  assert.equal((await browser.get('read')).body, 'known 4000');
});

for (const overwrite of [true, false]) {
  test(`a session that is saved twice in one response is the last one, with overwrite: ${overwrite}`, async t => {
    const browser = await visit(t, { overwrite, oversize: { chunk: 16_000 } }, site);
    for (const [first, then] of [
      [4000, 7000],
      [7000, 4000],
      [7000, 10],
      [10, 4000],
    ]) {
      const visitor = browser.stranger();
      await visitor.get(`twice?first=${first}&then=${then}`);
      assert.equal((await visitor.get('read')).body, `known ${then}`, `${first}, ${then}`);
      const expected = { 10: 0, 4000: 2, 7000: 3 }[String(then)];
      assert.equal(chunksOf(visitor).length, expected, `${first}, ${then}`);
    }
  });
}

test('after a key rotation the response signs anew, and sends all chunks', async t => {
  const app = appWith(sojourn.createSession, { oversize: 'chunk' }, site);
  const browser = await serve(t, app);
  await browser.get('fill?size=4000');
  app.keys = ['a newer secret', SECRET];
  const answer = await browser.get('read');
  assert.equal(answer.body, 'known 4000');
  assert.deepEqual(setOf(answer), ['koa.sess', 'koa.sess.sig', 'koa.sess.1', 'koa.sess.2']);
  app.keys = ['a newer secret'];
  assert.deepEqual((await browser.get('read')).cookies, []);
  assert.equal((await browser.get('read')).body, 'known 4000');
});

test('after a rotation of the sealing key all chunks are sealed anew', async t => {
  const newer = generateKey();
  const old = await visit(t, { ...sealed(KEY), oversize: 'chunk' }, site);
  await old.get('fill?size=4000');
  const both = await visit(t, { ...sealed([newer, KEY]), oversize: 'chunk' }, site);
  const answer = await both.get('read', { cookie: old.cookieHeader });
  assert.deepEqual([answer.body, setOf(answer).length], ['known 4000', 3]);
  const after = await visit(t, { ...sealed(newer), oversize: 'chunk' }, site);
  assert.equal((await after.get('read', { cookie: both.cookieHeader })).body, 'known 4000');
});

test('sessions of one app keep to their own chunks', async t => {
  const app = bareApp();
  app.use(sojourn.createSession(app, { oversize: 'chunk' }));
  app.use(sojourn.createSession(app, { key: 'other', property: 'other', oversize: 'chunk' }));
  app.use(
    router({
      fill: ctx => {
        ctx.session.text = 'x'.repeat(4000);
        Object.assign((ctx as unknown as { other: object }).other, { text: 'y'.repeat(4000) });
      },
      logout: ctx => {
        ctx.session = null;
      },
      read: ctx => {
        const { text } = (ctx as unknown as { other: { text: string } }).other;
        return `${String(ctx.session.text).length} ${text.slice(0, 1)} ${text.length}`;
      },
    }),
  );
  const browser = await serve(t, app);
  await browser.get('fill');
  assert.equal((await browser.get('read')).body, '4000 y 4000');
  const cleared = clearedOf(await browser.get('logout'));
  assert.deepEqual(cleared.sort(), ['koa.sess', 'koa.sess.1', 'koa.sess.2', 'koa.sess.sig']);
  assert.equal((await browser.get('read')).body, '9 y 4000');
});

test('the chunks reach the client though the app fails', async t => {
  const browser = await visit(t, { oversize: 'chunk' }, site);
  const answer = await browser.get('fail');
  assert.deepEqual(
    [answer.status, setOf(answer)],
    [418, ['koa.sess', 'koa.sess.sig', 'koa.sess.1', 'koa.sess.2']],
  );
  assert.equal((await browser.get('read')).body, 'known 4000');
});

test("a request's own options count", async t => {
  const browser = await visit(
    t,
    {},
    {
      ...site,
      own: ctx => {
        ctx.sessionOptions.oversize = 'chunk';
        ctx.session.text = 'x'.repeat(4000);
      },
    },
  );
  assert.equal((await browser.get('own')).status, 200);
  assert.equal((await browser.get('read')).body, 'known 4000');
});

test('a session cookie of a size that fits is signed and written as before, chunks or not', async t => {
  const browser = await visit(t, { oversize: 'chunk' }, site);
  const { value = '' } = (await browser.get('fill?size=100')).cookie() ?? {};
  assert.equal(browser.cookieHeader, signedPair(value));
});
