import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import { session } from 'sojourn';
import { account, appWith, bareApp, type Ctx, router, SECRET } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { DAY, HOUR, stoppedClock } from '../harness/clock.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';

const require = createRequire(import.meta.url);
const mount = require('koa-mount') as (prefix: string, app: Koa) => Middleware;

type Bag = Record<string, unknown>;

/** An app with two sessions: the visitor's in the cookie, the shop's in a store. */
function appWithTwo() {
  const app = bareApp();
  const store = new RecordStore();
  const visitors = session<Bag>(app, { key: 'visitor' });
  const carts = session<Bag>(app, { key: 'cart', store, property: 'cart' });
  app.use(visitors as never).use(carts as never);
  return { app, store, visitors, carts };
}

test('an app can have several sessions, each with its own cookie, store and name', async t => {
  const { app, store, visitors, carts } = appWithTwo();
  app.use(
    router({
      fill: context => {
        const ctx = context as unknown as Context & { cart: Bag };
        carts.of(ctx).session = { items: 2 };
        visitors.of(ctx).session = { name: 'ann' };
        return [ctx.cart.items, (ctx as unknown as Ctx).session.name];
      },
      leave: context => {
        carts.of(context as never).session = null;
      },
      '': context => {
        const ctx = context as unknown as Context & { cart: Bag | null };
        return { cart: ctx.cart, visitor: ctx.session };
      },
    }),
  );
  const browser = await serve(t, app);
  assert.equal((await browser.get('fill')).body, '[2,"ann"]');
  assert.deepEqual([...browser.cookies.keys()].sort(), ['cart', 'cart.sig', 'visitor', 'visitor.sig']);
  assert.equal(store.keys.length, 1);
  assert.equal((await browser.get()).body, '{"cart":{"items":2},"visitor":{"name":"ann"}}');
  const left = await browser.get('leave');
  assert.deepEqual(
    left.cookies.map(({ name, expiresAt }) => [name, expiresAt]),
    [
      ['cart', 0],
      ['cart.sig', 0],
    ],
  );
  assert.equal((await browser.get()).body, '{"cart":{},"visitor":{"name":"ann"}}');
});

test("the manager gives its own session's parts, whatever the name on ctx", async t => {
  const { app, store, visitors, carts } = appWithTwo();
  store.put('k', { items: 2 });
  app.use(async ctx => {
    const [visitor, cart] = [visitors.of(ctx as never), carts.of(ctx as never)];
    assert.equal(cart.session, (ctx as unknown as { cart: object }).cart);
    assert.equal(visitor.session, ctx.session);
    assert.equal(await cart.load(), cart.session);
    assert.deepEqual([visitor.options.key, cart.options.key], ['visitor', 'cart']);
    assert.equal(visitor.options, ctx.sessionOptions);
    assert.deepEqual([visitor.info, cart.info.available], [ctx.sessionInfo, true]);
    assert.ok(!('cartInfo' in ctx) && !('cartOptions' in ctx));
    ctx.body = cart.session;
  });
  const browser = await serve(t, app);
  assert.equal((await browser.get('', { cookie: signedPair('k', { name: 'cart' }) })).body, '{"items":2}');
});

test('an app whose only session has another name has no `ctx.session`', async t => {
  const app = bareApp();
  app.use(session(app, { property: 'cart' }) as never);
  app.use(ctx => {
    ctx.body = ['session', 'sessionInfo', 'sessionOptions', 'loadSession', 'cart'].filter(
      name => name in ctx,
    );
  });
  assert.equal((await (await serve(t, app)).get()).body, '["cart"]');
});

test('a mounted sub-app has its session, and its parent another', async t => {
  const [parent, shop] = [bareApp(), bareApp()];
  const name =
    (value: string): Koa.Middleware =>
    async (ctx, next) => {
      (ctx as unknown as Ctx).session.name = value;
      await next();
    };
  shop.use(session(shop, { key: 'shop' }) as never).use(name('of the shop'));
  shop.use(ctx => {
    ctx.body = 'ok';
  });
  parent.use(session(parent, { key: 'site' }) as never);
  parent.use(async (ctx, next) => {
    await next();
    (ctx as unknown as Ctx).session.name = 'of the site';
  });
  parent.use(mount('/shop', shop));
  const browser = await serve(t, parent);
  await browser.get('shop');
  const names = ['site', 'shop'].map(key => JSON.parse(atob(browser.cookies.get(key)?.value ?? '')).name);
  assert.deepEqual(names, ['of the site', 'of the shop']);
});

test("a mounted sub-app with its parent's options shares its parent's session", async t => {
  const store = new RecordStore();
  const parent = bareApp();
  parent.use(session(parent, { store }) as never);
  parent.use(mount('/shop', appWith(sojourn.createSession, { store }, account)));
  parent.use(router(account));
  const browser = await serve(t, parent);
  await browser.get('shop/login');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  assert.deepEqual(store.verbs, ['set', 'get']);
});

test('the session works before the middleware: in a cookie session with its data, in a store without', async t => {
  for (const [options, cookie, expected] of [
    [{}, signedRecord({ user: 'ann' }), '["ann"]'],
    [{ store: new RecordStore() }, signedPair('k'), '[null]'],
  ] as const) {
    const app = bareApp();
    const early: unknown[] = [];
    app.use(async (ctx, next) => {
      early.push((ctx as unknown as Ctx).session.user);
      await next();
    });
    app.use(session(app, options as object) as never);
    app.use(ctx => {
      ctx.body = early;
    });
    assert.equal((await (await serve(t, app)).get('', { cookie })).body, expected);
  }
});

test('what is put in a stored session before the middleware comes beside what is loaded', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const app = bareApp();
  app.use(async (ctx, next) => {
    (ctx as unknown as Ctx).session.early = true;
    await next();
  });
  app.use(session(app, { store }) as never).use(router(account));
  await (await serve(t, app)).get('', { cookie: signedPair('k') });
  const { _expire, _maxAge, ...data } = store.record('k') ?? {};
  assert.deepEqual(data, { user: 'ann', early: true });
});

test('a lifetime that is set before the middleware counts, whatever was loaded', async t => {
  const clock = stoppedClock(t);
  const store = new RecordStore();
  store.put('k', { user: 'ann', _expire: clock.now() + DAY, _maxAge: DAY });
  const app = bareApp();
  app.use(async (ctx, next) => {
    (ctx as unknown as Ctx).session.maxAge = HOUR;
    await next();
  });
  app.use(session(app, { store }) as never).use(router(account));
  const answer = await (await serve(t, app)).get('', { cookie: signedPair('k') });
  assert.equal(answer.cookie()?.expiresAt, clock.now() + HOUR);
});

test('a stored session that is ended before the middleware is ended, and another key begins', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const app = bareApp();
  app.use(async (ctx, next) => {
    (ctx as unknown as Ctx).session = null;
    await next();
  });
  app.use(session(app, { store }) as never);
  app.use(
    router({
      '': ctx => {
        ctx.session = { user: 'bob' };
      },
    }),
  );
  await (await serve(t, app)).get('', { cookie: signedPair('k') });
  assert.equal(store.keys.length, 1);
  assert.notEqual(store.keys[0], 'k');
});

test('a test may put a session of its own on `app.context`, before `session()` or after', async t => {
  for (const isBefore of [true, false]) {
    const app = bareApp();
    app.keys = [SECRET];
    const mock = () =>
      Object.defineProperty(app.context, 'session', { value: { user: 'mocked' }, configurable: true });
    if (isBefore) mock();
    app.use(session(app) as never).use(router(account));
    if (!isBefore) mock();
    const { body, cookies } = await (await serve(t, app)).get();
    assert.deepEqual([body, cookies], ['{"user":"mocked"}', []]);
  }
});

test('a mock may be assigned, as one assigns to a plain object', async t => {
  const app = appWith(sojourn.createSession, {}, account);
  Object.assign(app.context, { session: { user: 'mocked' } });
  assert.equal((await (await serve(t, app)).get()).body, '{"user":"mocked"}');
});

test('a name that a mock took is the real one again when the mock is gone', async t => {
  const app = appWith(sojourn.createSession, {}, account);
  const real = Object.getOwnPropertyDescriptor(app.context, 'session') as PropertyDescriptor;
  Object.defineProperty(app.context, 'session', { value: { user: 'mocked' }, configurable: true });
  const browser = await serve(t, app);
  assert.equal((await browser.get()).body, '{"user":"mocked"}');
  Object.defineProperty(app.context, 'session', real);
  assert.equal((await browser.get()).body, '{"user":null}');
});

test('`app.context` itself has no session: asking it, as an inspector does, gives nothing', () => {
  const app = appWith(sojourn.createSession, {}, account);
  const context = app.context as unknown as Ctx;
  assert.deepEqual(
    [context.session, context.sessionInfo, context.sessionOptions],
    [undefined, undefined, undefined],
  );
});

test('a middleware that was installed twice works once, and either manager gives its session', async t => {
  const app = bareApp();
  app.use(session(app));
  const second = session(app);
  app.use(second).use(
    router({
      login: ctx => {
        Object.assign(second.of(ctx as never).session ?? {}, { user: 'ann' });
      },
      '': account[''] as never,
    }),
  );
  const browser = await serve(t, app);
  await browser.get('login');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});

test("while a sub-app's session is saved, `ctx.session` is that one", async t => {
  const [parent, shop] = [bareApp(), bareApp()];
  const seen: unknown[] = [];
  const beforeSave = (ctx: Context, saved: object) => {
    seen.push(ctx.session === saved);
  };
  shop.use(session(shop, { key: 'shop', beforeSave }) as never).use(router(account));
  parent.use(session(parent, { key: 'site' }) as never).use(mount('/shop', shop));
  await (await serve(t, parent)).get('shop/login');
  assert.deepEqual(seen, [true]);
});
