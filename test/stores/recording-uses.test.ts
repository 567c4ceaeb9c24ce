import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { account } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import { HOUR, SECOND, stoppedClock } from '../harness/clock.js';
import { visit } from '../harness/visit.js';

/** A visitor of a site with a deadline, a minute after the sign-in; `uses` are the records of a use. */
async function signedInForAMinute(t: TestContext) {
  const clock = stoppedClock(t);
  const memory = memoryStore();
  const touch = t.mock.method(memory, 'touch');
  const store = failingStore(memory);
  const options = { store, idleTimeout: HOUR, onStoreFailure: 'anonymous' } as const;
  const browser: Browser = await visit(t, options, account);
  await browser.get('login');
  clock.advance(60 * SECOND);
  return { browser, store, clock, uses: () => touch.mock.callCount() };
}

test('requests that come together record one use', async t => {
  const { browser, clock, uses } = await signedInForAMinute(t);
  const visitAtOnce = () => Promise.all(Array.from({ length: 20 }, () => browser.get()));
  await visitAtOnce();
  assert.equal(uses(), 1);
  clock.advance(60 * SECOND);
  await visitAtOnce();
  assert.equal(uses(), 2);
});

test('sessions that are used together record a use each', async t => {
  const { browser, clock, uses } = await signedInForAMinute(t);
  await browser.get();
  const other = browser.stranger();
  await other.get('login');
  clock.advance(60 * SECOND);
  await Promise.all([browser.get(), other.get()]);
  assert.equal(uses(), 3);
});

test('a use that could not be recorded is recorded by the next request', async t => {
  const { browser, store, uses } = await signedInForAMinute(t);
  store.fail('touch', new Error('connection lost'), { times: 1 });
  assert.equal((await browser.get()).status, 200);
  assert.equal(uses(), 0);
  await browser.get();
  await browser.get();
  assert.equal(uses(), 1);
});
