import assert from 'node:assert/strict';
import { test } from 'node:test';
import { session } from 'sojourn';
import { account, bareApp, type Ctx, type Routes, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const site: Routes = {
  ...account,
  commit: async ctx => {
    ctx.session.user = 'ann';
    await ctx.session.manuallyCommit();
    ctx.session.user = 'eve';
  },
  alias: async ctx => {
    ctx.session.user = 'ann';
    await ctx.session.commit();
  },
  save: async ctx => {
    ctx.session.user = 'ann';
    await ctx.session.save();
  },
};

for (const [where, options] of Object.entries<TestOptions>({
  cookie: {},
  store: { store: new RecordStore() },
})) {
  test(`with \`autoCommit: false\` nothing is saved but what the app commits, in a ${where}`, async t => {
    const browser = await visit(t, { ...options, autoCommit: false }, site);
    assert.deepEqual((await browser.get('login')).cookies, []);
    for (const path of ['commit', 'alias', 'save']) {
      const visitor = browser.stranger();
      await visitor.get(path);
      assert.equal((await visitor.get()).body, '{"user":"ann"}', path);
    }
  });
}

test('with `autoCommit: false` a read does not prolong, and a new signing key is not announced', async t => {
  const browser = await visit(t, { autoCommit: false, rolling: true }, site);
  assert.deepEqual((await browser.get('', { cookie: signedRecord({ user: 'ann' }) })).cookies, []);
});

test('with `autoCommit: false` nothing is committed where the app throws', async t => {
  const browser = await visit(
    t,
    { autoCommit: false },
    {
      '': ctx => {
        ctx.session.user = 'ann';
        ctx.throw(409);
      },
    },
  );
  const { status, cookies } = await browser.get();
  assert.deepEqual([status, cookies], [409, []]);
});

test('with `autoCommit: false` an ended session is committed by the manager: it has no members left', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const app = bareApp();
  const sessions = session(app, { store, autoCommit: false });
  const logout = async (ctx: Ctx) => {
    ctx.session = null;
    await sessions.of(ctx as never).commit();
  };
  app.use(sessions as never).use(router({ logout }));
  const answer = await (await serve(t, app)).get('logout', { cookie: signedPair('k') });
  assert.equal(answer.cookie()?.expiresAt, 0);
  assert.deepEqual(store.keys, []);
});
