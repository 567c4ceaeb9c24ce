import assert from 'node:assert/strict';
import { test } from 'node:test';
import Router from '@koa/router';
import { session } from 'sojourn';
import { bareApp, type Ctx } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { RecordStore } from '../harness/record-store.js';
import { alike } from '../harness/side-by-side.js';

alike('the routes of @koa/router, nested ones too, share the session', async bench => {
  const app = bareApp();
  app.use(bench.createSession(app, { store: new RecordStore() }));
  const [router, admin] = [new Router(), new Router()];
  router.get('/login/:user', context => {
    const ctx = context as unknown as Ctx & { params: { user: string } };
    ctx.session.user = ctx.params.user;
    ctx.redirect(router.url('account', {}) as string);
  });
  router.get('account', '/account', context => {
    context.body = (context as unknown as Ctx).session;
  });
  admin.use(async (context, next) => {
    if ((context as unknown as Ctx).session.user !== 'ann') context.throw(403, 'not you');
    await next();
  });
  admin.get('/users', context => {
    context.body = 'the users';
  });
  router.use('/admin', admin.routes());
  app.use(router.routes()).use(router.allowedMethods());

  const browser = await bench.serve(app);
  assert.equal((await browser.get('login/ann')).headers.get('location'), '/account');
  assert.equal((await browser.get('account')).body, '{"user":"ann"}');
  assert.equal((await browser.get('admin/users')).body, 'the users');
  await browser.get('login/eve');
  const { status, body } = await browser.get('admin/users');
  assert.deepEqual([status, body], [403, 'not you']);
  assert.equal((await browser.get('account', { method: 'DELETE' })).status, 405);
});

test('the session may be installed on some routes of @koa/router alone', async t => {
  const app = bareApp();
  const store = new RecordStore();
  const router = new Router();
  router.get('/static', context => {
    context.body = 'a style sheet';
  });
  router.get('/account', session(app, { store }) as never, context => {
    (context as unknown as Ctx).session.seen = true;
    context.body = 'ok';
  });
  app.use(router.routes());
  const browser = await serve(t, app);
  await browser.get('account');
  store.forgetCalls();
  await browser.get('static');
  assert.deepEqual(store.calls, []);
  await browser.get('account');
  assert.deepEqual(store.verbs, ['get']);
});
