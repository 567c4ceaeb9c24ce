import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Routes } from '../harness/app.js';
import { DAY, HOUR, stoppedClock } from '../harness/clock.js';
import { plainText, signedPair, signedRecord } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const site: Routes = {
  ...account,
  info: ctx => ({ ...ctx.sessionInfo, ended: ctx.sessionInfo.ended ?? null }),
  frozen: ctx => {
    assert.throws(() => Object.assign(ctx.sessionInfo, { owner: 'eve' }), TypeError);
  },
};

const reasons: [string, (now: number) => [TestOptions, string], { reason: string; at?: number } | null][] = [
  ['nothing', () => [{}, ''], null],
  ['a good cookie', () => [{}, signedRecord({ user: 'ann' })], null],
  [
    'a forged cookie',
    () => [{}, `koa.sess=${plainText({ user: 'eve' })}; koa.sess.sig=x`],
    { reason: 'tampered' },
  ],
  [
    'a cookie without its signature',
    () => [{}, `koa.sess=${plainText({ user: 'eve' })}`],
    { reason: 'tampered' },
  ],
  ['a cookie that is no record', () => [{}, signedPair('###')], { reason: 'malformed' }],
  [
    'a cookie that is over',
    now => [{}, signedRecord({ _expire: now - HOUR })],
    { reason: 'expired', at: -HOUR },
  ],
  ['a refused cookie', () => [{ valid: () => false }, signedRecord({ user: 'ann' })], { reason: 'invalid' }],
  [
    'a key that nothing stands under',
    () => [{ store: new RecordStore() }, signedPair('k')],
    { reason: 'unknown' },
  ],
];

for (const [what, given, ended] of reasons) {
  test(`of ${what} \`sessionInfo\` tells ${ended ? `that it is ${ended.reason}` : 'no end'}`, async t => {
    const clock = stoppedClock(t);
    const [options, cookie] = given(clock.now());
    const answer = await (await visit(t, options, site)).get('info', { cookie });
    const expected = ended && { reason: ended.reason, ...(ended.at && { at: clock.now() + ended.at }) };
    assert.deepEqual((answer.json as { ended: unknown }).ended, expected);
    assert.equal((answer.json as { available: unknown }).available, true);
  });
}

test('`sessionInfo` tells when the session is over, unless that is when the browser closes', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, {}, site);
  await browser.get('login');
  assert.equal(((await browser.get('info')).json as { expiresAt: unknown }).expiresAt, clock.now() + DAY);
  const lasting = await visit(t, { maxAge: 'session' }, site);
  await lasting.get('login');
  assert.ok(!('expiresAt' in ((await lasting.get('info')).json as object)));
});

test('`sessionInfo` cannot be changed', async t => {
  const browser = await visit(t, {}, site);
  assert.equal((await browser.get('frozen')).status, 200);
});

test('`sessionInfo` never throws, whatever the app’s own functions do', async t => {
  const decode = () => {
    throw new RangeError('the key is gone');
  };
  const browser = await visit(t, { decode }, site);
  assert.equal((await browser.get('info', { cookie: signedPair('text') })).status, 200);
});
