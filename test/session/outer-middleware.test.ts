import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type Koa from 'koa';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { account, bareApp, type Ctx, eventsOf, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { type CreateSession, sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { alike } from '../harness/side-by-side.js';
import { until } from '../harness/until.js';
import type { TestOptions } from '../harness/visit.js';

const logOut = (ctx: Ctx): void => {
  ctx.session = null;
};

const codesOf = (told: readonly { error?: unknown }[]) =>
  told.map(({ error }) => (error as { code?: string }).code);

/** An app whose outermost middleware does this once the session's is done, or has failed. */
async function site(t: TestContext, options: TestOptions, afterwards: (ctx: Ctx) => unknown) {
  const app = bareApp();
  app.use(async (ctx, next) => {
    await next().catch(error => {
      ctx.status = error.status ?? 500;
    });
    ctx.body = afterwards(ctx as unknown as Ctx) ?? 'done';
  });
  app.use(session<object>(app, options));
  app.use(ctx => {
    if (ctx.path === '/fails') ctx.throw(401);
    if (ctx.path === '/changes') Object.assign(ctx.session as object, { changed: true });
    if (ctx.path === '/public') {
      ctx.set('Cache-Control', 'public');
      Object.assign(ctx.session as object, { changed: true });
    }
  });
  const told = eventsOf(app, 'session:error');
  return { browser: await serve(t, app), told };
}

for (const path of ['', 'fails']) {
  test(`a stored session that an outer middleware ends is ended, after: /${path}`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const { browser, told } = await site(t, { store }, logOut);
    const answer = await browser.get(path, { cookie: signedPair('k') });
    await until(() => told.length > 0);
    await sleep(20);
    assert.deepEqual([answer.body, store.keys], ['done', []]);
    assert.deepEqual(codesOf(told), ['ERR_SESSION_HEADERS_SENT'], 'the cookie stays');
  });

  test(`a cookie session that an outer middleware ends goes on, and that is told, after: /${path}`, async t => {
    const { browser, told } = await site(t, {}, logOut);
    await browser.get(path, { cookie: signedRecord({ user: 'ann' }) });
    await until(() => told.length > 0);
    await sleep(20);
    assert.deepEqual(codesOf(told), ['ERR_SESSION_HEADERS_SENT']);
  });
}

const CHANGES: Readonly<Record<string, (ctx: Ctx) => void>> = {
  assigns: ctx => {
    ctx.session = { user: 'eve' };
    ctx.session = { user: 'bob' };
  },
  changes: ctx => {
    ctx.session.user = 'bob';
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`what an outer middleware ${what} is saved in a store`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const { browser, told } = await site(t, { store }, change);
    await browser.get('', { cookie: signedPair('k') });
    await until(() => store.record('k')?.user === 'bob');
    assert.deepEqual(told, []);
  });
}

test('a session that could not be saved can be ended by an outer middleware', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const { browser } = await site(t, { store, beforeSave: () => Promise.reject(new Error('no')) }, logOut);
  const answer = await browser.get('changes', { cookie: signedPair('k') });
  await until(() => store.keys.length === 0);
  assert.equal(answer.body, 'done');
});

test('a header that shares a response is told once, however often an outer middleware reads', async t => {
  const { browser, told } = await site(t, { rolling: true }, ctx => {
    for (let reads = 0; reads < 3; reads++) void ctx.session.user;
  });
  await browser.get('public', { cookie: signedRecord({ user: 'ann' }) });
  assert.equal(told.length, 1);
});

test('caches are told of a page for which an outer middleware used the session', async t => {
  const { browser } = await site(t, {}, ctx => `page of ${ctx.session.user}`);
  const answer = await browser.get('', { cookie: signedRecord({ user: 'ann' }) });
  assert.deepEqual([answer.body, answer.headers.get('vary')], ['page of ann', 'Cookie']);
});

test('caches are not told of a page without a session', async t => {
  const { browser } = await site(t, { skip: () => true }, ctx => String(ctx.session));
  const answer = await browser.get();
  assert.deepEqual([answer.body, answer.headers.get('vary')], ['null', null]);
});

/** An app that runs its middleware twice for each request. */
function redispatching(createSession: CreateSession, options: TestOptions): Koa {
  const app = bareApp();
  const middleware = createSession(app, options) as Koa.Middleware;
  return app.use(async context => {
    const ctx = context as unknown as Ctx;
    const visit = async () => {
      ctx.session.views = Number(ctx.session.views ?? 0) + 1;
    };
    for (let i = 0; i < 2; i++) await middleware(context as never, visit);
    ctx.body = JSON.stringify(ctx.session);
  });
}

alike('a request that runs the middleware again, after an internal redirect, is saved again', async bench => {
  const browser = await bench.serve(redispatching(bench.createSession, {}));
  assert.equal((await browser.get()).body, '{"views":2}');
  assert.equal((await browser.get()).body, '{"views":4}');
});

test('a stored session is saved again, too', async t => {
  const browser = await serve(t, redispatching(sojourn.createSession, { store: memoryStore() }));
  assert.equal((await browser.get()).body, '{"views":2}');
  assert.equal((await browser.get()).body, '{"views":4}');
});

for (const save of ['save', 'commit', 'update'] as const) {
  test(`an outer middleware that calls \`${save}()\` before the session was loaded saves that one`, async t => {
    const store = failingStore(memoryStore());
    const app = bareApp();
    app.use(async (context, next) => {
      const ctx = context as unknown as Ctx;
      if (ctx.path === '/early') {
        ctx.session.seen = true;
        await (save === 'update' ? ctx.session.update(() => {}) : ctx.session[save]());
      }
      await next();
    });
    app.use(session(app, { store })).use(router({ ...account, early: ctx => ({ ...ctx.session }) }));
    const browser = await serve(t, app);
    await browser.get('login');
    assert.deepEqual((await browser.get('early')).json, { user: 'ann', seen: true });
    assert.equal(await store.count?.(), 1);
    store.fail('find', new Error('down'));
    const { status, cookies } = await browser.get('early');
    assert.deepEqual([status, cookies], [503, []]);
    store.restore();
    assert.deepEqual((await browser.get()).json, { user: 'ann' });
  });
}
