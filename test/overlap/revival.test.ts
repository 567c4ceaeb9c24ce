import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type SessionManager, session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { bareApp, type Ctx, eventsOf, router } from '../harness/app.js';
import { type Answer, type Browser, serve } from '../harness/browser.js';

type Deed = (ctx: Ctx) => unknown;

const regenerate: Deed = ctx => ctx.session.regenerate();
const MAKE_ANOTHER: Readonly<Record<string, Deed>> = {
  regenerates: regenerate,
  'replaces all data': ctx => {
    ctx.session = { ...ctx.session, replaced: true };
  },
};

interface Site {
  readonly store: ReturnType<typeof memoryStore>;
  readonly sessions: SessionManager<object>;
  readonly created: readonly unknown[];
  /** Has the session. */
  readonly browser: Browser;
  /** The answer to a request that has loaded the session, and then waits for this before it does that. */
  slow(meanwhile: () => Promise<unknown>, deed: Deed): Promise<Answer>;
}

async function openSite(t: TestContext): Promise<Site> {
  let waits: () => Promise<unknown> = async () => {};
  let does: Deed = () => {};
  const [app, store] = [bareApp(), memoryStore()];
  const sessions = session<object>(app, { store });
  app.use(sessions);
  app.use(
    router({
      login: ctx => {
        ctx.session.user = 'ann';
      },
      logout: ctx => {
        ctx.session = null;
      },
      regenerate,
      slow: async ctx => {
        void ctx.session.user;
        await waits();
        await does(ctx);
      },
      '': ctx => ({ user: ctx.session.user ?? null, createdAt: ctx.sessionInfo.createdAt }),
    }),
  );
  const browser = await serve(t, app);
  await browser.get('login');
  const created = eventsOf(app, 'session:created');
  const slow: Site['slow'] = (meanwhile, deed) => {
    [waits, does] = [meanwhile, deed];
    return browser.copy().get('slow');
  };
  return { store, sessions, created, browser, slow };
}

for (const [deed, does] of Object.entries(MAKE_ANOTHER)) {
  test(`a request that ${deed} revives no session that got a new key and was then logged out`, async t => {
    const { store, browser, slow, created } = await openSite(t);
    const answer = await slow(async () => {
      await browser.get('regenerate');
      await browser.get('logout');
    }, does);
    assert.deepEqual([answer.status, answer.cookies, await store.count(), created], [200, [], 0, []]);
  });

  test(`a request that ${deed} revives no session that got a new key and was then ended by its handle`, async t => {
    const { store, sessions, browser, slow } = await openSite(t);
    const answer = await slow(async () => {
      await browser.get('regenerate');
      for await (const { handle } of sessions.all()) await sessions.end(handle);
    }, does);
    assert.deepEqual([answer.status, answer.cookies, await store.count()], [200, [], 0]);
  });
}

test('a request that regenerates revives no session that is logged out just as it is saved', async t => {
  const { store, browser, slow } = await openSite(t);
  const { insert } = store;
  store.insert = async (...given) => {
    const placement = await insert.apply(store, given);
    await browser.get('logout');
    return placement;
  };
  const answer = await slow(() => browser.get('regenerate'), regenerate);
  assert.deepEqual([answer.status, answer.cookies, await store.count()], [200, [], 0]);
});

for (const [what, peek] of Object.entries({
  'fails to tell': () => Promise.reject(new Error('down')),
  'answers nonsense when asked': async () => undefined as never,
  'cannot tell': undefined,
})) {
  test(`a request that regenerates revives no session if the store ${what} whether it is live`, async t => {
    const { store, browser, slow } = await openSite(t);
    const answer = await slow(async () => {
      await browser.get('regenerate');
      Object.assign(store, { peek });
    }, regenerate);
    assert.deepEqual([answer.status, answer.cookies], [what === 'fails to tell' ? 503 : 200, []]);
    assert.equal(await store.count(), 1);
  });
}

test('two identities that one session gets at once are as old as it was', async t => {
  const { browser, slow } = await openSite(t);
  const { createdAt } = (await browser.get()).json as { createdAt: number };
  await new Promise(resolve => setTimeout(resolve, 5));
  const answer = await slow(() => browser.get('regenerate'), regenerate);
  assert.equal(answer.cookies.length, 2);
  browser.receive(answer);
  assert.deepEqual((await browser.get()).json, { user: 'ann', createdAt });
});
