import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Routes } from '../harness/app.js';
import { DAY, HOUR, SECOND, stoppedClock } from '../harness/clock.js';
import { recordIn, signedPair, signedRecord } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
  short: ctx => {
    ctx.session.user = 'ann';
    ctx.session.maxAge = HOUR;
  },
  assign: ctx => {
    ctx.session = { user: 'ann', maxAge: HOUR };
  },
  'until-close': ctx => {
    ctx.session.maxAge = 'session';
  },
  back: ctx => {
    Object.assign(ctx.session, { maxAge: null });
  },
};

for (const [where, options] of Object.entries<TestOptions>({
  cookie: {},
  store: { store: new RecordStore() },
})) {
  test(`with \`rolling\` each response of a session prolongs it, in a ${where}`, async t => {
    const clock = stoppedClock(t);
    const browser = await visit(t, { ...options, rolling: true, maxAge: DAY }, site);
    assert.deepEqual((await browser.get()).cookies, [], 'there is no session yet');
    await browser.get('login');
    clock.advance(HOUR);
    assert.equal((await browser.get()).cookie()?.expiresAt, clock.now() + DAY);
    clock.advance(DAY - 1);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
    clock.advance(DAY);
    assert.equal((await browser.get()).body, '{"user":null}');
  });

  test(`with \`renew\` a session is prolonged once half of its life is over, in a ${where}`, async t => {
    const clock = stoppedClock(t);
    const browser = await visit(t, { ...options, renew: true, maxAge: DAY }, site);
    await browser.get('login');
    clock.advance(DAY / 2);
    assert.deepEqual((await browser.get()).cookies, []);
    clock.advance(SECOND);
    assert.equal((await browser.get()).cookie()?.expiresAt, clock.now() + DAY);
    assert.deepEqual((await browser.get()).cookies, []);
  });

  test(`without either a read sets no cookie, and the session is over in time, in a ${where}`, async t => {
    const clock = stoppedClock(t);
    const browser = await visit(t, { ...options, maxAge: DAY }, site);
    await browser.get('login');
    const cookie = browser.cookieHeader;
    clock.advance(DAY - 1);
    const last = await browser.get('', { cookie });
    assert.deepEqual([last.body, last.cookies], ['{"user":"ann"}', []]);
    clock.advance(1);
    assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
  });

  for (const path of ['short', 'assign']) {
    test(`an own lifetime (${path}) counts from then on, in a ${where}`, async t => {
      const clock = stoppedClock(t);
      const browser = await visit(t, { ...options, rolling: true, maxAge: DAY }, site);
      assert.equal((await browser.get(path)).cookie()?.expiresAt, clock.now() + HOUR);
      clock.advance(HOUR / 2);
      assert.equal((await browser.get()).cookie()?.expiresAt, clock.now() + HOUR);
      const cookie = browser.cookieHeader;
      clock.advance(HOUR);
      assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
    });
  }

  test(`a lifetime that is set saves a session whose data are unchanged, in a ${where}`, async t => {
    const clock = stoppedClock(t);
    const browser = await visit(t, { ...options, maxAge: DAY }, site);
    await browser.get('login');
    assert.equal((await browser.get('until-close')).cookie()?.expiresAt, undefined);
    clock.advance(2 * DAY);
    assert.equal((await browser.get()).body, '{"user":"ann"}', 'the browser is open still');
    assert.equal((await browser.get('back')).cookie()?.expiresAt, clock.now() + DAY);
  });
}

test('a lifetime that is set on a new session saves it, empty as it is', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, {}, { '': ctx => Object.assign(ctx.session, { maxAge: HOUR }).length });
  const cookie = (await browser.get()).cookie();
  assert.deepEqual(recordIn(cookie?.value), { _expire: clock.now() + HOUR, _maxAge: HOUR });
});

for (const maxAge of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1 day', {}, true]) {
  test(`${String(maxAge)} is no lifetime`, async t => {
    const browser = await visit(
      t,
      {},
      {
        '': ctx => {
          assert.throws(() => Object.assign(ctx.session, { maxAge }), {
            name: 'TypeError',
            message: /maxAge/,
          });
        },
      },
    );
    const answer = await browser.get();
    assert.deepEqual([answer.status, answer.cookies], [200, []]);
  });
}

test('`rolling` sends a cookie session again only where the app used it', async t => {
  const browser = await visit(t, { rolling: true }, site);
  assert.deepEqual((await browser.get('static', { cookie: signedRecord({ user: 'ann' }) })).cookies, []);
});

test('`rolling` prolongs a stored session that the app did not use', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  store.put('k', { user: 'ann', _expire: clock.now() + HOUR, _maxAge: DAY });
  const browser = await visit(t, { store, rolling: true }, site);
  const answer = await browser.get('static', { cookie: signedPair('k') });
  assert.equal(answer.cookie()?.expiresAt, clock.now() + DAY);
  assert.deepEqual(store.record('k'), { user: 'ann', _expire: clock.now() + DAY, _maxAge: DAY });
});

test('a browser session is one until the browser closes, however long that takes', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { maxAge: 'session' }, site);
  const cookie = (await browser.get('login')).cookie();
  assert.equal(cookie?.attributes.expires, undefined);
  assert.deepEqual(recordIn(cookie?.value), { user: 'ann', _session: true });
  clock.advance(1000 * DAY);
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});

test('`clock` decides every deadline', async t => {
  let now = Date.now() - 5 * DAY;
  const browser = await visit(t, { clock: () => now, maxAge: DAY }, site);
  const cookie = (await browser.get('login')).cookie();
  assert.equal(Math.floor(now / 1000) * 1000 + DAY, cookie?.expiresAt);
  const visitor = { cookie: signedPair(cookie?.value ?? '') };
  assert.equal((await browser.get('', visitor)).body, '{"user":"ann"}');
  now += DAY;
  assert.equal((await browser.get('', visitor)).body, '{"user":null}');
});

for (const maxAge of [-1, Number.NaN, '1 day']) {
  test(`${String(maxAge)} as \`ctx.sessionOptions.maxAge\` fails the request that saves`, async t => {
    const browser = await visit(
      t,
      {},
      {
        '': ctx => {
          ctx.session.user = 'ann';
          ctx.sessionOptions.maxAge = maxAge;
        },
      },
    );
    const answer = await browser.get();
    assert.deepEqual([answer.status, answer.cookies], [500, []]);
  });
}
