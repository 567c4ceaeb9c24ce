import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { session } from 'sojourn';
import { bareApp, warningsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';

test('a second middleware for the same cookie says once which of its options it ignores', async t => {
  const warnings = warningsOf(t);
  const app = bareApp();
  const inner = session(app, { rolling: true, maxAge: 5000 });
  const twin = session(app, { clearSiteData: ['cookies'], valid: () => true });
  app
    .use(session(app, { clearSiteData: ['cookies'], valid: () => true }))
    .use(twin)
    .use(inner);
  app.use(ctx => {
    ctx.body = String(ctx.session.maxAge);
  });
  const browser = await serve(t, app);
  for (let i = 0; i < 2; i++) assert.equal((await browser.get()).body, '86400000');
  const ours = warnings.filter(warning => warning.code === 'SOJOURN_NESTED');
  assert.equal(ours.length, 1);
  assert.match(String(ours[0]), /ignored: .*maxAge.*rolling/);
});

test('a check that only the inner of two middlewares has is told to be ignored', async t => {
  const warnings = warningsOf(t);
  const app = bareApp();
  const inner = session(app, { valid: () => false });
  app
    .use(session(app))
    .use(inner)
    .use(ctx => {
      ctx.body = 'ok';
    });
  await (await serve(t, app)).get();
  assert.match(String(warnings.find(({ code }) => code === 'SOJOURN_NESTED')), /ignored: valid$/);
});

test('two sessions of an app in one cookie are a mistake, also if each is made by another copy of the package', () => {
  const app = bareApp();
  session(app);
  const copy = createRequire(import.meta.url)('sojourn') as typeof session;
  assert.notEqual(copy, session);
  assert.throws(() => copy(app, { property: 'cart' }), { code: 'ERR_SESSION_OPTIONS' });
});

test('two sessions of an app in one cookie are a mistake at the start', () => {
  const app = bareApp();
  session(app);
  assert.throws(() => session(app, { property: 'cart' }), {
    code: 'ERR_SESSION_OPTIONS',
    message: /^option `key`: `ctx\.session` .* cookie koa\.sess already; give `ctx\.cart` another/,
  });
  session(app, { property: 'cart', key: 'cart' });
  for (const beside of [
    { path: '/admin' },
    { domain: 'example.org' },
    { key: 'koa.sess.sig' },
    { key: 'koa.sess.1' },
  ]) {
    assert.throws(() => session(app, { property: 'admin', ...beside }), { code: 'ERR_SESSION_OPTIONS' });
  }
  session(app, { rolling: true });
  session(bareApp(), { property: 'cart' });
});
