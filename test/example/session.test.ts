import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COOKIE, DAY, MINUTE, SECRET, serveExample, slowStore } from './site.js';

test('counts the views of each browser', async t => {
  const site = await serveExample(t);
  const [one, other] = [site.newVisitor(), site.newVisitor()];
  for (const [visitor, views] of [
    [one, '1 view'],
    [one, '2 views'],
    [other, '1 view'],
    [one, '3 views'],
  ] as const) {
    await visitor.open('/');
    assert.equal(visitor.heading, views);
  }
});

test('counts each of the views that overlap', async t => {
  const visitor = (await serveExample(t, slowStore())).newVisitor();
  await visitor.open('/');
  await Promise.all(Array.from({ length: 4 }, () => visitor.open('/')));
  await visitor.open('/');
  assert.equal(visitor.heading, '6 views');
});

test('shows what the session holds, its lifetime, and its cookie against the limit of browsers', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  const page = await visitor.open('/');
  assert.match(page, /<dt>views<\/dt> <dd><code>1<\/code><\/dd>/);
  assert.match(page, /<dt>Lifetime<\/dt> <dd>24 hours<\/dd>/);
  const [unused, latest] = [...page.matchAll(/<time datetime="([^"]+)"/g)].map(([, time]) =>
    Date.parse(time as string),
  );
  assert.ok(Math.abs((unused as number) - Date.now() - 30 * MINUTE) < MINUTE, `ends at ${unused}, if unused`);
  assert.ok(Math.abs((latest as number) - Date.now() - DAY) < MINUTE, `ends at ${latest} in any case`);
  const bytes = COOKIE.length + (visitor.browser.cookies.get(COOKIE)?.value.length ?? 0);
  assert.match(page, new RegExp(`${bytes} of 4,096 bytes`));
  assert.match(page, new RegExp(`<meter[^>]+max="4096"[^>]+value="${bytes}"`));
});

test('keeps a note, and escapes it', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  const page = await visitor.press('/note', { note: `<script>alert("it's")</script> & more` });
  assert.equal(visitor.notice, 'Your note is kept.');
  assert.ok(!page.includes('<script'));
  assert.match(page, /&lt;script&gt;alert\(\\&quot;it&#39;s\\&quot;\)&lt;\/script&gt; &amp; more/);
});

test('tells what a button did once', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  await visitor.press('/fill');
  assert.ok(visitor.notice);
  await visitor.open('/');
  assert.equal(visitor.notice, undefined);
});

test('says when the data would be too large for a cookie', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  assert.doesNotMatch(await visitor.open('/'), /bytes too many/);
  assert.match(await visitor.press('/fill'), /bytes too many/);
  assert.doesNotMatch(await visitor.press('/empty'), /bytes too many/);
});

test('regenerates the key: the data stay, and the old key opens nothing', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  await visitor.press('/note', { note: 'mine' });
  const cookie = visitor.browser.cookieHeader;
  assert.match(await visitor.press('/regenerate'), /mine/);
  assert.notEqual(visitor.browser.cookieHeader, cookie);
  assert.doesNotMatch((await visitor.browser.get('', { cookie })).body, /mine/);
});

test('switches to a browser session, and back', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  const expiry = () => visitor.browser.cookies.get(COOKIE)?.expiresAt;
  await visitor.open('/');
  assert.ok(expiry());
  assert.match(await visitor.press('/end-with-browser'), /until the browser closes/);
  assert.equal(expiry(), undefined);
  assert.match(await visitor.press('/keep-for-a-day'), /24 hours/);
  assert.ok(expiry());
});

test('logs out: the cookie is cleared, the session gone', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  await visitor.press('/note', { note: 'mine' });
  const cookie = visitor.browser.cookieHeader;
  await visitor.press('/log-out');
  assert.deepEqual([visitor.heading, visitor.browser.cookieHeader], ['Logged out', '']);
  await visitor.open('/');
  assert.equal(visitor.heading, '1 view');
  assert.doesNotMatch((await visitor.browser.get('', { cookie })).body, /mine/);
});

test('keeps its secrets out of the page, and scripts too', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  const { body, headers } = await visitor.browser.get('');
  const secrets = [SECRET, ...[...visitor.browser.cookies.values()].map(({ value }) => value)];
  for (const secret of secrets) assert.ok(!body.includes(secret));
  assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  assert.match(headers.get('cache-control') ?? '', /no-store/);
  assert.doesNotMatch(body, /<script|\son\w+=|style=|javascript:/i);
  const { attributes } = visitor.browser.cookies.get(COOKIE) ?? {};
  assert.deepEqual([attributes?.samesite, attributes?.httponly], ['lax', true]);
});

test('serves what its pages load', async t => {
  const { browser } = (await serveExample(t)).newVisitor();
  const files = { 'style.css': 'text/css', 'icon.svg': 'image/svg+xml', 'live.js': 'text/javascript' };
  for (const [path, type] of Object.entries(files)) {
    const { status, headers } = await browser.get(path);
    assert.deepEqual([status, headers.get('content-type')?.split(';')[0]], [200, type], path);
  }
});

test('makes no session where none is used', async t => {
  const site = await serveExample(t);
  for (const path of ['/logged-out', '/style.css', '/icon.svg', '/missing']) {
    const visitor = site.newVisitor();
    await visitor.open(path);
    assert.equal(visitor.browser.cookies.size, 0, path);
  }
});

test('has a page for an address where there is none', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/missing');
  assert.deepEqual([visitor.status, visitor.heading], [404, 'Not found']);
});
