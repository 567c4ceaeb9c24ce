import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appWith, eventsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { recordIn } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { CHUNKED, chunksOf, clearedOf, MODES, namesOf, site } from './site.js';

for (const [mode, options] of Object.entries(MODES)) {
  const chunking: TestOptions = { ...options, oversize: 'chunk' };

  test(`${mode} over 4096 bytes is several, none of them larger, and they are one session`, async t => {
    const browser = await visit(t, chunking, site);
    const answer = await browser.get('fill?size=4000');
    assert.equal(answer.status, 200);
    assert.match(answer.cookie()?.value ?? '', CHUNKED);
    assert.deepEqual(chunksOf(browser), ['koa.sess.1', 'koa.sess.2']);
    for (const { name, value } of answer.cookies) assert.ok(name.length + value.length <= 4096);
    assert.equal((await browser.get('read')).body, 'known 4000');
    assert.deepEqual((await browser.get('read')).cookies, [], 'what is only read is not sent again');
  });

  test(`${mode} is put together whatever the order of the header`, async t => {
    const browser = await visit(t, chunking, site);
    await browser.get('fill?size=4000');
    const cookie = browser.cookieHeader.split('; ').reverse().join('; ');
    assert.equal((await browser.get('read', { cookie })).body, 'known 4000');
  });

  test(`${mode} that shrinks, fits one cookie again, or ends leaves no chunk behind`, async t => {
    const browser = await visit(t, { ...chunking, oversize: { chunk: 12_000 } }, site);
    await browser.get('fill?size=7000');
    assert.deepEqual(chunksOf(browser), ['koa.sess.1', 'koa.sess.2', 'koa.sess.3']);
    assert.deepEqual(clearedOf(await browser.get('fill?size=4000')), ['koa.sess.3']);
    assert.equal((await browser.get('read')).body, 'known 4000');
    assert.deepEqual(clearedOf(await browser.get('fill?size=10')), ['koa.sess.1', 'koa.sess.2']);
    assert.equal((await browser.get('read')).body, 'known 10');
    assert.deepEqual(chunksOf(browser), []);
    await browser.get('fill?size=4000');
    const { cookies } = await browser.get('logout');
    assert.ok(cookies.every(({ value, expiresAt }) => value === '' || expiresAt === 0));
    assert.equal(browser.cookieHeader, '');
    assert.equal((await browser.get('read')).body, 'new 0');
  });

  test(`${mode}: of chunks of two responses none makes a session`, async t => {
    const app = appWith(sojourn.createSession, chunking, site);
    const tampered = eventsOf(app, 'session:tampered');
    const browser = await serve(t, app);
    await browser.get('fill?size=4000');
    const other = browser.copy();
    await other.get('fill?size=4100');
    const mixed = browser.copy();
    for (const name of ['koa.sess', 'koa.sess.sig']) {
      const cookie = other.cookies.get(name);
      if (cookie) mixed.cookies.set(name, cookie);
    }
    const answer = await mixed.get('read');
    assert.deepEqual([answer.status, answer.body, answer.cookies], [200, 'new 0', []]);
    assert.equal(tampered.length, 1);
    assert.deepEqual((await mixed.get('fill?size=1')).status, 200);
    assert.deepEqual(chunksOf(mixed), [], 'the next session leaves none of them');
  });

  test(`${mode} is read with the option off, and cut up no more`, async t => {
    const [on, off] = [await visit(t, chunking, site), await visit(t, options, site)];
    await on.get('fill?size=4000');
    for (const [name, cookie] of on.cookies) off.cookies.set(name, cookie);
    assert.equal((await off.get('read')).body, 'known 4000');
    assert.equal((await off.get('fill?size=4001')).status, 500);
    assert.deepEqual(clearedOf(await off.get('fill?size=20')), ['koa.sess.1', 'koa.sess.2']);
    assert.equal((await off.get('read')).body, 'known 20');
  });

  test(`${mode} that fits is the same cookie with the option as without`, async t => {
    const clock = stoppedClock(t);
    const [on, off] = [await visit(t, chunking, site), await visit(t, options, site)];
    const [a, b] = [await on.get('fill?size=2000'), await off.get('fill?size=2000')];
    assert.deepEqual(namesOf(a), namesOf(b));
    // A seal has a nonce, and a session with deadlines a handle of its own.
    if (!/sealed|deadlines/.test(mode)) {
      assert.deepEqual(a.headers.getSetCookie(), b.headers.getSetCookie());
      assert.equal(recordIn(a.cookie()?.value)._expire, clock.now() + DAY);
    }
    assert.equal((await on.get('read', { cookie: off.cookieHeader })).body, 'known 2000');
  });
}
