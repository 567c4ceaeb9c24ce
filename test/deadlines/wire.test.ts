import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { koaSession6 } from '../differential/koa-session-6.js';
import { account, appWith, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { recordIn } from '../harness/cookies.js';
import type { CreateSession } from '../harness/packages.js';
import { koaSession7, sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { MINUTE, type Times } from './kinds.js';

/** Paths that both packages can serve. */
const shared: Routes = {
  ...account,
  write: ctx => {
    ctx.session.page = String(ctx.query.page);
  },
  show: ctx => ctx.session.toJSON(),
};

const ours: Routes = {
  ...shared,
  times: ctx => {
    const { createdAt, lastSeenAt } = ctx.sessionInfo;
    return { createdAt, lastSeenAt, user: ctx.session.user };
  },
};

const DEADLINES = { idleTimeout: 10 * MINUTE, absoluteTimeout: 60 * MINUTE };

const PLACES: Readonly<Record<string, () => object>> = {
  'a cookie': () => ({}),
  'a store': () => ({ store: new RecordStore() }),
};

const PACKAGES: readonly (readonly [string, CreateSession])[] = [
  ['koa-session 6', koaSession6.createSession],
  ['koa-session 7', koaSession7.createSession],
];

function handOver(from: Browser, to: Browser): Browser {
  for (const [name, cookie] of from.cookies) to.cookies.set(name, cookie);
  return to;
}

for (const [theirName, createTheirs] of PACKAGES) {
  for (const [where, place] of Object.entries(PLACES)) {
    describe(`a session with deadlines in ${where}, and ${theirName}`, () => {
      test('what ours wrote theirs reads, shows none of the bookkeeping, and drops it when it saves', async t => {
        const clock = stoppedClock(t);
        const options = place();
        const one = await serve(t, appWith(sojourn.createSession, { ...options, ...DEADLINES }, ours));
        await one.get('login');
        clock.advance(MINUTE);
        await one.get();
        const two = handOver(one, await serve(t, appWith(createTheirs, options, shared)));
        assert.equal((await two.get()).body, '{"user":"ann"}');
        assert.equal((await two.get('write?page=2')).status, 200);
        const kept =
          'store' in options
            ? (options.store as RecordStore).record((options.store as RecordStore).keys[0] ?? '')
            : recordIn(two.cookies.get('koa.sess')?.value);
        assert.deepEqual(kept, { user: 'ann', page: '2', _expire: clock.now() + DAY, _maxAge: DAY });
      });

      test('what theirs saved begins anew for ours, at the save; another stamp does not fit it', async t => {
        const clock = stoppedClock(t);
        const options = place();
        const one = await serve(t, appWith(sojourn.createSession, { ...options, ...DEADLINES }, ours));
        await one.get('login');
        clock.advance(9 * MINUTE);
        await one.get();
        const two = handOver(one, await serve(t, appWith(createTheirs, options, shared)));
        await two.get('write?page=2');
        const savedAt = clock.now();
        handOver(two, one);
        clock.advance(5 * MINUTE);
        const told = (await one.get('times')).json as Times;
        assert.deepEqual(told, { createdAt: savedAt, lastSeenAt: savedAt, user: 'ann' });
        clock.advance(5 * MINUTE);
        // By the use that `times` was, which is kept beside what koa-session wrote.
        const again = (await one.get('times')).json as Times;
        assert.deepEqual(again, { createdAt: savedAt, lastSeenAt: clock.now() - 5 * MINUTE, user: 'ann' });
        clock.advance(10 * MINUTE);
        assert.deepEqual((await one.get('times')).json, {});
      });

      test('what theirs began lives on with ours by its use, and goes back again', async t => {
        const clock = stoppedClock(t);
        const options = place();
        const theirs = await serve(t, appWith(createTheirs, options, shared));
        await theirs.get('login');
        const begun = clock.now();
        const one = handOver(
          theirs,
          await serve(t, appWith(sojourn.createSession, { ...options, ...DEADLINES }, ours)),
        );
        for (let turn = 0; turn < 3; turn++) {
          clock.advance(9 * MINUTE);
          assert.equal((await one.get()).body, '{"user":"ann"}');
        }
        await one.get('write?page=3');
        const { createdAt } = (await one.get('times')).json as Times;
        assert.equal(createdAt, begun);
        assert.equal((await handOver(one, theirs).get('show')).body, '{"user":"ann","page":"3"}');
      });
    });
  }
}
