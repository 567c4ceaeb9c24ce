import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from 'koa';
import {
  account,
  appWith,
  bareApp,
  type Ctx,
  errorsOf,
  eventsOf,
  type Routes,
  router,
} from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

const skip = (ctx: Context) => ctx.path.startsWith('/static');

const site: Routes = {
  ...account,
  'static/read': ctx => ({ session: ctx.session }),
  'static/load': async ctx => ({ session: await ctx.loadSession() }),
  'static/info': ctx => ctx.sessionInfo,
  'static/end': ctx => {
    ctx.session = null;
  },
  'static/assign': ctx => {
    assert.throws(() => Object.assign(ctx, { session: {} }), { name: 'TypeError', message: /`skip`/ });
  },
};

for (const where of ['cookie', 'store']) {
  test(`a request that is skipped has no session, in a ${where}`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const browser = await visit(t, where === 'store' ? { store, skip } : { skip }, site);
    const cookie = where === 'store' ? signedPair('k') : signedRecord({ user: 'ann' });
    const bodies: Record<string, string> = {
      'static/read': '{"session":null}',
      'static/load': '{"session":null}',
      'static/info': '{"available":true}',
      'static/end': 'ok',
      'static/assign': 'ok',
    };
    for (const [path, body] of Object.entries(bodies)) {
      const answer = await browser.get(path, { cookie });
      assert.deepEqual([path, answer.body, answer.cookies], [path, body, []]);
    }
    assert.deepEqual(store.calls, []);
    assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
  });
}

test('a response without a session does not vary by its cookie', async t => {
  const browser = await visit(t, { skip }, site);
  assert.equal((await browser.get('static/read')).headers.get('vary'), null);
});

test('`skip` is asked once a request', async t => {
  let asked = 0;
  const browser = await visit(t, { skip: () => ++asked === 0, store: new RecordStore() }, site);
  await browser.get('login');
  assert.equal(asked, 1);
});

test('a promise from `skip` is told: it would skip every request', async t => {
  const app = appWith(sojourn.createSession, { skip: async () => false, store: new RecordStore() }, site);
  const errors = errorsOf(app);
  assert.equal((await (await serve(t, app)).get()).status, 500);
  assert.match(String(errors[0]), /SessionOptionsError: option `skip`.*promise/);
});

test('`ctx.sessionInfo` tells of a `skip` that throws, and does not throw itself', async t => {
  const app = bareApp();
  let seen: unknown;
  app.use(async (context, next) => {
    const ctx = context as unknown as Ctx;
    await next().catch(() => {});
    seen = ctx.sessionInfo.handle;
    ctx.body = 'ok';
  });
  const skip = () => {
    throw new Error('who knows');
  };
  app.use(sojourn.createSession(app, { skip })).use(router(account));
  const told = eventsOf(app, 'session:error');
  app.on('session:error', ({ ctx }: { ctx: Ctx }) => ctx.sessionInfo);
  assert.equal((await (await serve(t, app)).get()).status, 200);
  assert.equal(seen, undefined);
  assert.equal(told.length, 1);
  assert.match(String(told[0]?.error), /who knows/);
});
