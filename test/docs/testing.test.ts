import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { manualClock } from 'sojourn/testing';
import { bareApp, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { Examples } from './examples.js';

const page = new Examples('docs/testing-an-app.md');

const count = (ctx: { session: { views?: number } }): void => {
  ctx.session.views = (ctx.session.views ?? 0) + 1;
};

test('a handler alone is given an object', async () => {
  await page.run('handler', { count, assert });
});

test('a whole app is asked twice, as a browser does', async t => {
  const app = bareApp();
  app.use(session(app, { store: memoryStore() }));
  app.use(context => {
    const ctx = context as unknown as { session: { views?: number } };
    count(ctx);
    context.body = `${ctx.session.views} views`;
  });
  // The page leaves out that a server takes a moment to listen.
  const server = app.listen(0);
  await once(server, 'listening');
  t.after(() => server.close());
  await page.run('app', { app: { listen: () => server }, assert });
});

test('a step in front signs in whom a test names', async t => {
  const app = bareApp();
  app.use(session(app));
  await page.run('signed-in', { app });
  app.use(router({ '': ctx => ctx.session }));
  const browser = await serve(t, app);
  assert.equal((await browser.get('', { headers: { 'x-test-user': 'ann' } })).body, '{"user":{"id":"ann"}}');
  assert.equal((await browser.get()).body, '{"user":{"id":"ann"}}');
  assert.equal((await browser.stranger().get()).body, '{}');
});

test('a clock that is moved ends what is idle', async t => {
  const app = bareApp();
  const clock = manualClock();
  await page.run('time', { app, session, memoryStore, manualClock: () => clock });
  app.use(
    router({
      in: ctx => {
        ctx.session.user = 'ann';
      },
      '': ctx => ({ user: ctx.session.user, reason: ctx.sessionInfo.ended?.reason }),
    }),
  );
  const browser = await serve(t, app);
  await browser.get('in');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  clock.advance(60_001);
  assert.equal((await browser.get()).body, '{"reason":"idle"}');
});
