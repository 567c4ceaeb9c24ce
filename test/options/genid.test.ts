import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

for (const [what, made] of [
  ['a number', 42],
  ['a bigint', 12345678901234567890n],
] as const) {
  test(`a \`genid\` may make ${what}, as in koa-session`, async t => {
    const store = new RecordStore();
    const browser = await visit(t, { store, genid: () => made as never }, account);
    assert.equal((await browser.get('login')).cookie()?.value, String(made));
    assert.deepEqual(store.keys, [String(made)]);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  });
}

for (const [what, made] of [
  ['no cookie can hold', 'a;b c'],
  ['comes back without its end', 'a '],
  ['comes back without its quotes', '"a"'],
  ['no header can hold', 'schlüssel'],
  ['is too long for a cookie', 'k'.repeat(4089)],
] as const) {
  test(`a key that ${what} is refused before anything is kept under it`, async t => {
    for (const store of [new RecordStore(), memoryStore()]) {
      const app = appWith(sojourn.createSession, { store, genid: () => made }, account);
      const [errors, created] = [errorsOf(app), eventsOf(app, 'session:created')];
      const answer = await (await serve(t, app)).get('login');
      assert.equal(answer.status, 500);
      assert.match(String(errors[0]), /option `genid` must return what a cookie can hold/);
      assert.deepEqual(created, []);
      if (store instanceof RecordStore) assert.deepEqual(store.keys, []);
    }
  });
}

test('a key with spaces, and one as long as a cookie may be, come back', async t => {
  for (const made of ['of my own making', 'k'.repeat(4088)]) {
    const browser = await visit(t, { store: new RecordStore(), genid: () => made }, account);
    assert.equal((await browser.get('login')).status, 200);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
});

test('`regenerate()` refuses the key of before, and the session stays as it was', async t => {
  for (const store of [new RecordStore(), memoryStore()]) {
    const site: Routes = { ...account, regenerate: ctx => ctx.session.regenerate() };
    const app = appWith(sojourn.createSession, { store, genid: () => 'the same' }, site);
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    await browser.get('login');
    const answer = await browser.get('regenerate');
    assert.deepEqual([answer.status, answer.cookies], [500, []]);
    assert.match(String(errors[0]), /SessionOptionsError: option `genid` made the same key again/);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
});

test('`genid` is asked when `beforeSave` has run', async t => {
  const asked: string[] = [];
  const browser = await visit(
    t,
    {
      store: new RecordStore(),
      genid: () => {
        asked.push('genid');
        return 'the-key';
      },
      beforeSave: () => {
        asked.push('beforeSave');
      },
    },
    account,
  );
  await browser.get('login');
  assert.deepEqual(asked, ['beforeSave', 'genid']);
});
