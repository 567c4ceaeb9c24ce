import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { account, appWith, eventsOf, type Routes } from '../harness/app.js';
import { Browser, serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';
import { missing, startNginx } from './nginx.js';

const site: Routes = {
  ...account,
  login: ctx => {
    ctx.session.user = ctx.query.user;
  },
  /** The first page of a visitor, which begins a session. */
  welcome: ctx => {
    ctx.session.visitor ??= ctx.get('x-visitor');
    return String(ctx.session.visitor);
  },
  public: ctx => {
    ctx.set('Cache-Control', 'public, max-age=60');
    ctx.session.visitor ??= ctx.get('x-visitor');
    return String(ctx.session.visitor);
  },
};

/** Two visitors of an app that has a proxy cache before it: one that keeps answers that set cookies, too. */
async function behindCache(t: TestContext, options: TestOptions) {
  const app = appWith(sojourn.createSession, options, site);
  const told = eventsOf(app, 'session:error');
  const { base } = await serve(t, app);
  const port = await startNginx(t, {
    http: port => `
      proxy_cache_path cache keys_zone=pages:1m;
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${base};
          proxy_cache pages;
          proxy_cache_valid 200 10m;
          proxy_ignore_headers Set-Cookie;
          add_header X-Cache $upstream_cache_status;
        }
      }`,
  });
  const [ann, bob] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port}`].map(
    url => new Browser(url),
  ) as [Browser, Browser];
  return { ann, bob, told };
}

const asVisitor = (name: string) => ({ headers: { 'x-visitor': name } });

describe('behind a proxy cache', { skip: missing }, () => {
  test('each user gets their own page, even from the cache', async t => {
    const { ann, bob } = await behindCache(t, {});
    await ann.get('login?user=ann');
    await bob.get('login?user=bob');
    for (const status of ['MISS', 'HIT']) {
      for (const [browser, user] of [
        [ann, 'ann'],
        [bob, 'bob'],
      ] as const) {
        const { body, headers } = await browser.get();
        assert.deepEqual([body, headers.get('x-cache')], [`{"user":"${user}"}`, status]);
      }
    }
  });

  test("with `vary: false` one user gets another's page", async t => {
    const { ann, bob } = await behindCache(t, { vary: false });
    await ann.get('login?user=ann');
    await bob.get('login?user=bob');
    await ann.get();
    assert.equal((await bob.get()).body, '{"user":"ann"}');
  });

  test('a response that sets the session cookie is not replayed', async t => {
    const { ann, bob } = await behindCache(t, {});
    await ann.get('welcome', asVisitor('ann'));
    const { body, headers } = await bob.get('welcome', asVisitor('bob'));
    assert.deepEqual([body, headers.get('x-cache')], ['bob', 'MISS']);
    assert.notEqual(bob.cookieHeader, ann.cookieHeader);
  });

  test("with `vary: false` one visitor gets another's session cookie", async t => {
    const { ann, bob } = await behindCache(t, { vary: false });
    await ann.get('welcome', asVisitor('ann'));
    assert.equal((await bob.get('welcome', asVisitor('bob'))).body, 'ann');
    assert.equal(bob.cookieHeader, ann.cookieHeader);
  });

  test('where the app says `public` beside the session cookie the cache replays it, and `session:error` tells', async t => {
    const { ann, bob, told } = await behindCache(t, {});
    await ann.get('public', asVisitor('ann'));
    assert.match(String(told[0]?.error), /`public`, `s-maxage` or `max-age` in Cache-Control/);
    await bob.get('public', asVisitor('bob'));
    assert.equal(bob.cookieHeader, ann.cookieHeader);
  });
});
