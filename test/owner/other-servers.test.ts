import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { bareApp, type Routes, router } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import type { TestOptions } from '../harness/visit.js';

/* Two versions of an app serve the same visitors, as while it is deployed. */

type Data = { user?: { id: string; mail?: string } };

const site: Routes = {
  login: ctx => {
    const id = String(ctx.query.as ?? 'ann');
    ctx.session.user = { id, mail: `${id}@example.org` };
  },
  signout: ctx => {
    delete ctx.session.user;
    ctx.session.cart = ['tea'];
  },
  cart: ctx => {
    ctx.session.cart = ['coffee'];
  },
  read: ctx => ctx.session.toJSON(),
  info: ctx => ctx.sessionInfo,
};

const byId = (data: Data) => data.user?.id;
const byMail = (data: Data) => data.user?.mail;

async function server(t: TestContext, options: TestOptions) {
  const app = bareApp();
  const sessions = session<Data>(app, options as never);
  app.use(sessions).use(router(site));
  return Object.assign(await serve(t, app), { sessions });
}

function take(browser: Browser, from: Browser): void {
  for (const [name, cookie] of from.cookies) browser.cookies.set(name, cookie);
}

/** A visitor, signed in as ann at the newer server, and the same one at an older server, which has no `owner`. */
async function signedInAtNewer(t: TestContext, owner: TestOptions['owner'] = byId) {
  const store = memoryStore();
  const [newer, older] = [await server(t, { store, owner }), await server(t, { store })];
  await newer.get('login');
  take(older, newer);
  return { store, newer, older };
}

test('an account that a server without `owner` signed in counts, and not the one that the store knows', async t => {
  const { newer, older } = await signedInAtNewer(t);
  await older.get('login?as=bob');
  const { owner, authenticatedAt } = (await newer.get('info')).json as Record<string, unknown>;
  assert.deepEqual({ owner, authenticatedAt }, { owner: 'bob', authenticatedAt: undefined });
  assert.deepEqual([await newer.sessions.count('ann'), await newer.sessions.count('bob')], [0, 1]);
  const [listed] = await newer.sessions.list('bob');
  assert.equal(listed?.authenticatedAt, undefined, 'nobody knows when');
  assert.equal(await newer.sessions.endAll('bob'), 1);
});

test('a sign-out at a server without `owner` counts', async t => {
  const { newer, older } = await signedInAtNewer(t);
  await older.get('signout');
  assert.equal(((await newer.get('info')).json as { owner?: string }).owner, undefined);
  assert.equal(await newer.sessions.count('ann'), 0);
  assert.deepEqual((await newer.get('read')).json, { cart: ['tea'] });
});

test('an `owner` that gives accounts other names takes sessions over as they are used', async t => {
  const store = memoryStore();
  const [newer, older] = [await server(t, { store, owner: byId }), await server(t, { store, owner: byMail })];
  await older.get('login');
  take(newer, older);
  assert.equal(await newer.sessions.count('ann'), 0);
  const { cookies } = await newer.get('read');
  assert.deepEqual(cookies, [], 'nobody has signed in: the key stays');
  assert.deepEqual(
    [await newer.sessions.count('ann'), await newer.sessions.count('ann@example.org')],
    [1, 0],
  );
});

test('a request that only reads keeps its key and its cookie, whoever signs in elsewhere meanwhile', async t => {
  const { store, newer, older } = await signedInAtNewer(t);
  await older.get('login?as=bob');
  const { find } = store;
  store.find = async (...call) => {
    store.find = find;
    const found = await find.apply(store, call);
    await older.get('login?as=carol');
    return found;
  };
  assert.deepEqual((await newer.get('read')).cookies, []);
  assert.deepEqual((await newer.get('read')).json, { user: { id: 'carol', mail: 'carol@example.org' } });
  assert.deepEqual([await newer.sessions.count('carol'), await newer.sessions.count()], [1, 1]);
});

test('data for which `owner` throws can be read, and fail when they are saved', async t => {
  const { newer, older } = await signedInAtNewer(t, (data: { user: { id: string } }) => data.user.id);
  await older.get('signout');
  assert.deepEqual((await newer.get('read')).json, { cart: ['tea'] });
  assert.equal((await newer.get('signout')).status, 200, 'nothing has changed');
  assert.equal((await newer.get('cart')).status, 500);
  assert.equal((await newer.get('login')).status, 200);
});
