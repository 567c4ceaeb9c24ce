import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import type { Context } from 'koa';
import {
  generateKey,
  type SessionError,
  type SessionStore,
  SessionStoreError,
  sealed,
  strict,
} from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { redisStore } from 'sojourn/redis';
import { failingStore } from 'sojourn/testing';
import { appWith, bareApp, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';
import { missing, startRedis } from '../stores/redis-servers.js';
import { dataOf, infoOf, siteWith } from './site.js';

describe('a store that', () => {
  for (const kind of ['fails', 'hangs'] as const) {
    test(`${kind} when it is asked is a 503 with its cause, and no cookie is touched`, async t => {
      const store = failingStore(memoryStore());
      const { app, browser } = await siteWith(t, store, { storeTimeout: 50 });
      const errors = errorsOf(app);
      await browser.get('login');
      if (kind === 'fails') store.fail('find', new Error('connection lost'));
      else store.hang('find');
      const { status, cookies } = await browser.get('write?page=2');
      store.restore();
      assert.deepEqual([status, cookies], [503, []]);
      const [error] = errors;
      assert.ok(error instanceof SessionStoreError);
      assert.match(String(error.cause), kind === 'fails' ? /connection lost/ : /no answer within.*50 ms/);
      assert.deepEqual(await dataOf(browser), { user: 'ann' });
    });

    test(`${kind} when a session is ended is a 503; the session is as it was, and so is its cookie`, async t => {
      for (const path of ['logout', 'regenerate', 'login?as=bob', 'signout', 'empty']) {
        const store = failingStore(memoryStore());
        const { browser } = await siteWith(t, store, { storeTimeout: 50 });
        await browser.get('login');
        if (kind === 'fails') store.fail('insert');
        else store.hang('insert');
        const { status, cookies } = await browser.get(path);
        assert.deepEqual([status, cookies], [503, []], path);
        store.restore();
        if (kind === 'fails') assert.deepEqual(await dataOf(browser), { user: 'ann' }, path);
      }
    });
  }

  test('fails leaves an anonymous request with `onStoreFailure`, and still is asked to end its session', async t => {
    const store = failingStore(memoryStore());
    const { app, sessions, browser } = await siteWith(t, store, { onStoreFailure: 'anonymous' });
    const told = eventsOf(app, 'session:error');
    await browser.get('login');
    store.fail('find');
    assert.equal((await browser.get()).body, '{"user":null}');
    assert.equal((await infoOf(browser)).available, false);
    const write = await browser.get('write?page=2');
    assert.deepEqual([write.status, write.cookies], [503, []], 'nothing can be written');
    assert.ok(told.length > 0);
    const copy = browser.copy();
    assert.equal((await browser.get('logout')).cookie()?.expiresAt, 0);
    store.restore();
    assert.equal((await infoOf(copy)).ended?.reason, 'logout');
    store.fail('insert');
    await assert.rejects(sessions.endAll('ann'), { code: 'ERR_SESSION_STORE', status: 503 });
  });

  test('loses the reply to what it has done is not asked twice', async t => {
    const store = failingStore(memoryStore());
    const { sessions, browser } = await siteWith(t, store);
    await browser.get('login');
    const copy = browser.copy();
    store.fail('insert', new Error('cut'), { times: 1, afterwards: true });
    assert.equal((await browser.get('logout')).cookie()?.expiresAt, 0, 'it was this request that ended it');
    assert.equal((await infoOf(copy)).ended?.reason, 'logout');
    store.fail('insert', new Error('cut'), { times: 1 });
    await browser.get('login');
    await sessions.endAll('ann');
    assert.equal((await infoOf(browser)).ended?.reason, 'revoked', 'what never arrived is sent again');
  });
});

describe('a row that cannot be read', () => {
  const damages: Record<string, string> = {
    'is of another shape': '{"ended":true}',
    'is empty': '{}',
    'is no JSON': 'ended',
    'has an end without an instant': '{"ended":{"reason":"logout"}}',
    'has an account’s end without an instant': '{"endedOf":{"x":{"reason":"logout"}}}',
    'has a rotation without a number': '{"rotated":{"at":1}}',
  };
  for (const [what, data] of Object.entries(damages)) {
    test(`as it ${what}, is a failure of the store, and never "live"`, async t => {
      const store = memoryStore();
      const damaged: SessionStore = new Proxy(store, {
        get(target, name) {
          if (name !== 'find') return Reflect.get(target, name, target)?.bind?.(target);
          return async (...args: [string]) => {
            const found = await target.find(...args);
            return found && !found.ended ? { ...found, data } : found;
          };
        },
      });
      const { app, browser } = await siteWith(t, damaged);
      const errors = errorsOf(app);
      await browser.get('login');
      const copy = browser.copy();
      await browser.get('logout');
      assert.equal((await copy.get()).status, 503);
      assert.match(String(errors[0]?.cause), /a revocation is of another shape/);
    });
  }

  test('as the store itself says, is one too', { skip: missing }, async t => {
    const server = await startRedis();
    const client = new Redis(server.port);
    t.after(async () => {
      client.disconnect();
      await server.stop();
    });
    const { sessions, browser } = await siteWith(t, redisStore(client));
    await browser.get('login');
    await sessions.endAll('ann');
    const rows = await client.keys('*s:*');
    assert.equal(rows.length, 1);
    await client.set(rows[0] as string, 'nonsense');
    assert.equal((await browser.get()).status, 503);
  });

  test('as somebody ended it like a session, is one too', async t => {
    const store = memoryStore();
    const { sessions, browser } = await siteWith(t, store);
    await browser.get('login');
    await sessions.endAll('ann');
    for await (const { handle } of store.all()) await store.endByHandle(handle, 'cleaning up');
    assert.equal((await browser.get()).status, 503);
  });
});

test('no error and no row tells an account, a handle or a key of the store', async t => {
  const store = failingStore(memoryStore());
  const { app, sessions, browser } = await siteWith(t, store);
  const errors = errorsOf(app);
  await browser.get('login');
  const { handle } = await infoOf(browser);
  await sessions.endAll('ann', { except: handle });
  await sessions.end(handle, { owner: 'bob' });
  const kept: string[] = [];
  for await (const { data } of store.all()) kept.push(data);
  assert.equal(kept.length, 2);
  assert.ok(!kept.join().includes('ann') && !kept.join().includes('bob'), kept.join());
  const keys: string[] = [];
  const { find } = store;
  store.find = (key, call) => {
    keys.push(key);
    return find.call(store, key, call);
  };
  await infoOf(browser);
  store.find = async key => {
    throw new Error(`GET ${key} failed`);
  };
  await browser.get();
  assert.equal(keys.length, 2);
  for (const key of keys) {
    assert.match(key, /^revoked:1:[\w-]{3}\.(session|owner)-[\w-]{43}$/);
    assert.ok(!inspect(errors, { depth: 9 }).includes(key));
  }
  assert.match(inspect(errors), /GET \[key\] failed/);
});

test('what is kept of it is no session to whoever presents its key', async t => {
  const store = memoryStore();
  const { browser, sessions } = await siteWith(t, store);
  await browser.get('login');
  await sessions.endAll('ann');
  const { find } = store;
  const keys: string[] = [];
  store.find = (key, call) => {
    keys.push(key);
    return find.call(store, key, call);
  };
  await browser.get('read');
  const externalKey = { get: ({ query }: Context) => query.key as string, set() {} };
  const other = await visit(t, { store, externalKey }, { '': ctx => ctx.session.user ?? ctx.sessionInfo });
  for (const key of keys.splice(0)) {
    const { handle } = (await other.get(`?key=${encodeURIComponent(key)}`)).json as { handle?: string };
    assert.equal(handle, undefined);
  }
  assert.deepEqual(keys, [], 'the store is not even asked');
});

describe('a mistake is told at start:', () => {
  const start = (options: object) => sojourn.createSession(bareApp(), options);
  const mistakes: Readonly<Record<string, readonly [options: object, message: RegExp]>> = {
    'a store beside it': [{ store: memoryStore() }, /^option `revocations` is for cookie sessions/],
    'a koa-session store beside it': [{ store: new RecordStore() }, /^option `revocations` is for cookie/],
    'a ContextStore beside it': [{ ContextStore: RecordStore }, /^option `revocations` is for cookie/],
    'a koa-session store in its place': [
      { revocations: new RecordStore() },
      /^option `revocations` must be a sojourn store/,
    ],
    'what is no store': [{ revocations: true }, /^option `revocations` must be a sojourn store/],
    'a cookie that can be forged': [
      { signed: false },
      /^option `revocations` needs a cookie that cannot be forged/,
    ],
    'a key in its place': [{ externalKey: { get() {}, set() {} } }, /^option `externalKey` needs a `store`/],
  };
  for (const [what, [options, message]] of Object.entries(mistakes)) {
    test(what, () => {
      assert.throws(
        () => start({ revocations: memoryStore(), ...options }),
        (error: SessionError) => error.code === 'ERR_SESSION_OPTIONS' && message.test(error.message),
      );
    });
  }

  test('valid combinations with `revocations` are none', () => {
    const revocations = memoryStore();
    for (const options of [
      { revocations, storeTimeout: 100, onStoreFailure: 'anonymous' },
      { revocations, ...sealed(generateKey()) },
      strict({ revocations, ...sealed(generateKey()) }),
      { revocations, absoluteTimeout: 1000, idleTimeout: 100, lazy: true },
    ]) {
      assert.doesNotThrow(() => start(options));
    }
  });
});

test('a session of which `owner` says nothing cannot be saved, and one that is there is no lock-out', async t => {
  const store = memoryStore();
  const site: Routes = {
    cart: ctx => {
      ctx.session.cart = ['tea'];
    },
    login: ctx => {
      ctx.session.user = { id: 'ann' };
    },
    '': ctx => ({ ...ctx.session }),
  };
  const before = await visit(t, { revocations: store }, site);
  await before.get('cart');
  const owner = (data: { user?: { id: string } }) => (data.user as { id: string }).id;
  const app = appWith(sojourn.createSession, { revocations: store, owner } as never, site);
  const [errors, told] = [errorsOf(app), eventsOf(app, 'session:error')];
  const browser = await serve(t, app);
  assert.deepEqual([(await browser.get('cart')).status, browser.cookieHeader], [500, '']);
  assert.match(String(errors[0]), /^TypeError: .*'id'/);
  assert.equal((await browser.get('', { cookie: before.cookieHeader })).body, '{}');
  assert.match(String(told[0]?.error), /^TypeError: .*'id'/);
  await browser.get('login', { cookie: before.cookieHeader });
  assert.equal((await browser.get()).body, '{"user":{"id":"ann"}}');
});
