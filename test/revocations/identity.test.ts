import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { appWith, bareApp, type Ctx, errorsOf, eventsOf, type Routes, router } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { SECOND, stoppedClock } from '../harness/clock.js';
import { recordIn } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';
import { dataOf, infoOf, site, siteWith } from './site.js';

const recordOf = (browser: Browser) => recordIn(browser.cookies.get('koa.sess')?.value);

describe('with revocations', () => {
  test('a sign-in and a sign-out make another session, which begins then; the one before is dead', async t => {
    const clock = stoppedClock(t);
    const { app, browser } = await siteWith(t, memoryStore());
    const rotated = eventsOf(app, 'session:rotated');
    await browser.get('visit');
    for (const [path, owner] of [
      ['login', 'ann'],
      ['login?as=bob', 'bob'],
      ['signout', undefined],
    ] as const) {
      const before = browser.copy();
      const { handle } = await infoOf(browser);
      clock.advance(SECOND);
      await browser.get(path);
      const after = await infoOf(browser);
      assert.equal(after.owner, owner);
      assert.notEqual(after.handle, handle);
      assert.equal(after.createdAt, clock.now());
      assert.deepEqual((await infoOf(before)).ended, { reason: 'rotated', at: clock.now() });
      assert.equal(rotated.at(-1)?.handle, after.handle);
    }
    assert.equal(rotated.length, 3);
  });

  test('`regenerate` leaves the handle and the beginning as they are, and every cookie from before dead', async t => {
    const clock = stoppedClock(t);
    const { sessions, browser } = await siteWith(t, memoryStore());
    await browser.get('login');
    const { handle, createdAt } = await infoOf(browser);
    const before: Browser[] = [];
    for (let turn = 0; turn < 3; turn++) {
      before.push(browser.copy());
      clock.advance(SECOND);
      await browser.get('regenerate');
      const after = await infoOf(browser);
      assert.deepEqual([after.handle, after.createdAt], [handle, createdAt]);
    }
    for (const each of before) assert.equal((await infoOf(each)).ended?.reason, 'rotated');
    await browser.get('write?page=2');
    assert.deepEqual(await dataOf(browser), { user: 'ann', page: '2' });
    await sessions.end(handle);
    assert.equal((await infoOf(browser)).ended?.reason, 'revoked');
  });

  test('a change that is no sign-in keeps the handle, and asks the store once, before the app runs', async t => {
    const calls: string[] = [];
    const store = memoryStore();
    const counted = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return value.apply(target, args);
        };
      },
    });
    const { browser } = await siteWith(t, counted);
    await browser.get('read');
    assert.deepEqual(calls.splice(0), [], 'who has no cookie costs nothing');
    await browser.get('login');
    assert.deepEqual(calls.splice(0), [], 'nor does a session that begins');
    const { handle } = await infoOf(browser);
    assert.deepEqual(calls.splice(0), ['find', 'find'], 'by its handle and by its account, together');
    await browser.get('write?page=2');
    assert.deepEqual(calls.splice(0), ['find', 'find']);
    assert.equal((await infoOf(browser)).handle, handle);
    calls.splice(0);
    await browser.get('regenerate');
    assert.deepEqual(calls.splice(0), ['find', 'find', 'insert']);
    await browser.get('logout');
    assert.deepEqual(calls.splice(0), ['find', 'find', 'insert', 'find', 'update']);
    assert.equal(await store.count(), 1);
  });

  test('what a cookie keeps stands beside the data: a handle, its beginning, and how often it was regenerated', async t => {
    const clock = stoppedClock(t);
    const { browser } = await siteWith(t, memoryStore());
    await browser.get('login');
    const now = clock.now();
    const { _handle, ...record } = recordOf(browser);
    assert.deepEqual(record, { user: 'ann', _expire: now + 86_400_000, _maxAge: 86_400_000, _created: now });
    assert.match(String(_handle), /^[\w-]{22}$/);
    await browser.get('regenerate');
    assert.deepEqual(recordOf(browser), { ...record, _handle, _rotations: 1 });
    const lasting = await siteWith(t, memoryStore(), { maxAge: 'session' });
    await lasting.browser.get('login');
    const { _handle: _, ...untilTheEnd } = recordOf(lasting.browser);
    assert.deepEqual(untilTheEnd, { user: 'ann', _session: true, _created: now, _seen: now });
  });

  test('a sign-in that no cookie can hold leaves the session as it was', async t => {
    const routes: Routes = {
      'login-large': ctx => {
        ctx.session.user = 'ann';
        ctx.session.text = 'x'.repeat(5000);
      },
      'regenerate-large': ctx => {
        ctx.session.text = 'x'.repeat(5000);
        return ctx.session.regenerate();
      },
    };
    const { app, browser } = await siteWith(t, memoryStore(), {}, routes);
    const errors = errorsOf(app);
    await browser.get('visit');
    for (const path of ['login-large', 'regenerate-large']) {
      assert.equal((await browser.get(path)).status, 500);
      assert.match(String(errors.at(-1)), /SessionTooLargeError/);
      assert.deepEqual(await dataOf(browser), { cart: ['tea'] });
    }
  });

  test('an account is known by data as `migrate` brings them up to date', async t => {
    const store = memoryStore();
    const old = await siteWith(
      t,
      store,
      { owner: (data: { uid?: string }) => data.uid },
      {
        login: ctx => {
          ctx.session.uid = 'ann';
        },
      },
    );
    await old.browser.get('login');
    const migrate = ({ uid, ...data }: { uid?: string }) => (uid ? { ...data, user: uid } : data);
    const { sessions, browser } = await siteWith(t, store, { migrate: migrate as never });
    for (const [name, cookie] of old.browser.cookies) browser.cookies.set(name, cookie);
    assert.deepEqual(await dataOf(browser), { user: 'ann' });
    await sessions.endAll('ann');
    assert.equal((await infoOf(browser)).ended?.reason, 'revoked');
  });

  test('a session that is used before the middleware runs is empty until it was asked for, and loses nothing', async t => {
    const seen: unknown[] = [];
    const app = bareApp();
    app.use((ctx, next) => {
      const { session } = ctx as unknown as Ctx;
      if (ctx.path === '/write') session.early = true;
      seen.push({ ...session });
      return next();
    });
    const options = { revocations: memoryStore(), owner: ({ user }: { user?: string }) => user };
    app.use(sojourn.createSession(app, options)).use(router(site));
    const browser = await serve(t, app);
    await browser.get('login');
    await browser.get('write?page=2');
    assert.deepEqual(seen, [{}, { early: true }]);
    assert.deepEqual(await dataOf(browser), { user: 'ann', early: true, page: '2' });
  });

  test('`valid`, `schema`, `migrate` and `decode` may be asynchronous', async t => {
    const asked: string[] = [];
    const { browser } = await siteWith(t, memoryStore(), {
      valid: async (_ctx, data: { user?: string }) => {
        asked.push(String(data.user));
        return data.user !== 'eve';
      },
      migrate: async data => ({ ...data, migrated: true }),
      decode: async (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()),
    });
    await browser.get('login');
    assert.deepEqual(await dataOf(browser), { user: 'ann', migrated: true });
    const copy = browser.copy();
    await browser.get('logout');
    asked.splice(0);
    assert.equal((await infoOf(copy)).ended?.reason, 'logout');
    assert.deepEqual(asked, [], 'nobody asks the app of a session that was ended');
    const eve = browser.stranger();
    await eve.get('login?as=eve');
    assert.equal((await infoOf(eve)).ended?.reason, 'invalid');
  });
});

describe('without revocations', () => {
  const owner = ({ user }: { user?: { id?: string } }) => user?.id;
  const routes: Routes = {
    ...site,
    login: ctx => {
      ctx.session.user = { id: String(ctx.query.as) };
    },
    become: ctx => {
      (ctx.session.user as { id: string }).id = String(ctx.query.as);
    },
  };

  for (const path of ['login', 'become']) {
    test(`a ${path} of another account gives a cookie session that has a handle another, and a new beginning`, async t => {
      const clock = stoppedClock(t);
      const options = { owner, idleTimeout: 1000 * SECOND, absoluteTimeout: 10_000 * SECOND };
      const browser = await visit(t, options, routes);
      await browser.get('login?as=ann');
      const ann = await infoOf(browser);
      clock.advance(SECOND);
      await browser.get('write?page=2');
      const still = await infoOf(browser);
      assert.deepEqual([still.handle, still.createdAt], [ann.handle, ann.createdAt]);
      await browser.get(`${path}?as=bob`);
      const bob = await infoOf(browser);
      assert.equal(bob.owner, 'bob');
      assert.notEqual(bob.handle, ann.handle);
      assert.equal(bob.createdAt, clock.now());
    });

    test(`a ${path} of another account gives a session in a koa-session store another key`, async t => {
      const app = appWith(sojourn.createSession, { store: new RecordStore(), owner }, routes);
      const browser = await serve(t, app);
      await browser.get('login?as=ann');
      const key = browser.cookies.get('koa.sess')?.value;
      await browser.get('write?page=2');
      assert.equal(browser.cookies.get('koa.sess')?.value, key);
      await browser.get(`${path}?as=bob`);
      assert.notEqual(browser.cookies.get('koa.sess')?.value, key);
    });
  }
});
