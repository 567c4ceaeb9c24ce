import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startExample } from './start.js';
import { Visitor } from './visitor.js';

test('makes its key at the first start, and keeps everybody’s session and account over a restart', async t => {
  const example = await startExample(t);
  const visitor = new Visitor(await example.start());
  await visitor.open('/');
  await visitor.press('/note', { note: 'still here' });
  await visitor.signUp('ann', 'correct horse battery');
  await example.stop();
  assert.equal((await stat(join(example.folder, '.key'))).mode & 0o777, 0o600);
  for (const file of ['sessions.db', 'accounts.db']) {
    assert.equal((await stat(join(example.folder, file))).mode & 0o077, 0, file);
  }

  const next = visitor.at(await example.start());
  await next.open('/');
  assert.equal(next.heading, '3 views');
  assert.match(next.page, /still here/);
  await next.press('/log-out');
  await next.signIn('ann', 'correct horse battery');
  assert.equal(next.heading, 'Your devices');
});

test('stops at once, with pages open that listen to it', async t => {
  const example = await startExample(t);
  const visitor = new Visitor(await example.start());
  await visitor.signUp('ann', 'correct horse battery');
  const { body } = await fetch(`${visitor.browser.base}/events`, {
    headers: { cookie: visitor.browser.cookieHeader },
  });
  await body?.getReader().read();
  const start = Date.now();
  await example.stop();
  assert.ok(Date.now() - start < 2_000, `took ${Date.now() - start} ms`);
});
