import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SessionStoreError, session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { account, bareApp, type Ctx, type Handler, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';

/** A visitor who has signed in, in an app with a middleware outside the session's. */
async function signedIn(
  t: TestContext,
  options: TestOptions,
  outer: (ctx: Ctx, next: () => Promise<void>) => Promise<void>,
) {
  const app = bareApp();
  const isUsed = { outer: false };
  app.use((ctx, next) => (isUsed.outer ? outer(ctx as unknown as Ctx, next) : next()));
  const sessions = session<object>(app, options);
  app.use(sessions).use(router({ ...account, login: logIn, load: ctx => ctx.loadSession() }));
  const browser = await serve(t, app);
  await browser.get('login');
  isUsed.outer = true;
  return { browser, isUsed, sessions };
}

const logIn: Handler = async ctx => {
  await ctx.loadSession();
  ctx.session.user = 'ann';
};

const EARLY_USES: Record<string, (ctx: Ctx) => unknown> = {
  reads: ctx => ctx.session.user,
  writes: ctx => {
    ctx.session.lastPath = ctx.path;
  },
  'sets a lifetime of': ctx => {
    ctx.session.maxAge = 1000;
  },
};

for (const [uses, use] of Object.entries(EARLY_USES)) {
  for (const onStoreFailure of ['throw', 'anonymous'] as const) {
    for (const [kind, store, verb] of [
      ['sojourn', failingStore(memoryStore()), 'find'],
      ['koa-session', failingStore(new RecordStore()), 'get'],
    ] as const) {
      test(`a session that cannot be loaded is not replaced, though a middleware ${uses} it before: ${kind} store, ${onStoreFailure}`, async t => {
        const { browser, isUsed } = await signedIn(t, { store, onStoreFailure }, async (ctx, next) => {
          use(ctx);
          return next();
        });
        store.fail(verb as never, new Error('down'), { times: 1 });
        const answer = await browser.get();
        assert.deepEqual([answer.status, answer.cookies], [onStoreFailure === 'throw' ? 503 : 200, []]);
        isUsed.outer = false;
        assert.deepEqual((await browser.get()).json, { user: 'ann' });
      });
    }
  }
}

test('a session that was used before it could not be loaded is read-only from then on', async t => {
  const store = failingStore(memoryStore());
  let before: Ctx['session'] | undefined;
  const { browser } = await signedIn(t, { store, onStoreFailure: 'anonymous' }, async (ctx, next) => {
    before = ctx.session;
    before.early = true;
    await next();
    assert.notEqual(ctx.session, before);
    assert.throws(() => Object.assign(ctx.session, { late: true }), SessionStoreError);
    await assert.rejects(before.save(), SessionStoreError);
    await assert.rejects(before.manuallyCommit(), SessionStoreError);
    await assert.rejects(before.update(Object), SessionStoreError);
  });
  store.fail('find', new Error('down'), { times: 1 });
  assert.deepEqual([(await browser.get()).cookies, await store.count()], [[], 1]);
});

/** The app's own functions, which fail while they are told to. */
const fallible = (fails: () => boolean): Record<string, TestOptions> => {
  const check = <T>(value: T) => {
    if (fails()) throw new Error('the directory is down');
    return value;
  };
  const checkLater = async () => check(true);
  return {
    '`valid`, in a cookie session': { valid: () => check(true) },
    '`valid`, in a lazy cookie session': { valid: checkLater, lazy: true },
    '`valid`, in a sojourn store': { valid: checkLater, store: memoryStore() },
    '`valid`, in a lazy store session': { valid: checkLater, lazy: true, store: memoryStore() },
    '`valid`, in a koa-session store': { valid: () => check(true), store: new RecordStore() },
    '`migrate`, in a cookie session': { migrate: check as never },
    '`migrate`, in a sojourn store': { migrate: check as never, store: memoryStore() },
  };
};

for (const what of Object.keys(fallible(() => true))) {
  const path = what.includes('lazy') ? 'load' : '';

  test(`a session is not replaced when the app's own function fails: ${what}`, async t => {
    let isDown = false;
    const { browser, isUsed } = await signedIn(
      t,
      fallible(() => isDown)[what] as TestOptions,
      async (ctx, next) => {
        await assert.rejects(next, /the directory is down/);
        assert.equal(ctx.session.user, undefined);
        assert.throws(() => Object.assign(ctx.session, { flash: 'sorry' }), /the directory is down/);
        assert.throws(() => Object.assign(ctx, { session: { flash: 'sorry' } }), /the directory is down/);
        await assert.rejects(ctx.loadSession(), /the directory is down/);
        assert.equal(ctx.sessionInfo.available, true);
        ctx.body = 'sorry';
      },
    );
    isDown = true;
    const answer = await browser.get(path);
    assert.deepEqual([answer.body, answer.cookies], ['sorry', []]);
    isDown = false;
    isUsed.outer = false;
    assert.deepEqual((await browser.get(path)).json, { user: 'ann' });
  });

  test(`a session can be ended all the same when the app's own function fails: ${what}`, async t => {
    let isDown = false;
    const app = await signedIn(t, fallible(() => isDown)[what] as TestOptions, async (ctx, next) => {
      await assert.rejects(next, /the directory is down/);
      ctx.session = null;
      await app.sessions.of(ctx as never).commit();
      assert.equal(ctx.session, null);
      ctx.body = 'bye';
    });
    isDown = true;
    const answer = await app.browser.get(path);
    assert.equal(answer.body, 'bye');
    assert.ok(answer.cookies.every(({ expiresAt }) => expiresAt === 0));
    assert.equal(app.browser.cookieHeader, '');
  });
}

for (const [what, options, breakIt] of [
  ['the store fails', { store: failingStore(memoryStore()) }, true],
  ['`valid` fails', { store: memoryStore() }, false],
] as const) {
  test(`a load that the app gave up by ending the session fails nothing: ${what}`, async t => {
    let isDown = false;
    const valid = async () => {
      if (isDown) throw new Error('the directory is down');
      return true;
    };
    const app = await signedIn(t, { ...options, valid, lazy: true }, async ctx => {
      const loading = assert.rejects(ctx.loadSession());
      ctx.session = null;
      ctx.session = { user: 'bob' };
      await loading;
      assert.equal(ctx.session.user, 'bob');
      await app.sessions.of(ctx as never).commit();
      ctx.body = 'ok';
    });
    if (breakIt)
      (options.store as ReturnType<typeof failingStore>).fail('find' as never, new Error('down'), {
        times: 1,
      });
    else isDown = true;
    const answer = await app.browser.get('load');
    assert.equal(answer.status, 200);
    isDown = false;
    app.isUsed.outer = false;
    assert.deepEqual((await app.browser.get('load')).json, { user: 'bob' });
  });
}

test('a load that the app gave up rejects no more than another where requests go on without a store', async t => {
  const store = failingStore(memoryStore());
  const { browser } = await signedIn(t, { store, lazy: true, onStoreFailure: 'anonymous' }, async ctx => {
    const loading = ctx.loadSession();
    ctx.session = null;
    await loading;
    ctx.body = 'ok';
  });
  store.fail('find', new Error('down'), { times: 1 });
  assert.equal((await browser.get('load')).body, 'ok');
});
