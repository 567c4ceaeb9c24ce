import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asKoaStore, generateKey, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { koaStoreSuite } from 'sojourn/testing';
import { account, appWith, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { DAY, HOUR, stoppedClock } from '../harness/clock.js';
import { koaSession7 } from '../harness/packages.js';
import { visit } from '../harness/visit.js';

const site: Routes = {
  ...account,
  change: ctx => {
    ctx.session.seen = true;
  },
  all: ctx => ({ ...(ctx.session.toJSON() as object) }),
};

koaStoreSuite({ test, create: () => asKoaStore(memoryStore()) } as never);

for (const [what, { storeOptions, keyOptions }] of Object.entries({
  plain: { storeOptions: {}, keyOptions: {} },
  sealed: { storeOptions: { codec: sealed(generateKey()) }, keyOptions: {} },
  'hashed keys': { storeOptions: {}, keyOptions: { hashKeys: true, prefix: 'app:' } },
})) {
  test(`an app goes back to koa-session with its store, and on again, and nobody is logged out: ${what}`, async t => {
    const store = memoryStore(storeOptions);
    const ours = await visit(t, { store, ...keyOptions }, site);
    await ours.get('login');
    const options = { store: asKoaStore(store, keyOptions), prefix: 'app:' };
    const theirs = await serve(t, appWith(koaSession7.createSession, options, site));
    take(theirs, ours);
    await theirs.get('change');
    assert.deepEqual((await theirs.get('all')).json, { user: 'ann', seen: true });
    take(ours, theirs);
    assert.deepEqual((await ours.get('all')).json, { user: 'ann', seen: true });
  });
}

test('with `acceptPlain`, sessions under plain and under hashed keys go on', async t => {
  const store = memoryStore();
  const before = await visit(t, { store }, site);
  await before.get('login');
  const keyOptions = { hashKeys: { acceptPlain: true } };
  const options = { store: asKoaStore(store, keyOptions) };
  const theirs = await serve(t, appWith(koaSession7.createSession, options, site));
  take(theirs, before);
  await theirs.get('change');
  assert.deepEqual((await theirs.get('all')).json, { user: 'ann', seen: true });
  const hashing = await visit(t, { store, ...keyOptions }, site);
  take(hashing, theirs);
  assert.deepEqual((await hashing.get('all')).json, { user: 'ann', seen: true });
  // It has been moved to its hashed key.
  assert.deepEqual((await theirs.get('all')).json, { user: 'ann', seen: true });
});

test('a key that no session can have stands for none, and none is written under it', async () => {
  const adapted = asKoaStore(memoryStore());
  const [key, record] = ['revoked:1:ann', { user: 'ann' }];
  const set = async () => adapted.set(key, record, 1000, { rolling: false, changed: true, ctx: {} });
  await assert.rejects(set, /no session can have a key of this form/);
  await adapted.destroy(key, { ctx: {} });
  assert.equal(await adapted.get(key, 1000, { rolling: false, ctx: {} }), undefined);
});

test('what was ended stays ended, although koa-session would write it back', async t => {
  const store = memoryStore();
  const ours = await visit(t, { store }, { ...site, key: ctx => ctx.session.externalKey });
  await ours.get('login');
  const key = (await ours.get('key')).body;
  const adapted = asKoaStore(store);
  const record = (await adapted.get(key, 1000, { rolling: false, ctx: {} })) as Record<string, unknown>;
  assert.equal(record.user, 'ann');
  await ours.get('logout');
  await adapted.set(key, record, 1000, { rolling: false, changed: true, ctx: {} });
  assert.equal(await adapted.get(key, 1000, { rolling: false, ctx: {} }), undefined);
});

for (const [what, options] of Object.entries({
  '`rolling`': { rolling: true },
  '`idleTimeout`': { idleTimeout: HOUR / 2, touchAfter: 0 },
})) {
  test(`a session without a lifetime of its own keeps the configured one, whatever ${what} made of it`, async t => {
    const clock = stoppedClock(t);
    const store = memoryStore();
    const ours = await visit(t, { store, ...options }, site);
    await ours.get('login');
    for (let use = 0; use < 10; use++) {
      clock.advance(HOUR / 3);
      await ours.get('all');
    }
    const theirs = await serve(
      t,
      appWith(koaSession7.createSession, { store: asKoaStore(store, { maxAge: DAY }) }, site),
    );
    take(theirs, ours);
    const { expiresAt } = (await theirs.get('change')).cookie() ?? {};
    assert.equal(expiresAt, clock.now() + DAY);
    for await (const stored of store.all())
      assert.deepEqual([stored.maxAge, stored.expiresAt - clock.now()], [null, DAY]);
  });
}

test("koa-session's sessions that end with the browser are kept, and those of before go on", async t => {
  const store = memoryStore();
  const ours = await visit(t, { store }, site);
  await ours.get('login');
  const options = { store: asKoaStore(store), maxAge: 'session' };
  const theirs = await serve(t, appWith(koaSession7.createSession, options, site));
  take(theirs, ours);
  await theirs.get('change');
  assert.deepEqual((await theirs.get('all')).json, { user: 'ann', seen: true });
  const fresh = theirs.stranger();
  await fresh.get('login');
  assert.deepEqual((await fresh.get('all')).json, { user: 'ann' });
});

function take(browser: Browser, from: Browser): void {
  for (const [name, cookie] of from.cookies) browser.cookies.set(name, cookie);
}
