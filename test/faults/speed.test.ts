import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';
import type { Routes } from '../harness/app.js';
import { DAY } from '../harness/clock.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

// Speed is counted, not timed: what a machine does beside the test does not change the numbers.

const reader: Routes = {
  '': ctx => String(ctx.session.user),
  static: () => 'a style sheet',
};

const record = () => ({ user: 'ann', _expire: Date.now() + DAY, _maxAge: DAY });

/** Counts the calls of a built-in function while `run` runs, for the second time: nothing is set up any more. */
async function callsOf(t: TestContext, [holder, name]: [object, string], run: () => Promise<unknown>) {
  await run();
  const counted = t.mock.method(holder as { [name]: () => unknown }, name);
  await run();
  counted.mock.restore();
  return counted.mock.callCount();
}

/** Counts the hashes that `run` takes, in HMACs: those of `createHmac`, and those of two plain hashes. */
async function hmacsOf(t: TestContext, run: () => Promise<unknown>) {
  const whole = t.mock.method(crypto, 'createHmac');
  const halves = t.mock.method(crypto, 'hash');
  syncBuiltinESMExports();
  await run();
  t.mock.restoreAll();
  syncBuiltinESMExports();
  return whole.mock.callCount() + halves.mock.callCount() / 2;
}

mended('a signature is checked with one HMAC', async ({ t, visit }) => {
  const browser = await visit({}, reader);
  const cookie = signedRecord({ ...record(), note: 'too long to be remembered '.repeat(4) });
  const read = async () => assert.equal((await browser.get('', { cookie })).body, 'ann');
  await read();
  assert.equal(await hmacsOf(t, read), 1);
});

mended('a read of a cookie session stringifies its data once', async ({ t, visit }) => {
  const browser = await visit({}, reader);
  const cookie = signedRecord(record());
  const read = () => browser.get('', { cookie });
  assert.equal(await callsOf(t, [JSON, 'stringify'], read), 1);
});

mended('the data of a stored session that nobody looks at are not stringified', async ({ t, visit }) => {
  const store = new RecordStore();
  store.put('k', record());
  const browser = await visit({ store }, reader);
  const untouched = () => browser.get('static', { cookie: signedPair('k') });
  assert.equal(await callsOf(t, [JSON, 'stringify'], untouched), 0);
});

mended('with `lazy` the store is not asked by requests that do without a session', async ({ visit }) => {
  const store = new RecordStore();
  store.put('k', record());
  const browser = await visit({ store, lazy: true }, reader);
  await browser.get('static', { cookie: signedPair('k') });
  assert.deepEqual(store.calls, []);
});
