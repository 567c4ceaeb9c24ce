import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { koaSession6 } from '../differential/koa-session-6.js';
import { appWith, eventsOf, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { DAY, SECOND, stoppedClock } from '../harness/clock.js';
import { recordIn, signedRecord } from '../harness/cookies.js';
import { koaSession7, sojourn } from '../harness/packages.js';
import { dataOf, infoOf, site, siteWith } from './site.js';

/** The header, whatever the browser's own clock says of its cookies. */
function headerOf(browser: Browser): string {
  return [...browser.cookies.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
}

describe('a cookie is refused before its end can be forgotten:', () => {
  for (const [what, options] of Object.entries({
    'one that ends with the browser': { maxAge: 'session' as const },
    'one with a longer lifetime': { maxAge: 1000 * DAY },
  })) {
    test(`${what}, 400 days after its save`, async t => {
      const clock = stoppedClock(t);
      const { app, browser } = await siteWith(t, memoryStore(), options);
      const expired = eventsOf(app, 'session:expired');
      await browser.get('login');
      clock.advance(200 * DAY);
      await browser.get('write?page=2', { cookie: headerOf(browser) });
      const cookie = headerOf(browser);
      const read = async () => (await browser.stranger().get('read', { cookie })).json;
      clock.advance(400 * DAY - 1);
      assert.deepEqual(await read(), { user: 'ann', page: '2' });
      const info = (await browser.stranger().get('info', { cookie })).json as { expiresAt: number };
      assert.equal(info.expiresAt, clock.now() + 1);
      clock.advance(1);
      assert.deepEqual(await read(), {});
      assert.equal(expired.length, 1);
    });
  }

  test('in none of its days does an ended session live again', async t => {
    const clock = stoppedClock(t);
    const options = { maxAge: 1000 * DAY };
    for (const end of ['logout', 'all', 'regenerate']) {
      const { sessions, browser } = await siteWith(t, memoryStore(), options);
      await browser.get('login');
      const cookie = headerOf(browser);
      await (end === 'all' ? sessions.endAll('ann') : browser.get(end));
      for (let day = 0; day <= 420; day += 7) {
        assert.deepEqual((await browser.stranger().get('read', { cookie })).json, {}, `${end}, day ${day}`);
        clock.advance(7 * DAY);
      }
    }
  });

  test('with `absoluteTimeout` an end is remembered as long as that, and a day longer', async t => {
    const clock = stoppedClock(t);
    const store: SessionStore = memoryStore();
    const { browser } = await siteWith(t, store, { absoluteTimeout: 10 * DAY, maxAge: 'session' });
    await browser.get('login');
    clock.advance(5 * DAY);
    await browser.get('logout', { cookie: headerOf(browser) });
    assert.equal(await store.prune?.({ now: clock.now() + 11 * DAY - 1 }), 0);
    assert.equal(await store.prune?.({ now: clock.now() + 11 * DAY }), 1);
  });

  test('an account’s row whose time is over is begun anew, though the store has not cleaned it up', async t => {
    const clock = stoppedClock(t);
    const store: SessionStore = memoryStore({ pruneInterval: 2 ** 31 - 1 });
    const { sessions, browser } = await siteWith(t, store, { absoluteTimeout: DAY });
    await sessions.endAll('ann');
    clock.advance(3 * DAY);
    await browser.get('login');
    await sessions.endAll('ann');
    assert.equal((await infoOf(browser)).ended?.reason, 'revoked');
  });
});

test('who signs in after all sessions were ended, in the same millisecond, is signed in', async t => {
  stoppedClock(t);
  const { sessions, browser } = await siteWith(t, memoryStore());
  const before = browser.stranger();
  await before.get('login');
  await sessions.endAll('ann');
  await browser.get('login');
  assert.deepEqual(await dataOf(before), {});
  assert.deepEqual(await dataOf(browser), { user: 'ann' });
  await sessions.endAll('ann');
  assert.deepEqual(await dataOf(browser), {});
  await browser.get('login');
  assert.deepEqual(await dataOf(browser), { user: 'ann' });
});

describe('cookies from before the option was switched on', () => {
  const olds = {
    'a lifetime': () => ({ _expire: Date.now() + DAY, _maxAge: DAY }),
    'the browser for its lifetime': () => ({ _session: true }),
  };
  for (const [what, fields] of Object.entries(olds)) {
    test(`that have ${what} are taken, have a name at once, and keep it with their next save`, async t => {
      const clock = stoppedClock(t);
      const { sessions, browser } = await siteWith(t, memoryStore());
      const old = signedRecord({ user: 'ann', ...fields() });
      const answer = await browser.get('info', { cookie: old });
      const { handle, createdAt } = answer.json as { handle: string; createdAt: number };
      assert.match(handle, /^[\w-]{22}$/);
      assert.equal(createdAt, clock.now());
      assert.deepEqual(answer.cookies, [], 'a read saves nothing');
      clock.advance(SECOND);
      await browser.get('write?page=2', { cookie: old });
      const { _handle, _created } = recordIn(browser.cookies.get('koa.sess')?.value);
      assert.deepEqual([_handle, _created], [handle, createdAt + (what === 'a lifetime' ? 0 : SECOND)]);
      assert.equal((await infoOf(browser)).handle, handle);
      await sessions.end(handle);
      for (const cookie of [old, headerOf(browser)])
        assert.deepEqual((await browser.stranger().get('read', { cookie })).json, {});
    });

    test(`that have ${what} are ended by a logout, and with all of their account`, async t => {
      stoppedClock(t);
      for (const end of ['logout', 'all']) {
        const { sessions, browser } = await siteWith(t, memoryStore());
        const cookie = signedRecord({ user: 'ann', ...fields() });
        await (end === 'all' ? sessions.endAll('ann') : browser.get('logout', { cookie }));
        assert.deepEqual((await browser.stranger().get('read', { cookie })).json, {}, end);
      }
    });
  }

  test('that tell no time do not escape the end of all sessions, though a slow request saves one', async t => {
    const clock = stoppedClock(t);
    let meanwhile: () => Promise<unknown> = async () => {};
    const { sessions, browser } = await siteWith(
      t,
      memoryStore(),
      { maxAge: 'session' },
      {
        slow: async ctx => {
          await meanwhile();
          ctx.session.page = 'slow';
        },
      },
    );
    meanwhile = async () => {
      clock.advance(SECOND);
      await sessions.endAll('ann');
      clock.advance(SECOND);
    };
    await browser.get('slow', { cookie: signedRecord({ user: 'ann', _session: true }) });
    assert.equal((await infoOf(browser)).ended?.reason, 'revoked');
  });
});

/** Paths that both packages can serve. */
const shared: Routes = {
  login: site.login as never,
  logout: site.logout as never,
  write: site.write as never,
  '': site[''] as never,
};

for (const theirs of [koaSession6, koaSession7]) {
  const name = theirs === koaSession6 ? 'koa-session 6' : 'koa-session 7';
  for (const maxAge of [DAY, 'session'] as const) {
    test(`cookies pass to ${name} and back, with maxAge ${maxAge}`, async t => {
      const { sessions, browser: ours } = await siteWith(t, memoryStore(), { maxAge });
      const other = await serve(t, appWith(theirs.createSession, { maxAge }, shared));
      const handOver = (from: Browser, to: Browser) => {
        for (const [cookie, value] of from.cookies) to.cookies.set(cookie, value);
      };
      await ours.get('login');
      await ours.get('regenerate');
      const { handle } = await infoOf(ours);
      handOver(ours, other);
      assert.equal((await other.get()).body, '{"user":"ann"}', 'theirs passes over what is ours');
      handOver(other, ours);
      assert.equal((await infoOf(ours)).handle, handle, 'what theirs did not save is as it was');
      await other.get('write?page=2');
      handOver(other, ours);
      assert.deepEqual(await dataOf(ours), { user: 'ann', page: '2' });
      const renamed = (await infoOf(ours)).handle;
      assert.notEqual(renamed, handle, 'theirs drops the name, and it has another');
      await sessions.end(renamed);
      assert.deepEqual(await dataOf(ours), {});
    });
  }
}

test('without the option a cookie has what it always had', async t => {
  const clock = stoppedClock(t);
  const browser = await serve(t, appWith(sojourn.createSession, {}, site));
  await browser.get('login');
  const record = recordIn(browser.cookies.get('koa.sess')?.value);
  assert.deepEqual(record, { user: 'ann', _expire: clock.now() + DAY, _maxAge: DAY });
});
