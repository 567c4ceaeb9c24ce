import assert from 'node:assert/strict';
import { test } from 'node:test';
import Koa from 'koa';
import { session } from 'sojourn';
import { account, appWith, bareApp, type Ctx, errorsOf, type Routes, router } from '../harness/app.js';
import { type Answer, serve } from '../harness/browser.js';
import { plainText, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { PLACES } from '../harness/places.js';
import { visit } from '../harness/visit.js';

const cookie = signedRecord({ user: 'ann' });

/** An app's own error, the same for every request. */
const shared = Object.assign(new Error('no'), { status: 403, expose: true });

const site: Routes = {
  ...account,
  begin: ctx => {
    ctx.session.user = String(ctx.query.user);
    throw shared;
  },
  end: ctx => {
    ctx.session = null;
    throw shared;
  },
  read: ctx => {
    void ctx.session.user;
    throw shared;
  },
  ignore: () => {
    throw shared;
  },
};

const cookieNames = ({ cookies }: Answer) => cookies.map(({ name }) => name);

test('a logout that fails clears the site data all the same', async t => {
  const browser = await visit(t, { clearSiteData: 'storage' }, site);
  assert.equal((await browser.get('end', { cookie })).headers.get('clear-site-data'), '"storage"');
  assert.equal((await browser.get('read', { cookie })).headers.get('clear-site-data'), null);
});

for (const [where, place] of Object.entries(PLACES)) {
  test(`${where} begins and ends though the app fails, and caches are told`, async t => {
    const [options, presented] = place();
    const browser = await visit(t, options, site);
    const begun = await browser.get('begin?user=bob');
    assert.deepEqual([begun.status, begun.body], [403, 'no']);
    assert.deepEqual(cookieNames(begun), ['koa.sess', 'koa.sess.sig']);
    assert.deepEqual(
      [begun.headers.get('vary'), begun.headers.get('cache-control')],
      ['Cookie', 'private, no-store'],
    );
    assert.equal((await browser.get()).body, '{"user":"bob"}');
    const ended = await browser.get('end', { cookie: presented });
    assert.deepEqual([ended.status, ended.cookie()?.expiresAt], [403, 0]);
  });
}

test('an error that all requests share, and that is logged, never carries a cookie', async t => {
  const app = appWith(sojourn.createSession, {}, site);
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  const keys = Reflect.ownKeys(shared);
  const answers = await Promise.all(['ann', 'bob'].map(user => browser.stranger().get(`begin?user=${user}`)));
  for (const [index, user] of ['ann', 'bob'].entries()) {
    const values = answers[index]?.cookies
      .filter(({ name }) => name === 'koa.sess')
      .map(({ value }) => atob(value));
    assert.equal(values?.length, 1);
    assert.match(values?.[0] ?? '', new RegExp(`"user":"${user}"`));
  }
  assert.deepEqual(cookieNames(await browser.get('ignore')), []);
  assert.ok(errors.every(error => error === shared));
  assert.deepEqual(Reflect.ownKeys(shared), keys);
});

test('a response that fails without having used the session says nothing of it', async t => {
  const { headers, cookies } = await (await visit(t, {}, site)).get('ignore', { cookie });
  assert.deepEqual([headers.get('vary'), headers.get('cache-control'), cookies], [null, null, []]);
});

test('a response that read the session says so though the app fails', async t => {
  const { headers, cookies } = await (await visit(t, {}, site)).get('read', { cookie });
  assert.deepEqual([headers.get('vary'), headers.get('cache-control'), cookies], ['Cookie', null, []]);
});

test("the app's own cookies and headers go, as they do without a session", async t => {
  const browser = await visit(
    t,
    {},
    {
      '': ctx => {
        ctx.cookies.set('theirs', 'x', { signed: false });
        ctx.set({ 'X-Theirs': 'x', Vary: 'Accept', 'Cache-Control': 'public' });
        ctx.session.user = 'ann';
        throw shared;
      },
    },
  );
  const answer = await browser.get();
  assert.deepEqual(cookieNames(answer), ['koa.sess', 'koa.sess.sig']);
  assert.deepEqual(
    ['x-theirs', 'vary', 'cache-control'].map(name => answer.headers.get(name)),
    [null, 'Cookie', 'private, no-store'],
  );
});

test("an error's own headers come beside the session's", async t => {
  const browser = await visit(
    t,
    {},
    {
      '': ctx => {
        ctx.session.user = 'ann';
        const headers = {
          'Set-Cookie': 'theirs=x',
          Vary: 'Accept',
          'Retry-After': '3',
          'Cache-Control': 'public',
        };
        throw Object.assign(new Error('later'), { status: 503, headers });
      },
    },
  );
  const answer = await browser.get();
  assert.deepEqual(cookieNames(answer).sort(), ['koa.sess', 'koa.sess.sig', 'theirs']);
  assert.deepEqual(answer.headers.get('vary')?.split(', ').sort(), ['Accept', 'Cookie']);
  assert.deepEqual(
    [answer.headers.get('retry-after'), answer.headers.get('cache-control')],
    ['3', 'private, no-store'],
  );
});

test('an error that is thrown above the session finds its headers, too', async t => {
  const app = bareApp();
  app.use(async (_, next) => {
    await next();
    throw shared;
  });
  app.use(session(app) as never).use(router(account));
  const browser = await serve(t, app);
  assert.equal((await browser.get('login')).status, 403);
  assert.ok(browser.cookies.has('koa.sess'));
});

test('an error that the app catches above the session is no error: all headers stay', async t => {
  const app = bareApp();
  app.use(async (ctx, next) => {
    await next().catch(() => {
      ctx.status = 418;
      ctx.body = 'caught';
    });
  });
  app.use(session(app) as never).use(router(site));
  const answer = await (await serve(t, app)).get('begin?user=ann');
  assert.deepEqual(
    [answer.status, answer.body, cookieNames(answer)],
    [418, 'caught', ['koa.sess', 'koa.sess.sig']],
  );
});

test("an app's own error handler is asked as before", async t => {
  const app = new Koa();
  app.keys = ['secret'];
  app.context.onerror = function (this: Koa.Context, error: Error | null) {
    if (error) this.res.end(`handled: ${error.message}`);
  } as never;
  app.use(session(app) as never).use(router(site));
  const answer = await (await serve(t, app)).get('begin?user=ann');
  assert.equal(answer.body, 'handled: no');
  assert.deepEqual(cookieNames(answer), ['koa.sess', 'koa.sess.sig']);
});

test('both of two sessions on one app reach the browser', async t => {
  const app = bareApp();
  app.use(session(app, { key: 'one' }) as never);
  app.use(session(app, { key: 'other', property: 'other' } as never) as never);
  app.use(ctx => {
    Object.assign((ctx as unknown as Ctx).session, { a: 1 });
    Object.assign((ctx as unknown as { other: object }).other, { b: 2 });
    throw shared;
  });
  const answer = await (await serve(t, app)).get();
  assert.deepEqual(cookieNames(answer).sort(), ['one', 'one.sig', 'other', 'other.sig']);
});

test('a thrown value that is no error commits as well', async t => {
  const browser = await visit(
    t,
    {},
    {
      ...account,
      '': ctx => {
        ctx.session.user = 'ann';
        throw 'text';
      },
      who: account[''] as never,
    },
  );
  assert.equal((await browser.get()).status, 500);
  assert.equal((await browser.get('who')).body, '{"user":"ann"}');
});

test('what fails in the commit itself, after the app failed, is told and hides nothing', async t => {
  const app = appWith(
    sojourn.createSession,
    {},
    {
      '': ctx => {
        Object.assign(ctx.session, { big: 10n });
        throw shared;
      },
    },
  );
  const [told, errors]: [unknown[], Error[]] = [[], errorsOf(app)];
  app.on('session:error', ({ error }) => told.push(error));
  const answer = await (await serve(t, app)).get();
  assert.deepEqual([answer.status, answer.cookies, errors], [403, [], [shared]]);
  assert.match(String(told[0]), /BigInt/);
});

test('responses without a body carry the cookie', async t => {
  for (const status of [204, 205, 304]) {
    const browser = await visit(
      t,
      {},
      {
        '': ctx => {
          ctx.session.user = 'ann';
          ctx.body = null;
          ctx.status = status;
        },
      },
    );
    const answer = await browser.get();
    assert.deepEqual([answer.status, Boolean(answer.cookie())], [status, true]);
  }
});

test('a refused login that fails leaves the presented cookie alone', async t => {
  const browser = await visit(t, {}, site);
  const forged = `koa.sess=${plainText({ user: 'eve' })}; koa.sess.sig=x`;
  assert.deepEqual((await browser.get('read', { cookie: forged })).cookies, []);
});

test('a cookie that an `error` listener sets does not make the session’s own appear twice', async t => {
  const app = appWith(sojourn.createSession, {}, site);
  app.on('error', (_error, ctx?: Koa.Context) => ctx?.cookies.set('last-error', '1', { signed: false }));
  const names = cookieNames(await (await serve(t, app)).get('begin?user=ann'));
  assert.deepEqual(names.toSorted(), ['koa.sess', 'koa.sess.sig', 'last-error']);
});
