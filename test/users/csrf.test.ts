import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Middleware } from 'koa';
import { bareApp, parseForm } from '../harness/app.js';
import type { CreateSession } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { alike } from '../harness/side-by-side.js';

const CSRF = createRequire(import.meta.url)('koa-csrf') as new () => Middleware;

function appOf(createSession: CreateSession, options: object) {
  const app = bareApp();
  app.use(createSession(app, options)).use(parseForm).use(new CSRF());
  app.use(ctx => {
    ctx.body = ctx.method === 'GET' ? ctx.state._csrf : 'transferred';
  });
  return app;
}

for (const [place, optionsOf] of [
  ['the cookie', () => ({})],
  ['a store', () => ({ store: new RecordStore() })],
] as const) {
  alike(`koa-csrf takes its own session's token and no other, with the session in ${place}`, async bench => {
    const browser = await bench.serve(appOf(bench.createSession, optionsOf()));
    const stranger = browser.stranger();
    const [{ body: own }, { body: foreign }] = [await browser.get(), await stranger.get()];
    assert.equal((await browser.post('', { _csrf: own })).body, 'transferred');
    assert.equal((await browser.post('', {}, { headers: { 'csrf-token': own } })).body, 'transferred');
    for (const form of [{}, { _csrf: foreign }, { _csrf: `${own}x` }]) {
      const { status, body } = await browser.post('', form);
      assert.deepEqual([status, body], [403, 'Invalid CSRF token']);
    }
    assert.equal((await stranger.post('', { _csrf: foreign })).body, 'transferred');
  });
}
