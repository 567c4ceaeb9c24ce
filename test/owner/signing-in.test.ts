import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { SECOND, stoppedClock } from '../harness/clock.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const owner = (data: { user?: unknown }): never => data.user as never;

const site: Routes = {
  cart: ctx => {
    ctx.session.cart = ['tea'];
  },
  login: ctx => {
    ctx.session.user = ctx.query.as ?? 'ann';
  },
  'login-anew': ctx => {
    ctx.session = { user: 'ann' };
  },
  'login-by-update': ctx => ctx.session.update(data => Object.assign(data, { user: 'ann' })),
  signout: ctx => {
    delete ctx.session.user;
  },
  logout: ctx => {
    ctx.session = null;
  },
  read: ctx => ({ ...ctx.session }),
  info: ctx => ctx.sessionInfo,
  '': ctx => void ctx.session.user,
};

interface Info {
  owner?: string;
  handle: string;
  createdAt: number;
  authenticatedAt?: number;
  ended?: { reason: string };
}

const infoOf = async (browser: Browser) => (await browser.get('info')).json as Info;

for (const login of ['login', 'login-anew', 'login-by-update']) {
  test(`a sign-in by ${login} has a key and a handle that nobody knew before`, async t => {
    const clock = stoppedClock(t);
    const browser = await visit(t, { store: memoryStore(), owner }, site);
    await browser.get('cart');
    const planted = browser.copy();
    const before = await infoOf(browser);
    assert.deepEqual([before.owner, before.authenticatedAt], [undefined, undefined]);
    clock.advance(SECOND);
    assert.ok((await browser.get(login)).cookie(), 'the client gets the new key');
    const { ended: _, ...after } = await infoOf(browser);
    assert.notEqual(after.handle, before.handle);
    assert.deepEqual(
      [after.owner, after.authenticatedAt, after.createdAt],
      ['ann', clock.now(), clock.now()],
    );
    const intruder = await infoOf(planted);
    assert.deepEqual([intruder.owner, intruder.ended?.reason], [undefined, 'rotated']);
  });
}

class User {
  readonly #id: string | object;

  constructor(id: string | object) {
    this.#id = id;
  }

  toJSON(): object {
    return { id: this.#id };
  }
}

const users = {
  'is an object that only JSON shows the id of': () => new User('ann'),
  'has an id that is a text only as JSON': () => ({ id: { toJSON: () => 'ann' } }),
  'is in data with more than JSON knows': () => ({ id: 'ann', since: new Date(0) }),
};

for (const [what, userOf] of Object.entries(users)) {
  for (const [place, placed] of Object.entries({
    'a sojourn store': () => ({ store: memoryStore(), maxSessions: 1 }),
    'a koa-session store': () => ({ store: new RecordStore() }),
    'a cookie': () => ({ revocations: memoryStore(), absoluteTimeout: 60 * SECOND }),
  })) {
    test(`in ${place} an account that ${what} is a sign-in, too`, async t => {
      const browser = await visit(
        t,
        { ...placed(), owner: (data: { user?: { id?: unknown } }) => data.user?.id as never },
        {
          ...site,
          login: ctx => {
            ctx.session.user = userOf();
          },
        },
      );
      await browser.get('cart');
      const planted = browser.copy();
      const { status } = await browser.get('login');
      assert.deepEqual([status, (await infoOf(browser)).owner], [200, 'ann']);
      assert.deepEqual((await planted.get('read')).json, {}, 'who planted the key has no session');
    });
  }
}

test('what was in the session before the sign-in is there afterwards', async t => {
  const browser = await visit(t, { store: memoryStore(), owner }, site);
  await browser.get('cart');
  await browser.get('login');
  assert.deepEqual((await browser.get('read')).json, { cart: ['tea'], user: 'ann' });
});

test('a sign-out that keeps other data has a new key, and no owner', async t => {
  const browser = await visit(t, { store: memoryStore(), owner }, site);
  await browser.get('cart');
  await browser.get('login');
  const signedIn = browser.copy();
  await browser.get('signout');
  assert.deepEqual((await browser.get('read')).json, { cart: ['tea'] });
  const { owner: nobody, authenticatedAt } = await infoOf(browser);
  assert.deepEqual([nobody, authenticatedAt], [undefined, undefined]);
  assert.deepEqual((await signedIn.get('read')).json, {});
});

test('whoever signs in on top of another account gets a session apart from it', async t => {
  const browser = await visit(t, { store: memoryStore(), owner }, site);
  await browser.get('login?as=ann');
  const ann = await infoOf(browser);
  const before = browser.copy();
  await browser.get('login?as=bob');
  const bob = await infoOf(browser);
  assert.equal(bob.owner, 'bob');
  assert.notEqual(bob.handle, ann.handle);
  assert.equal((await infoOf(before)).ended?.reason, 'rotated');
});

test('a change that is no sign-in keeps the key, the handle and the time of the sign-in', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { store: memoryStore(), owner }, site);
  await browser.get('login');
  const before = await infoOf(browser);
  const cookie = browser.cookieHeader;
  clock.advance(SECOND);
  await browser.get('cart');
  const after = await infoOf(browser);
  assert.equal(browser.cookieHeader, cookie);
  assert.deepEqual([after.handle, after.authenticatedAt], [before.handle, before.authenticatedAt]);
});

for (const [answer, told] of [
  ['ann', 'ann'],
  [0, '0'],
  [7, '7'],
  [12345678901234567890n, '12345678901234567890'],
  [null, undefined],
  [undefined, undefined],
] as const) {
  test(`an \`owner\` that answers ${String(answer)} (${typeof answer}) means ${told}`, async t => {
    const browser = await visit(t, { store: memoryStore(), owner: () => answer }, site);
    await browser.get('cart');
    assert.equal((await infoOf(browser)).owner, told);
  });
}

for (const answer of ['', Number.NaN, true, {}, Symbol('ann'), Promise.resolve('ann')]) {
  test(`an \`owner\` that answers ${typeof answer} ${String(answer)} is a TypeError, and nothing is saved`, async t => {
    const store = memoryStore();
    const app = appWith(sojourn.createSession, { store, owner: () => answer as never }, site);
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    const { status, cookies } = await browser.get('cart');
    assert.deepEqual([status, cookies.length, await store.count()], [500, 0, 0]);
    assert.match(String(errors[0]), /^TypeError: an `owner` is a string/);
  });
}

for (const [kind, make] of Object.entries<() => TestOptions>({
  'a koa-session store': () => ({ store: new RecordStore() }),
  'a cookie with a deadline': () => ({ idleTimeout: SECOND }),
})) {
  test(`a session in ${kind} of which \`owner\` makes no account does not begin: nobody could change it`, async t => {
    const options = { ...make(), owner: () => true as never };
    const app = appWith(sojourn.createSession, options, site);
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    const { status, cookies } = await browser.get('cart');
    assert.deepEqual([status, cookies.length], [500, 0]);
    assert.deepEqual((options.store as RecordStore | undefined)?.keys ?? [], []);
    assert.match(String(errors[0]), /^TypeError: an `owner` is a string/);
  });
}

for (const [kind, make] of Object.entries<() => TestOptions>({
  'a sojourn store': () => ({ store: memoryStore() }),
  'a koa-session store': () => ({ store: new RecordStore() }),
  'a cookie with a deadline': () => ({ idleTimeout: SECOND }),
})) {
  test(`a session from before the option, of which \`owner\` makes no account, can sign in: ${kind}`, async t => {
    const options = make();
    const before = await visit(t, options, site);
    await before.get('cart');
    const cookie = before.cookieHeader;
    const strict = (data: { user?: string }) => (data.user as string).toLowerCase();
    const browser = await visit(t, { ...options, owner: strict }, site);
    assert.equal((await browser.get('login', { cookie })).status, 200);
    assert.deepEqual((await browser.get('read')).json, { cart: ['tea'], user: 'ann' });
    assert.notEqual(browser.cookieHeader, cookie);
  });
}

test('sessions from before the option are taken over as they are, and listed, when they are next used', async t => {
  const store = memoryStore();
  const before = await visit(t, { store }, site);
  await before.get('login');
  const { handle } = await infoOf(before);
  assert.equal(await store.count('ann'), 0);
  const app = appWith(sojourn.createSession, { store, owner, device: () => 'a phone' }, site);
  const after = await serve(t, app);
  after.cookies.set('koa.sess', before.cookies.get('koa.sess') as never);
  after.cookies.set('koa.sess.sig', before.cookies.get('koa.sess.sig') as never);
  const answer = await after.get('');
  assert.deepEqual([answer.status, answer.cookies.length], [200, 0]);
  const { sessions } = await store.list('ann', { limit: 10 });
  assert.deepEqual(
    sessions.map(session => [session.handle, session.authenticatedAt, session.device]),
    [[handle, null, '"a phone"']],
  );
  assert.equal((await infoOf(after)).owner, 'ann');
});

test('taking a session over does not prolong it', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  const before = await visit(t, { store, maxAge: 10 * SECOND }, site);
  await before.get('login');
  clock.advance(6 * SECOND);
  const after = await visit(t, { store, owner, maxAge: 10 * SECOND }, site);
  await after.get('', { cookie: before.cookieHeader });
  assert.equal(await store.count('ann'), 1);
  clock.advance(4 * SECOND);
  assert.equal(await store.count('ann'), 0);
});

test('an account that is told otherwise than before is listed under its new name, with its key', async t => {
  const store = memoryStore();
  const before = await visit(t, { store, owner }, site);
  await before.get('login');
  const options = { store, owner: ({ user }: { user?: string }) => user && `${user}@example.org` };
  const after = await visit(t, options, site);
  const cookie = before.cookieHeader;
  assert.equal((await after.get('cart', { cookie })).cookie()?.value, before.cookies.get('koa.sess')?.value);
  assert.deepEqual([await store.count('ann'), await store.count('ann@example.org')], [0, 1]);
});

test('with hashed keys and with keys of the app, a sign-in has a new key too', async t => {
  let made = 0;
  for (const options of [{ hashKeys: true }, { genid: () => `abc.key${++made}` }, { prefix: 'app:' }]) {
    const store = memoryStore();
    const browser = await visit(t, { store, owner, ...options }, site);
    await browser.get('cart');
    const before = browser.copy();
    await browser.get('login');
    assert.deepEqual((await browser.get('read')).json, { cart: ['tea'], user: 'ann' });
    assert.deepEqual((await before.get('read')).json, {});
    assert.equal(await store.count('ann'), 1);
  }
});

test('a key that the app reads while the session is being saved is its key', async t => {
  const keys: unknown[] = [];
  const browser = await visit(
    t,
    { store: memoryStore(), owner },
    {
      ...site,
      login: async ctx => {
        ctx.session.user = 'ann';
        const saving = ctx.session.save();
        for (let turn = 0; turn < 5; turn++) {
          keys.push(ctx.session.externalKey);
          await Promise.resolve();
        }
        await saving;
      },
    },
  );
  await browser.get('login');
  assert.deepEqual([...new Set(keys)], [browser.cookies.get('koa.sess')?.value]);
});

test('a key that the app has read is the key of the session, also if that is a sign-in', async t => {
  for (const hashKeys of [false, true]) {
    const keys: unknown[] = [];
    const browser = await visit(
      t,
      { store: memoryStore(), owner, hashKeys },
      {
        ...site,
        login: async ctx => {
          keys.push(ctx.session.externalKey);
          ctx.session.user = 'ann';
          keys.push(ctx.session.externalKey);
          await ctx.session.save();
          keys.push(ctx.session.externalKey);
        },
      },
    );
    await browser.get('login');
    assert.deepEqual([...new Set(keys)], [browser.cookies.get('koa.sess')?.value]);
    assert.deepEqual((await browser.get('read')).json, { user: 'ann' });
  }
});

for (const [kind, store] of Object.entries({ sojourn: memoryStore(), 'koa-session': new RecordStore() })) {
  test(`in a ${kind} store a sign-in under the same key is the mistake of \`genid\``, async t => {
    const app = appWith(sojourn.createSession, { store, owner, genid: () => 'the same' }, site);
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    await browser.get('cart');
    assert.equal((await browser.get('login')).status, 500);
    assert.match(String(errors[0]), /SessionOptionsError: option `genid` made the same key again/);
    assert.deepEqual((await browser.get('read')).json, { cart: ['tea'] });
  });
}

test('a key that another session has is the mistake of `genid`, for a new session and at a sign-in', async t => {
  const keys = ['first', 'first', 'second', 'first'];
  const genid = () => keys.shift() ?? '';
  const app = appWith(sojourn.createSession, { store: memoryStore(), owner, genid }, site);
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  await browser.get('cart');
  const other = browser.stranger();
  assert.equal((await other.get('cart')).status, 500);
  assert.equal((await other.get('cart')).status, 200);
  assert.equal((await other.get('login')).status, 500);
  assert.equal(errors.length, 2);
  for (const error of errors)
    assert.match(String(error), /option `genid` made a key that another session has/);
  assert.deepEqual((await browser.get('read')).json, { cart: ['tea'] });
});

test('a sign-in that comes too late for a cookie fails, and the session stays as it was', async t => {
  const app = appWith(
    sojourn.createSession,
    { store: memoryStore(), owner },
    {
      ...site,
      late: async ctx => {
        void ctx.session.cart;
        ctx.respond = false;
        ctx.res.writeHead(200).write('...');
        ctx.session.user = 'ann';
        await assert.rejects(ctx.session.save(), { code: 'ERR_SESSION_HEADERS_SENT' });
        delete ctx.session.user;
        ctx.res.end();
      },
    },
  );
  const browser = await serve(t, app);
  await browser.get('cart');
  assert.equal((await browser.get('late')).body, '...');
  assert.deepEqual((await browser.get('read')).json, { cart: ['tea'] });
});

test('events tell of a sign-in by handle alone', async t => {
  const app = appWith(sojourn.createSession, { store: memoryStore(), owner }, site);
  const [created, rotated] = [eventsOf(app, 'session:created'), eventsOf(app, 'session:rotated')];
  const browser = await serve(t, app);
  await browser.get('cart');
  await browser.get('login');
  const { handle } = await infoOf(browser);
  assert.deepEqual([created.length, rotated.length, rotated[0]?.handle], [1, 1, handle]);
});

test('in a koa-session store a sign-in and a sign-out have a new key too', async t => {
  const store = new RecordStore();
  const browser = await visit(t, { store, owner }, site);
  await browser.get('cart');
  const before = browser.copy();
  for (const step of ['login', 'signout']) {
    const key = browser.cookies.get('koa.sess')?.value;
    await browser.get(step);
    assert.notEqual(browser.cookies.get('koa.sess')?.value, key, step);
    assert.deepEqual(((await browser.get('read')).json as { cart: unknown }).cart, ['tea'], step);
  }
  assert.deepEqual((await before.get('read')).json, {});
  assert.equal(store.texts.size, 1);
});

for (const [kind, options] of Object.entries<TestOptions>({
  'a cookie': {},
  'a koa-session store': { store: new RecordStore() },
  'a sojourn store': { store: memoryStore() },
})) {
  test(`whose the session is, tells what was saved, even if nested data have changed: ${kind}`, async t => {
    const nested: Routes = {
      login: ctx => {
        ctx.session.user = { id: 'ann' };
      },
      change: async ctx => {
        (ctx.session.user as { id: string }).id = 'bob';
        const before = ctx.sessionInfo.owner;
        await ctx.session.save();
        return [before, ctx.sessionInfo.owner];
      },
    };
    const idOf = ({ user }: { user?: { id?: string } }): string | undefined => user?.id;
    const browser = await visit(t, { ...options, owner: idOf as never }, nested);
    await browser.get('login');
    assert.deepEqual((await browser.get('change')).json, ['ann', 'bob']);
  });
}

test('a cookie session tells its owner', async t => {
  const browser = await visit(t, { owner }, site);
  await browser.get('login');
  assert.equal((await infoOf(browser)).owner, 'ann');
});
