import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { account, type Ctx, type Routes } from '../harness/app.js';
import { SECOND, stoppedClock } from '../harness/clock.js';
import { visit } from '../harness/visit.js';

const MINUTE = 60 * SECOND;

const site: Routes = {
  ...account,
  why: ctx => ({ user: ctx.session.user ?? null, ended: ctx.sessionInfo.ended?.reason ?? null }),
  regenerate: ctx => ctx.session.regenerate(),
};

test('a session is over at the very millisecond of its idle deadline, and says why', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { store: memoryStore(), idleTimeout: 10 * MINUTE }, site);
  await browser.get('login');
  const other = browser.copy();
  clock.advance(10 * MINUTE - 1);
  assert.equal((await other.copy().get()).body, '{"user":"ann"}');
  clock.advance(10 * MINUTE);
  assert.equal((await other.copy().get('why')).body, '{"user":null,"ended":"idle"}');
});

test('use keeps a session from its idle deadline; the use is recorded once in `touchAfter`', async t => {
  const clock = stoppedClock(t);
  const touches: number[] = [];
  const store = memoryStore();
  const counted = {
    ...bound(store),
    touch: (...args: Parameters<typeof store.touch>) => {
      touches.push(Date.now());
      return store.touch(...args);
    },
  };
  const browser = await visit(t, { store: counted as never, idleTimeout: 10 * MINUTE }, site);
  await browser.get('login');
  const start = clock.now();
  for (let step = 0; step < 60; step++) {
    clock.advance(MINUTE / 2);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
  assert.equal(clock.now() - start, 30 * MINUTE);
  assert.equal(touches.length, 30, 'the default is one tenth of the idle time-out, at most a minute');
});

test('the absolute deadline comes however active the session is', async t => {
  const clock = stoppedClock(t);
  const options = {
    store: memoryStore(),
    idleTimeout: 10 * MINUTE,
    absoluteTimeout: 30 * MINUTE,
    rolling: true,
  };
  const browser = await visit(t, options, site);
  await browser.get('login');
  for (let step = 0; step < 5; step++) {
    clock.advance(5 * MINUTE);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
  await browser.get('regenerate');
  clock.advance(5 * MINUTE - 1);
  assert.equal((await browser.copy().get()).body, '{"user":"ann"}');
  clock.advance(1);
  assert.equal((await browser.get('why')).body, '{"user":null,"ended":"absolute"}');
});

test('a use does not prolong what `maxAge` promised', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(
    t,
    { store: memoryStore(), maxAge: 15 * MINUTE, idleTimeout: 10 * MINUTE },
    site,
  );
  await browser.get('login');
  const cookie = browser.cookieHeader;
  clock.advance(9 * MINUTE);
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
  clock.advance(6 * MINUTE);
  assert.equal((await browser.get('why', { cookie })).body, '{"user":null,"ended":"expired"}');
});

for (const [name, before, after] of [
  ['maxAge', 60, 5],
  ['idleTimeout', 60, 5],
  ['absoluteTimeout', 60, 5],
] as const) {
  test(`a configured \`${name}\` that is cut reaches sessions that are live`, async t => {
    const clock = stoppedClock(t);
    const store = memoryStore();
    const long = await visit(t, { store, [name]: before * MINUTE }, site);
    await long.get('login');
    clock.advance(6 * MINUTE);
    const short = await visit(t, { store, [name]: after * MINUTE }, site);
    assert.equal((await short.get('', { cookie: long.cookieHeader })).body, '{"user":null}');
  });

  test(`a configured \`${name}\` that is cut is what a live session says of its end`, async t => {
    const clock = stoppedClock(t);
    const store = memoryStore();
    const long = await visit(t, { store, [name]: before * MINUTE }, site);
    await long.get('login');
    const endsAt = clock.now() + after * MINUTE;
    clock.advance(MINUTE);
    const ends = { ...site, ends: (ctx: Ctx) => ctx.sessionInfo.expiresAt };
    const short = await visit(t, { store, [name]: after * MINUTE }, ends);
    assert.equal((await short.get('ends', { cookie: long.cookieHeader })).json, endsAt);
  });
}

test('a session that the app gave a lifetime of its own keeps it when the configured one is cut', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  const long = await visit(
    t,
    { store, maxAge: 60 * MINUTE },
    {
      ...site,
      login: ctx => {
        ctx.session = { user: 'ann', maxAge: 60 * MINUTE };
      },
    },
  );
  await long.get('login');
  clock.advance(6 * MINUTE);
  const short = await visit(t, { store, maxAge: 5 * MINUTE }, site);
  assert.equal((await short.get('', { cookie: long.cookieHeader })).body, '{"user":"ann"}');
});

test("with `onStoreFailure: 'anonymous'` a use that could not be recorded fails no request", async t => {
  const clock = stoppedClock(t);
  const store = failingStore(memoryStore());
  const options = { store, idleTimeout: 10 * MINUTE, onStoreFailure: 'anonymous' } as const;
  const browser = await visit(t, options, site);
  await browser.get('login');
  clock.advance(2 * MINUTE);
  store.fail('touch');
  assert.deepEqual([(await browser.get()).status, (await browser.get()).body], [200, '{"user":"ann"}']);
});

for (const [reason, end] of Object.entries({ logout: 'logout', rotated: 'regenerate' })) {
  test(`the next visitor with an old key is told that its session was ended by: ${reason}`, async t => {
    const browser = await visit(t, { store: memoryStore() }, site);
    await browser.get('login');
    const old = browser.copy();
    await browser.get(end);
    assert.equal((await old.get('why')).body, `{"user":null,"ended":"${reason}"}`);
  });
}

/** The store's methods as properties of a plain object, so that one of them can be replaced. */
function bound(store: object): object {
  const prototype = Object.getPrototypeOf(store);
  const names = [
    ...new Set([...Object.getOwnPropertyNames(store), ...Object.getOwnPropertyNames(prototype)]),
  ];
  return Object.fromEntries(
    names.map(name => {
      const member = (store as Record<string, unknown>)[name];
      return [name, typeof member === 'function' ? member.bind(store) : member];
    }),
  );
}

test('`renew` goes by the lifetime, and not by a deadline that always is near', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  const options = { store, renew: true, maxAge: 60 * MINUTE, idleTimeout: 10 * MINUTE };
  const browser = await visit(t, options, site);
  await browser.get('login');
  for (let step = 0; step < 4; step++) {
    clock.advance(8 * MINUTE - (step === 3 ? 2 * MINUTE : 0));
    assert.equal((await browser.get()).cookie(), undefined);
  }
  clock.advance(1);
  assert.equal(
    (await browser.get()).cookie()?.expiresAt,
    Math.floor(clock.now() / SECOND) * SECOND + 60 * MINUTE,
  );
});

test('a browser session is kept for `sessionTtl` after its last use', async t => {
  const clock = stoppedClock(t);
  const options = { store: memoryStore(), maxAge: 'session', sessionTtl: 60 * MINUTE } as const;
  const browser = await visit(t, options, site);
  await browser.get('login');
  for (let step = 0; step < 3; step++) {
    clock.advance(60 * MINUTE - 1);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
  clock.advance(60 * MINUTE);
  assert.equal((await browser.get('why')).body, '{"user":null,"ended":"expired"}');
});

for (const [what, use] of Object.entries<(ctx: Ctx) => unknown>({
  '`touch()`': ctx => ctx.session.touch(),
  '`rolling` for one request': ctx => {
    ctx.sessionOptions.rolling = true;
  },
})) {
  test(`${what} prolongs the session and its cookie alike`, async t => {
    const clock = stoppedClock(t);
    const browser = await visit(t, { store: memoryStore(), maxAge: 60 * MINUTE }, { ...site, use });
    await browser.get('login');
    clock.advance(40 * MINUTE);
    assert.equal((await browser.get('use')).cookie()?.expiresAt, clock.now() + 60 * MINUTE);
    clock.advance(60 * MINUTE - 1);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  });
}
