import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { generateKey, type SealedCodec, sealed, session, strict } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, bareApp, eventsOf, type Routes, router } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { HOUR, stoppedClock } from '../harness/clock.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';
import { Examples, runExample } from './examples.js';

const pages: Routes = {
  ...account,
  change: ctx => {
    ctx.session.changed = true;
  },
  remember: ctx => {
    ctx.session.maxAge = 30 * 24 * HOUR;
  },
  'until-it-closes': ctx => {
    ctx.session.maxAge = 'session';
  },
  info: ctx => ctx.sessionInfo,
};
const page = new Examples('docs/changing-a-running-app.md');
const ANN = '{"user":"ann"}';
const NOBODY = '{"user":null}';

/** The site before the change, or after it, as a visitor with these cookies sees it. */
async function site(t: TestContext, options: TestOptions, keys = ['a secret']) {
  const app = Object.assign(bareApp(), { keys });
  const sessions = session<object>(app, options);
  app.use(sessions);
  app.use(router(pages));
  return Object.assign(await serve(t, app), { sessions });
}

/** What a visitor who signed in before the change is shown after it. */
async function shownAfter(t: TestContext, before: TestOptions, after: TestOptions, keys?: string[]) {
  const { cookieHeader } = await signedIn(await site(t, before));
  return (await (await site(t, after, keys)).get('', { cookie: cookieHeader })).body;
}

async function signedIn(browser: Browser): Promise<Browser> {
  await browser.get('login');
  return browser;
}

describe('nobody is logged out by', () => {
  test('another key in `app.keys`, the old one behind it', async t => {
    assert.equal(await shownAfter(t, {}, {}, ['newer', 'a secret']), ANN);
    assert.equal(await shownAfter(t, {}, {}, ['newer']), NOBODY);
  });

  test('another key, behind the old one until all servers have it', async t => {
    const [older, newer] = [generateKey(), generateKey()];
    for (const [before, meanwhile, after] of [
      [{ keys: ['a secret'] }, { keys: ['a secret', 'newer'] }, { keys: ['newer', 'a secret'] }],
      [sealed(older), sealed([older, newer]), sealed([newer, older])],
    ] as const) {
      const serverOf = (how: object) =>
        'keys' in how ? site(t, {}, how.keys as string[]) : site(t, how as TestOptions);
      const browsers = [await serverOf(before), await serverOf(meanwhile), await serverOf(after)] as const;
      const { cookieHeader: cookie } = await signedIn(browsers[2]);
      assert.equal((await browsers[1].get('', { cookie })).body, ANN);
      assert.equal((await browsers[0].get('', { cookie })).body, NOBODY);
    }
  });

  test('sealed cookies, with `acceptPlain`', async t => {
    const key = generateKey();
    assert.equal(await shownAfter(t, {}, sealed(key, { acceptPlain: true })), ANN);
    assert.equal(await shownAfter(t, {}, sealed(key)), NOBODY);
  });

  test('another key of `sealed`, the old one behind it', async t => {
    const [older, newer] = [generateKey(), generateKey()];
    assert.equal(await shownAfter(t, sealed(older), sealed([newer, older])), ANN);
    assert.equal(await shownAfter(t, sealed(older), sealed(newer)), NOBODY);
  });

  test('hashed keys, with `acceptPlain`', async t => {
    const store = memoryStore();
    assert.equal(await shownAfter(t, { store }, { store, hashKeys: { acceptPlain: true } }), ANN);
    assert.equal(await shownAfter(t, { store }, { store, hashKeys: true }), NOBODY);
  });

  test('`strict()` as on the page', async t => {
    const store = memoryStore();
    const { cookieHeader: cookie } = await signedIn(await site(t, { store }));
    const app = Object.assign(bareApp(), { keys: ['a secret'], proxy: true });
    await page.run('strict', { app, session, strict, store });
    app.use(router(pages));
    const headers = { 'x-forwarded-proto': 'https' };
    assert.equal((await (await serve(t, app)).get('', { cookie, headers })).body, ANN);
  });
});

describe('while old and new servers run side by side', () => {
  test('what a new one has sealed is nobody at an old one', async t => {
    const key = generateKey();
    assert.equal(await shownAfter(t, sealed(key, { acceptPlain: true }), {}), NOBODY);
    const store = memoryStore({ codec: sealed(key) });
    const { cookieHeader: cookie } = await signedIn(await site(t, { store }));
    Object.assign(store, { codec: undefined });
    assert.equal((await (await site(t, { store })).get('', { cookie })).body, NOBODY);
  });

  test('a session that a new one has moved to its hashed key is nobody at an old one', async t => {
    const store = memoryStore();
    const old = await signedIn(await site(t, { store }));
    await (await site(t, { store, hashKeys: { acceptPlain: true } })).get('', { cookie: old.cookieHeader });
    assert.equal((await old.get()).body, NOBODY);
  });
});

test('another `prefix` logs everybody out where keys are hashed, and nobody where they are not', async t => {
  for (const [hashKeys, shown] of [
    [true, NOBODY],
    [false, ANN],
  ] as const) {
    const store = memoryStore();
    assert.equal(await shownAfter(t, { store, hashKeys }, { store, hashKeys, prefix: 'app:' }), shown);
  }
});

test('while the cookie of another `path` comes first, changes do not stick and a logout does nothing', async t => {
  const { cookieHeader: old } = await signedIn(await site(t, {}));
  const after = await site(t, { path: '/app' });
  for (const path of ['change', 'logout']) {
    const { cookies } = await after.get(path, { cookie: old });
    const set = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    assert.equal((await after.get('', { cookie: `${old}; ${set}` })).body, ANN, path);
  }
});

test('where `idleTimeout` is switched on, it counts from the last save for who has only read', async t => {
  const clock = stoppedClock(t);
  const store = memoryStore();
  const before = await signedIn(await site(t, { store }));
  clock.advance(2 * HOUR);
  assert.equal((await before.get()).body, ANN);
  const after = await site(t, { store, idleTimeout: HOUR });
  assert.equal((await after.get('', { cookie: before.cookieHeader })).body, NOBODY);
});

test('a plain cookie that is only read stays plain, and one whose session changes is sealed', async t => {
  const { cookieHeader } = await signedIn(await site(t, {}));
  const after = await site(t, sealed(generateKey(), { acceptPlain: true }));
  assert.deepEqual((await after.get('', { cookie: cookieHeader })).cookies, []);
  assert.match((await after.get('change', { cookie: cookieHeader })).cookie()?.value ?? '', /^A/);
});

test('a plain row that is only read stays plain, and one whose session changes is sealed', async t => {
  const store = memoryStore();
  const { cookieHeader: cookie } = await signedIn(await site(t, { store }));
  const key = generateKey();
  const shown = async (path: string, codec: SealedCodec) => {
    Object.assign(store, { codec });
    return (await (await site(t, { store })).get(path, { cookie })).body;
  };
  assert.equal(await shown('', sealed(key, { acceptPlain: true })), ANN);
  assert.equal(await shown('', sealed(key)), NOBODY);
  await shown('change', sealed(key, { acceptPlain: true }));
  assert.equal(await shown('', sealed(key)), ANN);
});

test('without `acceptPlain` a plain cookie is told as tampered', async t => {
  const { cookieHeader: cookie } = await signedIn(await site(t, {}));
  const app = Object.assign(bareApp(), { keys: ['a secret'] });
  app.use(session(app, sealed(generateKey())));
  app.use(router(pages));
  const told = eventsOf(app, 'session:tampered');
  await (await serve(t, app)).get('', { cookie });
  assert.equal(told.length, 1);
});

test('a session is moved to its hashed key when it is next used, changed or not', async t => {
  const store = memoryStore();
  const { cookieHeader: cookie } = await signedIn(await site(t, { store }));
  const strictly = await site(t, { store, hashKeys: true });
  assert.equal((await strictly.get('', { cookie })).body, NOBODY);
  await (await site(t, { store, hashKeys: { acceptPlain: true } })).get('', { cookie });
  assert.equal((await strictly.get('', { cookie })).body, ANN);
});

describe('the bridge to another store', () => {
  async function bridge(t: TestContext, oldStore?: RecordStore) {
    const app = Object.assign(bareApp(), { keys: ['a secret'] });
    const store = memoryStore();
    const code = page
      .code('bridge')
      .replace("'oldSession'", "'oldSession', store: oldStore")
      .replace("'sid', store", "'sid', store, owner: data => data.user");
    await runExample(code, { app, session, store, oldStore });
    app.use(router(pages));
    return Object.assign(await serve(t, app), { store });
  }

  test('takes a visitor along, once', async t => {
    const { cookieHeader } = await signedIn(await site(t, {}));
    const browser = await bridge(t);
    const answer = await browser.get('', { cookie: cookieHeader });
    assert.equal(answer.body, ANN);
    assert.deepEqual([answer.cookie()?.value, (answer.cookie('sid')?.value ?? '') !== ''], ['', true]);
    assert.equal((await browser.get()).body, ANN);
    assert.equal(await browser.store.count(), 1);
  });

  test('lets a copy of the old cookie come after the logout, as the page warns', async t => {
    const { cookieHeader: cookie } = await signedIn(await site(t, {}));
    const browser = await bridge(t);
    await browser.get('', { cookie });
    await browser.get('logout');
    assert.equal((await browser.stranger().get('', { cookie })).body, ANN);
  });

  test('leaves a session the lifetime that the app had given it', async t => {
    const old = await site(t, {});
    const browser = await bridge(t);
    const crossed = async (path: string) => {
      const { cookieHeader: cookie } = await signedIn(old);
      await old.get(path, { cookie });
      return (await browser.stranger().get('', { cookie: old.cookieHeader })).cookie('sid');
    };
    const [remembered, brief] = [await crossed('remember'), await crossed('until-it-closes')];
    assert.ok((remembered?.expiresAt ?? 0) > Date.now() + 29 * 24 * HOUR);
    assert.deepEqual([brief?.value !== '', brief?.expiresAt], [true, undefined]);
  });

  test('counts as the beginning and as a sign-in, as the page warns', async t => {
    const { cookieHeader: cookie } = await signedIn(await site(t, {}));
    const browser = await bridge(t);
    const crossedAt = Date.now();
    await browser.get('', { cookie });
    const { createdAt, authenticatedAt } = (await browser.get('info')).json as Record<string, number>;
    assert.ok((createdAt ?? 0) >= crossedAt && (authenticatedAt ?? 0) >= crossedAt);
  });

  test('finds no session in a store that another request has brought over, as the page warns', async t => {
    const store = new RecordStore();
    const { cookieHeader: cookie } = await signedIn(await site(t, { store }));
    const browser = await bridge(t, store);
    assert.equal((await browser.get('', { cookie })).body, ANN);
    assert.equal((await browser.stranger().get('', { cookie })).body, NOBODY);
  });

  test('takes the account along that signed in on the old side last', async t => {
    const browser = await bridge(t);
    await browser.get('change');
    const { cookieHeader } = await signedIn(await site(t, {}));
    const both = `${browser.cookieHeader}; ${cookieHeader}`;
    assert.equal((await browser.get('', { cookie: both })).body, ANN);
    assert.equal((await browser.get()).body, ANN);
    assert.equal(await browser.store.count(), 1);
  });

  test('leaves a visitor alone who has a session there already, or none at all', async t => {
    const browser = await bridge(t);
    assert.equal((await browser.get()).body, NOBODY);
    await browser.get('login');
    assert.equal((await browser.get()).body, ANN);
    assert.equal(await browser.store.count(), 1);
  });
});

describe('with `owner` and `maxSessions` switched on', () => {
  const owner = (data: { user?: string }) => data.user;

  test('a session from before belongs to nobody until it is used', async t => {
    const store = memoryStore();
    const { cookieHeader: cookie } = await signedIn(await site(t, { store }));
    const after = await site(t, { store, owner });
    assert.deepEqual([await after.sessions.count('ann'), await after.sessions.endAll('ann')], [0, 0]);
    assert.equal((await after.get('', { cookie })).body, ANN);
    assert.equal(await after.sessions.count('ann'), 1);
  });

  test('sessions from before stay until the next sign-in', async t => {
    const store = memoryStore();
    const before = await Promise.all([1, 2, 3].map(async () => signedIn(await site(t, { store }))));
    const after = await site(t, { store, owner, maxSessions: 2 });
    for (const { cookieHeader: cookie } of before) await after.get('', { cookie });
    assert.equal(await after.sessions.count('ann'), 3);
    await after.get('login');
    assert.equal(await after.sessions.count('ann'), 2);
  });
});

test('everybody is signed out as on the page', async t => {
  const browser = await site(t, { store: memoryStore() });
  const stranger = browser.stranger();
  await Promise.all([signedIn(browser), signedIn(stranger)]);
  assert.equal(await browser.sessions.count(), 2);
  await page.run('everybody', { sessions: browser.sessions });
  assert.equal(await browser.sessions.count(), 0);
  assert.deepEqual([(await browser.get()).body, (await stranger.get()).body], [NOBODY, NOBODY]);
});
