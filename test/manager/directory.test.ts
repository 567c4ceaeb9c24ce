import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { type SessionManager, type SessionStore, session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { bareApp, type Ctx, eventsOf, type Routes, router } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { DAY, SECOND, stoppedClock } from '../harness/clock.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';

const owner = (data: { user?: string }) => data.user;

const site: Routes = {
  login: ctx => {
    ctx.session.user = ctx.query.as ?? 'ann';
  },
  visit: ctx => {
    ctx.session.seen = true;
  },
  regenerate: ctx => ctx.session.regenerate(),
  info: ctx => ctx.sessionInfo,
  read: ctx => ({ ...ctx.session }),
};

/** An app whose sessions are listed, and a visitor of it. */
async function siteWith(t: import('node:test').TestContext, options: TestOptions = {}, routes: Routes = {}) {
  const app = bareApp();
  const store: SessionStore = memoryStore();
  const sessions = session<object>(app, { store, owner: owner as never, ...options });
  app.use(sessions).use(router({ ...site, ...routes }));
  return { app, store, sessions, browser: await serve(t, app) };
}

const infoOf = async (browser: Browser) => {
  const { handle, ended } = (await browser.get('info')).json as {
    handle: string;
    ended?: { reason: string };
  };
  return { handle, ended: ended?.reason };
};

/** Browsers that signed in one after the other, and their handles. */
async function devices(browser: Browser, count: number, clock: { advance(ms: number): void }, as = 'ann') {
  const all: Browser[] = [];
  const handles: string[] = [];
  for (let i = 0; i < count; i++) {
    clock.advance(SECOND);
    const device = browser.stranger();
    await device.get(`login?as=${as}`, { headers: { 'user-agent': `device ${i}` } });
    all.push(device);
    handles.push((await infoOf(device)).handle);
  }
  return { all, handles };
}

test("lists an account's live sessions, the newest first, with what can be shown and no key", async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t, { device: ctx => ({ agent: ctx.get('user-agent') }) });
  const { all, handles } = await devices(browser, 3, clock);
  await devices(browser, 1, clock, 'bob');
  const list = await sessions.list('ann');
  assert.deepEqual(
    list.map(({ handle }) => handle),
    handles.toReversed(),
  );
  const signedInAt = clock.now() - SECOND;
  assert.deepEqual(list[0], {
    handle: handles[2],
    owner: 'ann',
    createdAt: signedInAt,
    lastSeenAt: signedInAt,
    expiresAt: signedInAt + DAY,
    authenticatedAt: signedInAt,
    device: { agent: 'device 2' },
  });
  assert.equal(list.next, undefined);
  for (const device of all)
    assert.ok(!JSON.stringify(list).includes(String(device.cookies.get('koa.sess')?.value)));
});

test('a handle survives a new key', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t);
  const { all, handles } = await devices(browser, 1, clock);
  await all[0]?.get('regenerate');
  assert.deepEqual(
    (await sessions.list('ann')).map(({ handle }) => handle),
    handles,
  );
});

test('pages through the sessions of an account that has many', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t);
  const { handles } = await devices(browser, 5, clock);
  const paged: string[] = [];
  let after: string | undefined;
  do {
    const page = await sessions.list('ann', { limit: 2, after });
    assert.ok(page.length <= 2);
    paged.push(...page.map(({ handle }) => handle));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(paged, handles.toReversed());
});

test('a session that today’s configuration ends is not listed', async t => {
  const clock = stoppedClock(t);
  const { store, browser } = await siteWith(t, { maxAge: 100 * SECOND });
  await devices(browser, 1, clock);
  clock.advance(10 * SECOND);
  const { sessions } = await siteWith(t, { store, maxAge: 5 * SECOND });
  assert.deepEqual(await sessions.list('ann'), []);
});

test('ends one session, and whoever has its key is told why', async t => {
  const clock = stoppedClock(t);
  const { app, sessions, browser } = await siteWith(t);
  const ended = eventsOf(app, 'session:ended');
  const { all, handles } = await devices(browser, 2, clock);
  const [first = ''] = handles;
  assert.equal(await sessions.end(first, { reason: 'stolen' }), true);
  assert.equal(await sessions.end(first), false, 'it is over already');
  assert.equal(await sessions.end('no such handle'), false);
  assert.equal((await infoOf(all[0] as Browser)).ended, 'stolen');
  assert.deepEqual((await all[1]?.get('read'))?.json, { user: 'ann' });
  assert.deepEqual(ended, [{ handle: first, reason: 'stolen', ctx: undefined }]);
});

test("with `owner`, another account's session is not found", async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t);
  const { all, handles } = await devices(browser, 1, clock);
  const [handle = ''] = handles;
  assert.equal(await sessions.end(handle, { owner: 'bob' }), false);
  assert.deepEqual((await all[0]?.get('read'))?.json, { user: 'ann' });
  assert.equal(await sessions.end(handle, { owner: 'ann' }), true);
  assert.equal((await infoOf(all[0] as Browser)).ended, 'revoked');
});

test('ends all sessions of an account but those that are spared', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t);
  const { all, handles } = await devices(browser, 4, clock);
  const bob = await devices(browser, 1, clock, 'bob');
  assert.equal(await sessions.endAll('ann', { except: [handles[1], handles[2]] }), 2);
  const left = await Promise.all(all.map(async device => (await infoOf(device)).ended));
  assert.deepEqual(left, ['revoked', undefined, undefined, 'revoked']);
  assert.equal(await sessions.endAll('ann', { reason: 'password-changed' }), 2);
  assert.equal((await infoOf(all[1] as Browser)).ended, 'password-changed');
  assert.deepEqual((await bob.all[0]?.get('read'))?.json, { user: 'bob' });
});

test('a `ctx.session` spares itself, whatever its data are called', async t => {
  const clock = stoppedClock(t);
  let manager: SessionManager<object> | undefined;
  const { sessions, browser } = await siteWith(
    t,
    {},
    {
      'end-others': async (ctx: Ctx) => {
        ctx.session.handle = 'mine';
        ctx.session.handleOf = 'mine';
        return String(await manager?.endAll('ann', { except: ctx.session }));
      },
    },
  );
  manager = sessions;
  const { all } = await devices(browser, 3, clock);
  assert.equal((await all[1]?.get('end-others'))?.body, '2');
  const left = await Promise.all(all.map(async device => (await infoOf(device)).ended));
  assert.deepEqual(left, ['revoked', undefined, 'revoked']);
});

test('counts the sessions of an account, and all; an iterator gives them all', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t);
  const ann = await devices(browser, 2, clock);
  const bob = await devices(browser, 1, clock, 'bob');
  const nobody = browser.stranger();
  await nobody.get('visit');
  assert.deepEqual(
    [await sessions.count('ann'), await sessions.count('eve'), await sessions.count()],
    [2, 0, 4],
  );
  const handles: string[] = [];
  for await (const { handle } of sessions.all()) handles.push(handle);
  assert.deepEqual(handles.sort(), [...ann.handles, ...bob.handles, (await infoOf(nobody)).handle].sort());
});

test('an iterator that is left early asks for no more, and tells the store', async t => {
  const clock = stoppedClock(t);
  const { store, sessions, browser } = await siteWith(t);
  await devices(browser, 3, clock);
  const calls: string[] = [];
  const { all } = store;
  store.all = call => {
    const rows = all?.call(store, call)[Symbol.asyncIterator]();
    assert.ok(rows);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          calls.push('next');
          return rows.next();
        },
        return: async () => {
          calls.push('return');
          return { done: true, value: undefined };
        },
      }),
    };
  };
  for await (const { owner: account } of sessions.all()) {
    assert.equal(account, 'ann');
    if (calls.length === 2) break;
  }
  assert.deepEqual(calls, ['next', 'next', 'return']);
});

test('prunes what is over', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t, { maxAge: 10 * SECOND });
  await devices(browser, 2, clock);
  assert.equal(await sessions.prune(), 0);
  clock.advance(11 * SECOND);
  assert.equal(await sessions.prune(), 2);
});

test('an account may be a number, as the option answers it', async t => {
  const clock = stoppedClock(t);
  const { sessions, browser } = await siteWith(t, { owner: () => 7 });
  await devices(browser, 1, clock);
  const counts = [await sessions.count(7), await sessions.count(7n), await sessions.count('7')];
  assert.deepEqual(counts, [1, 1, 1]);
});

describe('what cannot be done is told:', () => {
  const store = new RecordStore();
  for (const [where, options] of Object.entries({
    'in a cookie session': { store: undefined },
    'in a koa-session store': { store },
    'beside a ContextStore': { ContextStore: RecordStore },
  })) {
    test(where, async () => {
      const sessions = session<object>(bareApp(), options as object);
      const calls = [
        () => sessions.list('ann'),
        () => sessions.end('handle'),
        () => sessions.endAll('ann'),
        () => sessions.count(),
        () => sessions.prune(),
      ];
      for (const call of calls)
        await assert.rejects(call, { code: 'ERR_SESSION_OPTIONS', message: /sojourn store/ });
      assert.throws(() => sessions.all(), { code: 'ERR_SESSION_OPTIONS' });
    });
  }

  test('by a store that lacks the verb', async () => {
    const { find, insert, update, touch, move, end } = memoryStore();
    const sessions = session(bareApp(), { store: { find, insert, update, touch, move, end } });
    await assert.rejects(sessions.list('ann'), { code: 'ERR_SESSION_OPTIONS', message: /no `list`/ });
    assert.equal(await sessions.prune(), 0, 'a store that cleans up by itself has nothing to prune');
  });

  test('for nobody, and for a page of nothing', async () => {
    const sessions = session(bareApp(), { store: memoryStore() });
    for (const nobody of [undefined, null, '', {}, Number.NaN])
      await assert.rejects(sessions.endAll(nobody as never), TypeError, String(nobody));
    for (const limit of [0, -1, 1.5, '10'])
      await assert.rejects(sessions.list('ann', { limit: limit as never }), /`limit`/, String(limit));
    for (const after of ['', 5, null])
      await assert.rejects(sessions.list('ann', { after: after as never }), /`after`/, String(after));
    for (const reason of ['', null, 5, {}, 'rotated', 'expired']) {
      await assert.rejects(sessions.endAll('ann', { reason: reason as never }), /`reason`/, String(reason));
      await assert.rejects(sessions.end('handle', { reason: reason as never }), /`reason`/, String(reason));
    }
    for (const except of [1, { handle: 'x' }, [{}], { $ne: null }, ['handle', { $ne: null }], [['handle']]])
      await assert.rejects(sessions.endAll('ann', { except: except as never }), /`except`/);
  });

  test('for the account of a visitor who is not signed in', async () => {
    const sessions = session(bareApp(), { store: memoryStore(), owner: owner as never });
    for (const nobody of [undefined, null, '']) {
      const options = { owner: nobody as never };
      await assert.rejects(sessions.end('handle', options), { name: 'TypeError' }, String(nobody));
      await assert.rejects(sessions.count(nobody as never), { name: 'TypeError' }, String(nobody));
    }
    assert.equal(await sessions.end('handle'), false);
    assert.equal(await sessions.count(), 0);
  });

  test('for a condition that is misspelt', async () => {
    const sessions = session(bareApp(), { store: memoryStore(), owner: owner as never });
    const misspelt = { ower: 'ann' } as never;
    await assert.rejects(sessions.end('handle', misspelt), /`ower` is none of: owner, reason/);
    await assert.rejects(sessions.endAll('ann', misspelt), /`ower` is none of: except, reason/);
    await assert.rejects(sessions.list('ann', misspelt), /`ower` is none of: limit, after/);
  });

  test('for a handle that is no text', async () => {
    for (const option of ['store', 'revocations']) {
      const sessions = session(bareApp(), { [option]: memoryStore(), owner: owner as never });
      for (const handle of [undefined, null, 5, { $ne: null }, ['handle']])
        await assert.rejects(
          sessions.end(handle as never, { owner: 'ann' }),
          { name: 'TypeError', message: /^a handle is wanted/ },
          String(handle),
        );
    }
  });
});

test('a store that fails or hangs is a SessionStoreError', async t => {
  const store = failingStore(memoryStore());
  const { sessions } = await siteWith(t, { store, storeTimeout: 50 });
  store.fail('list');
  await assert.rejects(sessions.list('ann'), { code: 'ERR_SESSION_STORE', status: 503 });
  store.hang('count');
  await assert.rejects(sessions.count(), { code: 'ERR_SESSION_STORE' });
  const rows = memoryStore();
  rows.all = async function* () {
    yield await new Promise<never>(() => {});
  };
  const hanging = await siteWith(t, { store: rows, storeTimeout: 50 });
  await assert.rejects(hanging.sessions.all().next(), { code: 'ERR_SESSION_STORE' });
});

test('all: a store that does not answer learns that nobody waits any more', async t => {
  const rows = memoryStore();
  let signal: AbortSignal | undefined;
  rows.all = async function* (call) {
    signal = call?.signal;
    yield await new Promise<never>(() => {});
  };
  const { sessions } = await siteWith(t, { store: rows, storeTimeout: 50 });
  await assert.rejects(sessions.all().next(), { code: 'ERR_SESSION_STORE' });
  assert.equal(signal?.aborted, true);
});

test("spares a session that the package's other copy made", async t => {
  const { createSession: other } = createRequire(import.meta.url)('sojourn') as {
    createSession: typeof session;
  };
  const store = memoryStore();
  const app = bareApp();
  app.use(session<object>(app, { store, owner: owner as never }));
  const sessions = other<object>(app, { store, owner: owner as never });
  const others = (ctx: Ctx) => sessions.endAll('ann', { except: ctx.session });
  app.use(sessions).use(router({ ...site, others }));
  const browser = await serve(t, app);
  await browser.stranger().get('login');
  await browser.get('login');
  assert.equal((await browser.get('others')).body, '1');
  assert.deepEqual((await browser.get('read')).json, { user: 'ann' });
});
