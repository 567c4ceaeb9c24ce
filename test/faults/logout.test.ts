import assert from 'node:assert/strict';
import { account } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

mended('a session that begins after `null` has another key, and the old one is dead', async ({ visit }) => {
  const store = new RecordStore();
  const browser = await visit(
    { store },
    {
      ...account,
      'login-anew': ctx => {
        ctx.session = null;
        ctx.session = { user: 'bob' };
      },
    },
  );
  await browser.get('login');
  const [oldKey] = store.keys;
  await browser.get('login-anew');
  assert.equal(store.keys.length, 1);
  assert.notEqual(store.keys[0], oldKey);
  assert.equal(browser.cookies.get('koa.sess')?.value, store.keys[0]);
});

mended('`regenerate` writes the new record before the old one goes', async ({ visit }) => {
  const store = new RecordStore();
  const browser = await visit({ store }, { ...account, regenerate: ctx => ctx.session.regenerate() });
  await browser.get('login');
  store.forgetCalls();
  await browser.get('regenerate');
  assert.deepEqual(
    store.verbs.filter(verb => verb !== 'get'),
    ['set', 'destroy'],
  );
});

mended('after `regenerate` the session tells its new key', async ({ visit }) => {
  const store = new RecordStore();
  const browser = await visit(
    { store },
    {
      ...account,
      regenerate: async ctx => {
        await ctx.session.regenerate();
        return ctx.session.externalKey;
      },
    },
  );
  await browser.get('login');
  const { body } = await browser.get('regenerate');
  assert.deepEqual(store.keys, [body]);
});

mended('`save` and the automatic commit write once', async ({ visit }) => {
  const store = new RecordStore();
  const browser = await visit(
    { store },
    {
      '': async ctx => {
        ctx.session.user = 'ann';
        await ctx.session.save();
      },
    },
  );
  await browser.get();
  assert.deepEqual(store.verbs, ['set']);
});
