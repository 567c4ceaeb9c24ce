import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { sealed } from 'sojourn';
import { account, appWith, eventsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';

const other = createRequire(import.meta.url)('sojourn') as { sealed: typeof sealed; generateKey(): string };

test("a cookie that the package's other copy sealed, and that was altered, is told as tampered", async t => {
  const app = appWith(sojourn.createSession, { ...other.sealed(other.generateKey()) }, account);
  const tampered = eventsOf(app, 'session:tampered');
  const browser = await serve(t, app);
  await browser.get('login');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  const answer = await browser.get('', { cookie: `${browser.cookieHeader.slice(0, -2)}AA` });
  assert.deepEqual([answer.status, answer.body, tampered.length], [200, '{"user":null}', 1]);
});
