import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sealed } from 'sojourn';
import { plainText, recordIn } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';
import { chunksOf, clearedOf, KEY, site } from './site.js';

test('a plain session in chunks needs its signature where a seal takes plain ones', async t => {
  const plain = await visit(t, { oversize: 'chunk' }, site);
  await plain.get('fill?size=4000');
  const sealing = await visit(t, { ...sealed(KEY, { acceptPlain: true }), oversize: 'chunk' }, site);
  const cookie = plain.cookieHeader;
  assert.equal((await sealing.get('read', { cookie })).body, 'known 4000');
  const unsigned = cookie.replace(/koa\.sess\.sig=[^;]*; /, '');
  assert.equal((await sealing.get('read', { cookie: unsigned })).body, 'new 0');
});

test('chunks that an older response left are no harm, and are cleared by the next save', async t => {
  const browser = await visit(t, { oversize: 'chunk' }, site);
  await browser.get('fill?size=10');
  const cookie = `koa.sess.2=left~; koa.sess.7=; koa.sess.1x=1; koa.sess.=2; ${browser.cookieHeader}; koa.sess.20=z`;
  assert.equal((await browser.get('read', { cookie })).body, 'known 10');
  assert.deepEqual(clearedOf(await browser.get('fill?size=11', { cookie })), [
    'koa.sess.2',
    'koa.sess.7',
    'koa.sess.20',
  ]);
});

test('of chunks of one name, as other paths leave them, the right ones are taken', async t => {
  const browser = await visit(t, { oversize: 'chunk' }, site);
  await browser.get('fill?size=4000');
  const old = browser.cookieHeader.match(/koa\.sess\.\d=[^;]*/g)?.join('; ');
  await browser.get('fill?size=4200');
  for (const cookie of [`${old}; ${browser.cookieHeader}`, `${browser.cookieHeader}; ${old}`]) {
    assert.equal((await browser.get('read', { cookie })).body, 'known 4200');
  }
});

test('of chunks that begin alike the first counts, as of all cookies', async t => {
  const browser = await visit(t, { oversize: 'chunk' }, site);
  await browser.get('fill?size=4000');
  const forged = browser.cookieHeader.match(/koa\.sess\.1=[^;]*/)?.[0].replace(/.~$/, '~');
  assert.equal(
    (await browser.get('read', { cookie: `${browser.cookieHeader}; ${forged}` })).body,
    'known 4000',
  );
  assert.equal((await browser.get('read', { cookie: `${forged}; ${browser.cookieHeader}` })).body, 'new 0');
});

test('of two sessions in chunks the authentic one counts', async t => {
  const browser = await visit(t, { oversize: 'chunk' }, site);
  await browser.get('fill?size=4000');
  const forged = browser.cookieHeader.replace(/(?<=koa\.sess=~1\.2\.)./, digit =>
    digit === '_' ? '-' : '_',
  );
  assert.notEqual(forged, browser.cookieHeader);
  assert.equal(
    (await browser.get('read', { cookie: `${forged}; ${browser.cookieHeader}` })).body,
    'known 4000',
  );
  assert.equal((await browser.get('read', { cookie: forged })).body, 'new 0');
});

test('a lazy session that is ended without being loaded leaves no chunk', async t => {
  const browser = await visit(
    t,
    { lazy: true, oversize: 'chunk' },
    {
      ...site,
      fill: async ctx => {
        const session = await ctx.loadSession();
        session.text = 'x'.repeat(4000);
      },
    },
  );
  await browser.get('fill');
  assert.equal(chunksOf(browser).length, 2);
  await browser.get('logout');
  assert.equal(browser.cookieHeader, '');
});

test("chunks that the app's own `decode` fails on are cleared with their cookie", async t => {
  let isFailing = false;
  const browser = await visit(
    t,
    {
      oversize: 'chunk',
      decode: text => {
        if (isFailing) throw new Error('of the app');
        return recordIn(text);
      },
    },
    site,
  );
  await browser.get('fill?size=4000');
  isFailing = true;
  const answer = await browser.get('read');
  assert.equal(answer.status, 500);
  assert.equal(browser.cookieHeader, '');
});

test('the key of a stored session is never taken for chunks', async t => {
  const text = plainText({ text: 'x'.repeat(4000) });
  const digest = createHash('sha256').update(text).digest('base64url');
  const half = digest.slice(0, 8);
  const chunks = `koa.sess.1=${half}${text.slice(0, 3000)}~; koa.sess.2=${half}${text.slice(3000)}~`;
  const store = new RecordStore();
  store.put(text, { text: 'in the store' });
  const stored = await visit(t, { store, signed: false }, site);
  const cookie = `koa.sess=~1.2.${digest}; ${chunks}`;
  assert.equal((await stored.get('read', { cookie })).body, 'new 0');
  const inCookie = await visit(t, { signed: false }, site);
  assert.equal(
    (await inCookie.get('read', { cookie })).body,
    'known 4000',
    'and would be a session otherwise',
  );
});
