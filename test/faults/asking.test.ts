import assert from 'node:assert/strict';
import type { Context } from 'koa';
import { account } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

mended('an asynchronous `valid` that says no refuses the session', async ({ visit }) => {
  const browser = await visit({ store: new RecordStore(), valid: async () => false }, account);
  await browser.get('login');
  assert.equal((await browser.get()).body, '{"user":null}');
});

mended('what an asynchronous `beforeSave` changes is saved', async ({ visit }) => {
  const beforeSave = async (_: Context, session: { user: string; seal?: string }) => {
    await null;
    session.seal = `of ${session.user}`;
  };
  const browser = await visit({ beforeSave }, { ...account, seal: ctx => ctx.session.seal });
  await browser.get('login');
  assert.equal((await browser.get('seal')).body, 'of ann');
});

mended('an asynchronous `externalKey.get` is awaited', async ({ visit }) => {
  const externalKey = {
    get: async (ctx: Context) => ctx.get('x-session'),
    set: (ctx: Context, key: string) => ctx.set('x-session', key),
  };
  const browser = await visit({ store: new RecordStore(), externalKey }, account);
  const key = (await browser.get('login')).headers.get('x-session') ?? '';
  assert.equal((await browser.get('', { headers: { 'x-session': key } })).body, '{"user":"ann"}');
});
