import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { type Ctx, eventsOf, type Routes } from '../harness/app.js';
import { SECOND, stoppedClock } from '../harness/clock.js';
import { dataOf, infoOf, STORES, siteWith, skipOf } from './site.js';

for (const [name, open] of Object.entries(STORES)) {
  describe(`with revocations in ${name}`, { skip: skipOf(name) }, () => {
    test('a copied cookie is dead after the logout, and its bearer is told why', async t => {
      const clock = stoppedClock(t);
      const { app, browser } = await siteWith(t, await open(t));
      const [ended, missed] = [eventsOf(app, 'session:ended'), eventsOf(app, 'session:missed')];
      await browser.get('login');
      const copy = browser.copy();
      const { handle, owner } = await infoOf(browser);
      assert.match(handle, /^[\w-]{22}$/);
      assert.equal(owner, 'ann');
      const logout = await browser.get('logout');
      assert.equal(logout.cookie()?.expiresAt, 0);
      clock.advance(SECOND);
      const answer = await copy.get('info');
      const info = answer.json as { ended: object; handle?: string };
      assert.deepEqual(info.ended, { reason: 'logout', at: clock.now() - SECOND });
      assert.equal(info.handle, undefined);
      assert.deepEqual(answer.cookies, [], 'it is left alone');
      assert.deepEqual(await dataOf(copy), {});
      assert.deepEqual(
        ended.map(event => [event.handle, event.reason]),
        [[handle, 'logout']],
      );
      assert.deepEqual(
        missed.map(({ key, value }) => [key, (value as { user: string }).user]),
        [
          [undefined, 'ann'],
          [undefined, 'ann'],
        ],
      );
    });

    test('one session is ended from outside, by its handle, for the reason that is given', async t => {
      const { app, sessions, browser } = await siteWith(t, await open(t));
      const ended = eventsOf(app, 'session:ended');
      const other = browser.stranger();
      await browser.get('login');
      await other.get('login');
      const { handle } = await infoOf(browser);
      assert.equal(await sessions.end(handle, { reason: 'stolen' }), true);
      assert.equal(await sessions.end(handle), false, 'it is over already');
      assert.equal((await infoOf(browser)).ended?.reason, 'stolen');
      assert.deepEqual(await dataOf(other), { user: 'ann' });
      assert.deepEqual(ended, [{ handle, reason: 'stolen', ctx: undefined }]);
    });

    test('with `owner`, a handle of another account is left as it is', async t => {
      const { sessions, browser } = await siteWith(t, await open(t));
      await browser.get('login');
      const { handle } = await infoOf(browser);
      for (const owner of ['bob', 'eve']) await sessions.end(handle, { owner });
      assert.deepEqual(await dataOf(browser), { user: 'ann' });
      assert.equal(await sessions.end(handle, { owner: 'ann', reason: 'device lost' }), true);
      assert.equal(await sessions.end(handle, { owner: 'ann' }), false);
      assert.equal((await infoOf(browser)).ended?.reason, 'device lost');
    });

    test('all sessions of an account are ended, but for those that are spared, and later ones', async t => {
      const clock = stoppedClock(t);
      const { app, sessions, browser } = await siteWith(t, await open(t));
      const ended = eventsOf(app, 'session:ended');
      const [ann1, ann2, bob, late] = [browser, browser.stranger(), browser.stranger(), browser.stranger()];
      await ann1.get('login');
      await ann2.get('login');
      await bob.get('login?as=bob');
      const { handle } = await infoOf(ann2);
      assert.equal(await sessions.endAll('ann', { except: handle, reason: 'password changed' }), 0);
      assert.deepEqual(ended, [], 'nobody knows which');
      await late.get('login');
      assert.deepEqual((await infoOf(ann1)).ended, { reason: 'password changed', at: clock.now() });
      for (const [who, user] of [
        [ann2, 'ann'],
        [bob, 'bob'],
        [late, 'ann'],
      ] as const)
        assert.deepEqual(await dataOf(who), { user });
      clock.advance(SECOND);
      await sessions.endAll('ann');
      for (const who of [ann1, ann2, late]) assert.equal((await infoOf(who)).ended?.reason, 'revoked');
      assert.deepEqual(await dataOf(bob), { user: 'bob' });
    });

    test('whoever is spared the second time only, is not spared', async t => {
      const clock = stoppedClock(t);
      const { sessions, browser } = await siteWith(t, await open(t));
      const [first, second] = [browser, browser.stranger()];
      await first.get('login');
      await second.get('login');
      const [one, two] = [(await infoOf(first)).handle, (await infoOf(second)).handle];
      await sessions.endAll('ann', { except: one });
      clock.advance(SECOND);
      const third = browser.stranger();
      await third.get('login');
      const three = (await infoOf(third)).handle;
      clock.advance(SECOND);
      await sessions.endAll('ann', { except: [one, two, three] });
      assert.deepEqual(await dataOf(first), { user: 'ann' });
      assert.deepEqual(await dataOf(second), {}, 'its end was before');
      assert.deepEqual(await dataOf(third), { user: 'ann' });
    });

    test('many at once end one account and one session, and none of it is lost', async t => {
      const { sessions, browser } = await siteWith(t, await open(t));
      const devices = Array.from({ length: 8 }, () => browser.stranger());
      for (const device of devices) await device.get('login');
      const handles = await Promise.all(devices.map(async device => (await infoOf(device)).handle));
      const [first = ''] = handles;
      await Promise.all([
        ...handles.map(handle => sessions.endAll('ann', { except: handle })),
        ...['bob', 'eve', 'ann'].map(owner => sessions.end(first, { owner })),
      ]);
      const left = await Promise.all(devices.map(async device => (await infoOf(device)).ended));
      assert.ok(left.filter(ended => ended === undefined).length <= 1, 'each is spared by one call of eight');
      await sessions.end(first);
      assert.ok((await infoOf(devices[0] as never)).ended);
    });
  });
}

test('with sealed cookies, and with several cookies for a large session, it is the same', async t => {
  const big: Routes = {
    write: ctx => {
      ctx.session.text = 'x'.repeat(5000);
    },
  };
  for (const options of [sealed(generateKey()), { oversize: 'chunk' as const }]) {
    const { browser } = await siteWith(t, memoryStore(), { oversize: 'chunk', ...options }, big);
    await browser.get('login');
    await browser.get('write');
    const copy = browser.copy();
    assert.equal((await copy.get()).body, '{"user":"ann"}');
    await browser.get('logout');
    assert.equal((await infoOf(copy)).ended?.reason, 'logout');
  }
});

test('a session that is emptied of its data is ended', async t => {
  const { browser } = await siteWith(t, memoryStore());
  await browser.get('login');
  const copy = browser.copy();
  assert.equal((await browser.get('empty')).cookie()?.expiresAt, 0);
  assert.equal((await infoOf(copy)).ended?.reason, 'logout');
});

test('a request that ends all others of its account goes on', async t => {
  const clock = stoppedClock(t);
  let endOthers: (ctx: Ctx) => Promise<unknown> = async () => {};
  const routes = { 'end-others': (ctx: Ctx) => endOthers(ctx) };
  const { sessions, browser } = await siteWith(t, memoryStore(), {}, routes);
  endOthers = async ctx => {
    await sessions.endAll('ann', { except: ctx.session });
    await ctx.session.regenerate();
  };
  const other = browser.stranger();
  await browser.get('login');
  await other.get('login');
  clock.advance(SECOND);
  const before = browser.copy();
  await browser.get('end-others');
  assert.deepEqual(await dataOf(browser), { user: 'ann' }, 'also under its new cookie');
  assert.equal((await infoOf(other)).ended?.reason, 'revoked');
  assert.equal((await infoOf(before)).ended?.reason, 'rotated');
});

test('a lazy session is ended without being loaded, and asked for where it is loaded', async t => {
  const routes = {
    load: async (ctx: Ctx) => ({ ...(await ctx.loadSession()) }),
    why: async (ctx: Ctx) => {
      await ctx.loadSession();
      return ctx.sessionInfo.ended?.reason;
    },
    login: async (ctx: Ctx) => {
      await ctx.loadSession();
      ctx.session.user = 'ann';
    },
  };
  const { browser } = await siteWith(t, memoryStore(), { lazy: true }, routes);
  await browser.get('login');
  const copy = browser.copy();
  assert.deepEqual((await copy.get('load')).json, { user: 'ann' });
  assert.equal((await browser.get('logout')).cookie()?.expiresAt, 0);
  assert.equal((await copy.get('why')).body, 'logout');
  assert.deepEqual((await copy.get('logout')).cookies, [], 'somebody else ended it');
});

test('cookie sessions cannot be listed or counted, and that is told', async t => {
  const { sessions } = await siteWith(t, memoryStore());
  const refusal = { code: 'ERR_SESSION_OPTIONS', message: /`revocations`: cookie sessions .*`store`/ };
  await assert.rejects(sessions.list('ann'), refusal);
  await assert.rejects(sessions.count(), refusal);
  assert.throws(() => sessions.all(), refusal);
});

test('what is no handle ends nothing; without `owner` no account is ended as if it had worked', async t => {
  const { sessions } = await siteWith(t, memoryStore());
  for (const handle of ['', 'a b', 'x'.repeat(65), '../..']) assert.equal(await sessions.end(handle), false);
  const refusal = { code: 'ERR_SESSION_OPTIONS', message: /option `owner`/ };
  const { sessions: ownerless } = await siteWith(t, memoryStore(), { owner: undefined });
  await assert.rejects(ownerless.endAll('ann'), refusal);
  await assert.rejects(ownerless.end('handle', { owner: 'ann' }), refusal);
  assert.equal(await ownerless.end('handle'), true);
});

test('what is over is pruned, from a store of which one asks it', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t, memoryStore(), { absoluteTimeout: 10 * SECOND });
  await browser.get('login');
  await browser.get('logout');
  assert.equal(await sessions.prune(), 0);
  clock.advance(2 * 86_400_000);
  assert.equal(await sessions.prune(), 1);
});
