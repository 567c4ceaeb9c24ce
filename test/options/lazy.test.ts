import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failingStore } from 'sojourn/testing';
import { account, appWith, errorsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

const cookie = signedPair('k');

const site: Routes = {
  ...account,
  load: async ctx => ({ user: (await ctx.loadSession()).user ?? null }),
  rename: async ctx => {
    await ctx.loadSession();
    ctx.session.user = 'bob';
  },
  static: () => 'a style sheet',
};

function storeOfAnn(): RecordStore {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  return store;
}

test('a lazy session is fetched when the app asks for it, and not before', async t => {
  const store = storeOfAnn();
  const browser = await visit(t, { store, lazy: true }, site);
  await browser.get('static', { cookie });
  assert.deepEqual(store.verbs, []);
  assert.equal((await browser.get('load', { cookie })).body, '{"user":"ann"}');
  assert.deepEqual(store.verbs, ['get']);
});

test('a lazy session that was loaded is a session like any other', async t => {
  const store = storeOfAnn();
  const browser = await visit(t, { store, lazy: true }, site);
  await browser.get('rename', { cookie });
  assert.equal(store.record('k')?.user, 'bob');
});

test('however often the app asks, a lazy session is fetched once', async t => {
  const store = storeOfAnn();
  const browser = await visit(
    t,
    { store, lazy: true },
    {
      '': async ctx => {
        const sessions = await Promise.all([ctx.loadSession(), ctx.loadSession()]);
        return [...sessions, await ctx.loadSession()].every(session => session === ctx.session);
      },
    },
  );
  assert.equal((await browser.get('', { cookie })).body, 'true');
  assert.deepEqual(store.verbs, ['get']);
});

for (const [what, options] of Object.entries({ store: { store: storeOfAnn() }, cookie: {} })) {
  test(`\`ctx.session\` before \`loadSession\` is told, in a ${what}`, async t => {
    const app = appWith(sojourn.createSession, { ...options, lazy: true }, site);
    const errors = errorsOf(app) as (Error & { code?: string })[];
    const browser = await serve(t, app);
    for (const path of ['', 'login']) {
      assert.equal((await browser.get(path, { cookie })).status, 500);
      const error = errors.pop();
      assert.equal(error?.code, 'ERR_SESSION_NOT_LOADED');
      assert.match(String(error), /SessionNotLoadedError.*`await ctx\.loadSession\(\)`/);
    }
  });
}

test('assigning a lazy session that was not loaded is told, too', async t => {
  const browser = await visit(
    t,
    { store: storeOfAnn(), lazy: true },
    {
      '': ctx => {
        assert.throws(() => Object.assign(ctx, { session: {} }), { code: 'ERR_SESSION_NOT_LOADED' });
      },
    },
  );
  assert.equal((await browser.get('', { cookie })).status, 200);
});

test('`null` ends a lazy session without fetching it', async t => {
  const store = storeOfAnn();
  const browser = await visit(t, { store, lazy: true }, site);
  const answer = await browser.get('logout', { cookie });
  assert.deepEqual(store.verbs, ['destroy']);
  assert.equal(answer.cookie()?.expiresAt, 0);
});

test('a session may begin after a lazy one was ended unseen, under another key', async t => {
  const store = storeOfAnn();
  const browser = await visit(
    t,
    { store, lazy: true },
    {
      '': ctx => {
        ctx.session = null;
        ctx.session = { user: 'bob' };
      },
    },
  );
  await browser.get('', { cookie });
  assert.equal(store.keys.length, 1);
  assert.notEqual(store.keys[0], 'k');
  assert.equal(store.record(store.keys[0] ?? '')?.user, 'bob');
});

test('what a request has ended it does not load any more', async t => {
  for (const options of [{ store: storeOfAnn() }, {}]) {
    const browser = await visit(
      t,
      { ...options, lazy: true },
      {
        '': async ctx => {
          const loading = ctx.loadSession();
          ctx.session = null;
          const loaded = [await loading, await ctx.loadSession()];
          ctx.session = { user: 'bob' };
          return loaded;
        },
      },
    );
    const answer = await browser.get('', { cookie: 'store' in options ? cookie : signedRecord({ a: 1 }) });
    assert.equal(answer.body, '[null,null]');
    assert.notEqual(answer.cookie()?.value, 'k');
    assert.notEqual(answer.cookie()?.expiresAt, 0);
  }
});

test('a request that does not load its lazy session does not prolong it', async t => {
  const store = storeOfAnn();
  const browser = await visit(t, { store, lazy: true, rolling: true }, site);
  const answer = await browser.get('static', { cookie });
  assert.deepEqual([answer.cookies, store.verbs], [[], []]);
});

test('what is known of a lazy session before it is loaded is nothing, and asking does no harm', async t => {
  const store = storeOfAnn();
  const browser = await visit(t, { store, lazy: true }, { '': ctx => ctx.sessionInfo });
  assert.equal((await browser.get('', { cookie })).body, '{"available":true}');
  assert.deepEqual(store.verbs, []);
});

test('a lazy session that cannot be fetched fails where it is asked for', async t => {
  const store = storeOfAnn();
  store.get = async () => {
    throw new Error('the database is down');
  };
  const browser = await visit(t, { store, lazy: true }, site);
  assert.equal((await browser.get('static', { cookie })).status, 200);
  assert.equal((await browser.get('load', { cookie })).status, 503);
});

test('`loadSession` serves sessions that are not lazy as well', async t => {
  for (const options of [{}, { store: new RecordStore() }]) {
    const browser = await visit(t, options, site);
    await browser.get('login');
    assert.equal((await browser.get('load')).body, '{"user":"ann"}');
  }
});

test('a middleware before the session may load a stored session itself', async t => {
  const store = storeOfAnn();
  const app = appWith(sojourn.createSession, { store }, site);
  const early: unknown[] = [];
  app.middleware.unshift(async (ctx, next) => {
    early.push((await (ctx as unknown as { loadSession(): Promise<{ user: string }> }).loadSession()).user);
    await next();
  });
  const browser = await serve(t, app);
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
  assert.deepEqual([early, store.verbs], [['ann'], ['get']]);
});

test('a lazy session that could not be fetched can be asked for again', async t => {
  const store = failingStore(storeOfAnn());
  const browser = await visit(
    t,
    { store, lazy: true },
    {
      '': async ctx => {
        await assert.rejects(ctx.loadSession(), { code: 'ERR_SESSION_STORE' });
        assert.throws(() => {
          ctx.session.user = 'eve';
        });
        const { user } = await ctx.loadSession();
        ctx.session.user = 'bob';
        return { user, available: ctx.sessionInfo.available };
      },
    },
  );
  store.fail('get', undefined, { times: 1 });
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann","available":true}');
  assert.equal(store.record('k')?.user, 'bob');
});
