import assert from 'node:assert/strict';
import { account } from '../harness/app.js';
import { DAY, HOUR, stoppedClock } from '../harness/clock.js';
import { recordIn, signedPair } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

mended('the first cookie expires when later ones do: after a day by default', async ({ t, visit }) => {
  const clock = stoppedClock(t);
  const browser = await visit({}, account);
  assert.equal((await browser.get('login')).cookie()?.expiresAt, clock.now() + DAY);
});

mended('`maxAge: 0` is a session that is over at once', async ({ t, visit }) => {
  const clock = stoppedClock(t);
  const browser = await visit({ maxAge: 0 }, account);
  const cookie = (await browser.get('login')).cookie();
  assert.equal((await browser.get('', { cookie: signedPair(cookie?.value ?? '') })).body, '{"user":null}');
  assert.equal(cookie?.expiresAt, clock.now());
});

mended('a store is told of a browser session in ms', async ({ visit }) => {
  const store = new RecordStore();
  const browser = await visit({ store, maxAge: 'session', sessionTtl: 2 * HOUR }, account);
  await browser.get('login');
  await browser.get();
  assert.deepEqual(
    store.calls.map(({ verb, maxAge }) => [verb, maxAge]),
    [
      ['set', 2 * HOUR],
      ['get', 2 * HOUR],
    ],
  );
});

mended('a browser session stays one when the app saves it twice', async ({ visit }) => {
  const browser = await visit(
    { maxAge: 'session' },
    {
      '': async ctx => {
        ctx.session.user = 'ann';
        await ctx.session.save();
        ctx.session.user = 'bob';
      },
    },
  );
  const cookie = (await browser.get()).cookie();
  assert.equal(cookie?.attributes.expires, undefined);
  assert.deepEqual(recordIn(cookie?.value), { user: 'bob', _session: true });
});

mended('an expired record leaves the store when it is seen', async ({ t, visit }) => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  const browser = await visit({ store, maxAge: HOUR }, account);
  await browser.get('login');
  const cookie = browser.cookieHeader;
  clock.advance(2 * HOUR);
  assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
  assert.deepEqual(store.keys, []);
});

mended('a cut of the configured lifetime reaches the sessions that are live', async bench => {
  const clock = stoppedClock(bench.t);
  const store = bench.createStore();
  const before = await bench.visit({ store, maxAge: DAY }, account);
  await before.get('login');
  const after = await bench.visit({ store, maxAge: HOUR }, account);
  const visitor = { cookie: before.cookieHeader };
  assert.equal((await after.get('', visitor)).body, '{"user":"ann"}');
  clock.advance(2 * HOUR);
  assert.equal((await after.get('', visitor)).body, '{"user":null}');
});
