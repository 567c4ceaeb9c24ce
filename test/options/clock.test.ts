import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

test('a clock that is put in the place of `Date.now` after `session()` counts', async t => {
  const browser = await visit(t, { maxAge: 60_000 }, account);
  await browser.get('login');
  const cookie = browser.cookieHeader;
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
  const later = Date.now() + 61_000;
  t.mock.method(Date, 'now', () => later);
  assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
});

test('a store keeps a record ten seconds longer than the cookie, however the clock goes on meanwhile', async t => {
  const store = new RecordStore();
  let now = 1_700_000_000_000;
  const browser = await visit(t, { store, maxAge: 60_000, clock: () => now++ }, account);
  await browser.get('login');
  assert.equal(store.callsOf('set')[0]?.maxAge, 70_000);
});
