import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Koa from 'koa';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { appWith, bareApp, eventsOf, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { DAY, SECOND, stoppedClock } from '../harness/clock.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

const owner = (data: { user?: string }) => data.user;

const site: Routes = {
  cart: ctx => {
    ctx.session.cart = ['tea'];
  },
  login: ctx => {
    ctx.session.user = ctx.query.as ?? 'ann';
  },
  regenerate: ctx => ctx.session.regenerate(),
  read: ctx => ({ ...ctx.session }),
  info: ctx => ctx.sessionInfo,
};

const dataOf = async (browser: Browser) => (await browser.get('read')).json;
const whyEnded = async (browser: Browser) =>
  ((await browser.get('info')).json as { ended?: { reason: string; at: number } }).ended;

test('whoever signed in first gives way, and is told why', async t => {
  const clock = stoppedClock(t);
  const app = appWith(sojourn.createSession, { store: memoryStore(), owner, maxSessions: 2 }, site);
  const ended = eventsOf(app, 'session:ended');
  const phone = await serve(t, app);
  const [tablet, desk] = [phone.stranger(), phone.stranger()];
  const handles: unknown[] = [];
  for (const device of [phone, tablet, desk]) {
    clock.advance(SECOND);
    await device.get('login');
    handles.push(((await device.copy().get('info')).json as { handle: string }).handle);
  }
  assert.deepEqual(
    ended.map(({ handle, reason }) => [handle, reason]),
    [[handles[0], 'displaced']],
  );
  assert.deepEqual(await whyEnded(phone), { reason: 'displaced', at: clock.now() });
  assert.deepEqual([await dataOf(tablet), await dataOf(desk)], [{ user: 'ann' }, { user: 'ann' }]);
});

test('a refused sign-in is a 409, and leaves the visitor as they were', async t => {
  const store = memoryStore();
  const options = { store, owner, maxSessions: { limit: 1, policy: 'refuse' } } as const;
  const phone = await visit(t, options, site);
  await phone.get('login');
  const desk = phone.stranger();
  await desk.get('cart');
  const refused = await desk.get('login');
  assert.deepEqual([refused.status, refused.cookies.length], [409, 0]);
  assert.deepEqual([await dataOf(desk), await dataOf(phone)], [{ cart: ['tea'] }, { user: 'ann' }]);
  const stranger = await phone.stranger().get('login');
  assert.deepEqual([stranger.status, stranger.cookies.length], [409, 0]);
  assert.deepEqual([await store.count('ann'), await store.count()], [1, 2]);
});

test('a session that only a shorter lifetime of today has ended keeps nobody out', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  const options = { store, owner, maxSessions: { limit: 1, policy: 'refuse' } } as const;
  const phone = await visit(t, { ...options, maxAge: 30 * DAY }, site);
  await phone.get('login');
  clock.advance(2 * DAY);
  const today = await visit(t, { ...options, maxAge: 3 * DAY }, site);
  assert.equal((await today.get('login')).status, 409, 'it is live still');
  clock.advance(DAY);
  assert.equal(await store.count('ann', { now: clock.now() }), 1, 'a store does not know');
  assert.equal((await today.get('login')).status, 200);
  assert.equal(await store.count('ann'), 1);
  assert.equal((await today.stranger().get('login')).status, 409);
});

test('the refusal is an error that says what to do', async t => {
  const options = { store: memoryStore(), owner, maxSessions: { limit: 1, policy: 'refuse' } } as const;
  const phone = await visit(t, options, {
    ...site,
    login: async ctx => {
      ctx.session.user = 'ann';
      await ctx.session.save().catch(({ name, code, status, message }) => {
        ctx.session = {};
        ctx.body = { name, code, status, message };
      });
    },
  });
  await phone.get('login');
  const { message, ...error } = (await phone.stranger().get('login')).json as Record<string, unknown>;
  assert.deepEqual(error, { name: 'SessionLimitError', code: 'ERR_SESSION_LIMIT', status: 409 });
  assert.match(String(message), /`maxSessions`.*sign out/);
});

test('one account has its limit apart from another, and from those who are nobody', async t => {
  const browser = await visit(t, { store: memoryStore(), owner, maxSessions: 1 }, site);
  const [bob, nobody] = [browser.stranger(), browser.stranger()];
  await browser.get('login?as=ann');
  await bob.get('login?as=bob');
  await nobody.get('cart');
  assert.deepEqual(await dataOf(browser), { user: 'ann' });
  assert.deepEqual(await dataOf(bob), { user: 'bob' });
});

test('a new key for the same account counts for no further session', async t => {
  for (const policy of ['end-oldest', 'refuse'] as const) {
    const store = memoryStore();
    const browser = await visit(t, { store, owner, maxSessions: { limit: 1, policy } }, site);
    await browser.get('login');
    assert.equal((await browser.get('regenerate')).status, 200);
    assert.deepEqual([await dataOf(browser), await store.count('ann')], [{ user: 'ann' }, 1]);
  }
});

test('a request that is no sign-in asks the store no more than without the options', async t => {
  const counts = await Promise.all(
    [{}, { owner, maxSessions: 1, device: () => 'a phone' }].map(async options => {
      const { store, calls } = recorded();
      const browser = await visit(t, { store, ...options } as never, site);
      await browser.get('login');
      calls.length = 0;
      await browser.get('read');
      await browser.get('cart');
      await browser.get('regenerate');
      return calls;
    }),
  );
  assert.deepEqual(counts[0], ['find', 'find', 'update', 'find', 'move']);
  assert.deepEqual(counts[1], counts[0]);
});

/** A store, and the verbs that it was asked for. */
function recorded() {
  const calls: string[] = [];
  const store = new Proxy(memoryStore(), {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return member.apply(target, args);
      };
    },
  });
  return { store, calls };
}

test('the device is remembered as it was at the sign-in', async t => {
  const store = memoryStore();
  const device = (ctx: Koa.Context) => ({ ip: ctx.ip, agent: ctx.get('user-agent') });
  const browser = await visit(t, { store, owner, device }, site);
  await browser.get('login', { headers: { 'user-agent': 'Phone' } });
  await browser.get('cart', { headers: { 'user-agent': 'Desk' } });
  const { sessions } = await store.list('ann', { limit: 10 });
  assert.deepEqual(
    sessions.map(each => JSON.parse(String(each.device))),
    [{ ip: '127.0.0.1', agent: 'Phone' }],
  );
});

test('a mistake in the options is told at start, with the mend', () => {
  const store = memoryStore();
  const { find, insert, update, touch, move, end } = store;
  const bare = { find, insert, update, touch, move, end };
  const mistakes: [object, RegExp][] = [
    [{ store, owner: 'user' }, /`owner` must be a function/],
    [{ store, owner, maxSessions: 0 }, /`maxSessions` must be a number of sessions, 1 or more/],
    [{ store, owner, maxSessions: 1.5 }, /`maxSessions` must be/],
    [{ store, owner, maxSessions: { limit: 1, policy: 'newest' } }, /`maxSessions` must be/],
    [{ store, owner, maxSessions: { limit: 1, polcy: 'refuse' } }, /`maxSessions` must be/],
    [{ store, maxSessions: 1 }, /`maxSessions` needs `owner`/],
    [{ store, device: () => 1 }, /`device` needs `owner`/],
    [{ owner, maxSessions: 1 }, /`maxSessions` needs a sojourn store/],
    [{ store: new RecordStore(), owner, device: () => 1 }, /`device` needs a sojourn store/],
    [{ store: bare, owner, maxSessions: 1 }, /`maxSessions` needs a store that knows owners.*`list`/],
  ];
  for (const [options, message] of mistakes)
    assert.throws(() => session(bareApp(), options), { code: 'ERR_SESSION_OPTIONS', message });
});
