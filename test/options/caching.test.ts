import assert from 'node:assert/strict';
import { test } from 'node:test';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, bareApp, eventsOf, type Handler, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const login: Handler = ctx => {
  ctx.session.user = 'ann';
};

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
  public: async ctx => {
    ctx.set('Cache-Control', 'public, max-age=60');
    await login(ctx);
  },
  own: async ctx => {
    ctx.set('Cache-Control', 'no-cache');
    ctx.vary('Accept');
    await login(ctx);
  },
};

const cookie = signedRecord({ user: 'ann' });

const headersOf = ({ headers }: { headers: Headers }) => [headers.get('vary'), headers.get('cache-control')];

test('a response says of caches what the session did in it', async t => {
  const browser = await visit(t, {}, site);
  assert.deepEqual(headersOf(await browser.get('static', { cookie })), [null, null], 'not used');
  assert.deepEqual(headersOf(await browser.get('', { cookie })), ['Cookie', null], 'read');
  assert.deepEqual(headersOf(await browser.get('login')), ['Cookie', 'private, no-store'], 'begun');
  assert.deepEqual(
    headersOf(await browser.get('logout', { cookie })),
    ['Cookie', 'private, no-store'],
    'ended',
  );
});

for (const [where, options] of Object.entries<TestOptions>({
  'a cookie': {},
  'a store': { store: memoryStore() },
  'a store, lazily': { store: memoryStore(), lazy: true },
})) {
  test(`a response that tells what is known of a session is as much its visitor's as the data are: in ${where}`, async t => {
    const browser = await visit(t, options, { '': ctx => ({ ...ctx.sessionInfo }) });
    assert.deepEqual(headersOf(await browser.get()), ['Cookie', null]);
  });
}

test("an app's own Cache-Control stays, and its Vary is added to", async t => {
  const browser = await visit(t, {}, site);
  assert.deepEqual(headersOf(await browser.get('own')), ['Accept, Cookie', 'no-cache']);
});

test('a `Vary: *` stays', async t => {
  const browser = await visit(
    t,
    {},
    {
      '': async ctx => {
        ctx.set('Vary', '*');
        await login(ctx);
      },
    },
  );
  assert.deepEqual(headersOf(await browser.get()), ['*', 'private, no-store']);
});

test('a `public` beside the session cookie is told', async t => {
  const app = appWith(sojourn.createSession, {}, site);
  const told = eventsOf(app, 'session:error');
  const browser = await serve(t, app);
  assert.deepEqual(headersOf(await browser.get('public')), ['Cookie', 'public, max-age=60']);
  assert.match(String(told[0]?.error), /`public`, `s-maxage` or `max-age` in Cache-Control/);
  await browser.get('own');
  assert.equal(told.length, 1);
});

for (const [cacheControl, count] of [
  ['s-maxage=60', 1],
  ['max-age=0, s-maxage="60"', 1],
  ['max-age=60', 1],
  ['public, s-maxage=0', 1],
  ['max-age=0', 0],
  ['max-age=60, s-maxage=0', 0],
  ['private, max-age=60', 0],
  ['private, s-maxage=60', 0],
] as const) {
  test(`\`${cacheControl}\` beside the session cookie is ${count ? '' : 'not '}told`, async t => {
    const sharing: Handler = async ctx => {
      ctx.set('Cache-Control', cacheControl);
      await login(ctx);
    };
    const app = appWith(sojourn.createSession, {}, { ...site, sharing });
    const told = eventsOf(app, 'session:error');
    const browser = await serve(t, app);
    await browser.get('sharing');
    assert.equal(told.length, count);
  });
}

test('`vary: false` leaves both headers to the app', async t => {
  const app = appWith(sojourn.createSession, { vary: false }, site);
  const told = eventsOf(app, 'session:error');
  const browser = await serve(t, app);
  assert.deepEqual(headersOf(await browser.get('login')), [null, null]);
  assert.deepEqual(headersOf(await browser.get('public')), [null, 'public, max-age=60']);
  assert.deepEqual(told, []);
});

for (const [clearSiteData, header] of [
  [['cookies', 'storage'], '"cookies", "storage"'],
  ['cache', '"cache"'],
  ['*', '"*"'],
] as const) {
  test(`\`clearSiteData: ${JSON.stringify(clearSiteData)}\` is said when a session is ended by null`, async t => {
    const browser = await visit(
      t,
      { clearSiteData },
      {
        ...site,
        empty: ctx => {
          delete ctx.session.user;
        },
      },
    );
    assert.equal((await browser.get('logout', { cookie })).headers.get('clear-site-data'), header);
    for (const path of ['', 'login', 'static', 'empty']) {
      assert.equal((await browser.get(path, { cookie })).headers.get('clear-site-data'), null, path);
    }
  });
}

for (const [clearSiteData, header] of [
  [['cookies', 'storage'], '"storage"'],
  ['cookies', null],
  ['*', '"cache", "storage"'],
] as const) {
  test(`\`clearSiteData: ${JSON.stringify(clearSiteData)}\` spares the cookie of the session that comes after`, async t => {
    const again: Handler = ctx => {
      ctx.session = null;
      ctx.session = { user: 'bob' };
    };
    const browser = await visit(t, { clearSiteData }, { ...site, again });
    assert.equal((await browser.get('again', { cookie })).headers.get('clear-site-data'), header);
    assert.equal((await browser.get()).body, '{"user":"bob"}');
  });
}

test('`clearSiteData` spares the cookie of another session, whichever comes first, and none that is cleared', async t => {
  const headerAt = async (path: string) => {
    const app = bareApp();
    const old = session<object>(app, { key: 'old', property: 'old', clearSiteData: ['cookies', 'storage'] });
    const sid = session<object>(app, { key: 'sid' });
    app.use(old).use(sid);
    app.use(async ctx => {
      const [before, after] = [old.of(ctx), sid.of(ctx)];
      if (path === 'bridge' || path === 'bridge-early') {
        after.session = { user: 'ann' };
        if (path === 'bridge-early') await after.commit();
        before.session = null;
        await before.commit();
      }
      if (path === 'not-set') {
        after.session = { user: 'x'.repeat(9000) };
        before.session = null;
        await before.commit();
        await after.commit().catch(() => {});
        after.session = null;
      }
      if (path === 'save-and-end') {
        before.session = { user: 'bob' };
        await before.commit();
        before.session = null;
      }
      ctx.body = 'ok';
    });
    const browser = await serve(t, app);
    return (await browser.get('', { cookie: signedRecord({ user: 'ann' }, { name: 'old' }) })).headers.get(
      'clear-site-data',
    );
  };
  for (const path of ['bridge', 'bridge-early']) assert.equal(await headerAt(path), '"storage"', path);
  for (const path of ['save-and-end', 'not-set'])
    assert.equal(await headerAt(path), '"cookies", "storage"', path);
});

test('a response whose save fails says `Vary` too', async t => {
  const store = new RecordStore();
  store.set = async () => assert.fail('down');
  for (const options of [{ store }, { encode: () => assert.fail('no code'), decode: JSON.parse }]) {
    const answer = await (await visit(t, options as TestOptions, site)).get('login');
    assert.ok(answer.status >= 500);
    assert.deepEqual(headersOf(answer), ['Cookie', null]);
  }
});

test('without `clearSiteData` nothing of the kind is said', async t => {
  const browser = await visit(t, {}, site);
  assert.equal((await browser.get('logout', { cookie })).headers.get('clear-site-data'), null);
});

test('a `public` beside a session cookie that only rolls is told, too', async t => {
  const static_: Handler = ctx => ctx.set('Cache-Control', 'public, max-age=60');
  const app = appWith(
    sojourn.createSession,
    { store: memoryStore(), rolling: true },
    { login, static: static_ },
  );
  const told = eventsOf(app, 'session:error');
  const browser = await serve(t, app);
  await browser.get('login');
  assert.ok((await browser.get('static')).cookie());
  assert.match(String(told[0]?.error), /`public`, `s-maxage` or `max-age` in Cache-Control/);
});

test('a page that a session with `externalKey` went into is no more for shared caches, and an app that says so is told', async t => {
  const externalKey = { get: (ctx: { get(name: string): string }) => ctx.get('x-key'), set: () => {} };
  const page: Routes = {
    ...site,
    page: ctx => {
      ctx.set('Cache-Control', 'public, max-age=60');
      return ctx.session.user;
    },
  };
  const app = appWith(sojourn.createSession, { store: new RecordStore(), externalKey }, page);
  const told = eventsOf(app, 'session:error');
  const browser = await serve(t, app);
  assert.deepEqual(headersOf(await browser.get()), [null, 'private, no-store']);
  assert.equal(told.length, 0);
  await browser.get('page');
  assert.match(String(told[0]?.error), /used a session with `externalKey`, says `public`/);
});
