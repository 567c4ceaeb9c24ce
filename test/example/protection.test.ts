import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveExample } from './site.js';

test('refuses a form that another site sent', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  const { base } = visitor.browser;
  const foreign: Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site', Origin: base },
    { Origin: 'https://evil.example' },
    { Origin: `${base}.evil.example` },
    { Origin: 'null' },
  ];
  for (const headers of foreign) {
    const { status } = await visitor.send('/fill', { token: visitor.token }, headers);
    assert.equal(status, 403, JSON.stringify(headers));
  }
  assert.doesNotMatch(await visitor.open('/'), /<dt>filler/);
});

test('refuses a method that it does not know', async t => {
  const { browser } = (await serveExample(t)).newVisitor();
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    assert.equal((await browser.get('', { method })).status, 403, method);
});

test('takes a form of its own page', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  const own: Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'same-origin' },
    { Origin: visitor.browser.base },
  ];
  for (const headers of own) {
    const { status } = await visitor.send('/fill', { token: visitor.token }, headers);
    assert.equal(status, 303, JSON.stringify(headers));
  }
});

test('refuses a form without its session’s token, or with another’s, on every path', async t => {
  const site = await serveExample(t);
  const [visitor, other] = [site.newVisitor(), site.newVisitor()];
  await Promise.all([visitor.open('/'), other.open('/')]);
  assert.ok(other.token.length > 20 && other.token !== visitor.token);
  const paths = ['/fill', '/log-out', '/sign-in', '/sign-up', '/devices/sign-out-others', '/password'];
  for (const path of paths) {
    for (const form of [{}, { token: '' }, { token: other.token }, { token: `${visitor.token}x` }]) {
      const { status, body } = await visitor.send(path, form as Record<string, string>);
      assert.deepEqual([status, /<h1>Refused/.test(body)], [403, true], `${path} ${JSON.stringify(form)}`);
    }
  }
  await visitor.open('/');
  assert.equal(visitor.heading, '2 views');
});

test('refuses a form without a token from a visitor who has no session', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  for (const form of [{}, { token: '' }, { token: 'undefined' }]) {
    assert.equal((await visitor.send('/fill', form as Record<string, string>)).status, 403);
  }
});

test('has another token once somebody has signed in', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  const { token } = visitor;
  await visitor.signUp('ann', 'correct horse battery');
  assert.notEqual(visitor.token, token);
});

test('refuses a form that is longer than the site’s own', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  assert.equal((await visitor.send('/note', { note: 'x'.repeat(5000) })).status, 413);
});
