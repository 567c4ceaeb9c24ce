import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import Cookies from 'cookies';
import { appWith, bareApp, errorsOf, eventsOf, type Routes, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { chunksOf, site } from './site.js';

describe("an app's own `encode`", () => {
  const raw: TestOptions = {
    oversize: 'chunk',
    encode: ({ text }) => String(text),
    decode: text => ({ text }),
  };
  const texts: Routes = {
    put: ctx => {
      const unit = decodeURIComponent(ctx.get('x-unit'));
      const text = unit.repeat(Math.ceil(Number(ctx.get('x-size')) / unit.length));
      ctx.session.text = `a${text}z`;
    },
    craft: ctx => {
      ctx.session.text = decodeURIComponent(ctx.get('x-text'));
    },
    read: ctx => ({ text: ctx.session.text }),
  };

  test('may make texts of any characters that a cookie takes, wherever they are cut', async t => {
    const browser = await visit(t, raw, texts);
    for (const unit of [' ', '"', '~', ', ', '=', '\t', '"a" ']) {
      const headers = { 'x-unit': encodeURIComponent(unit), 'x-size': '4500' };
      assert.equal((await browser.get('put', { headers })).status, 200, unit);
      const text = `a${unit.repeat(Math.ceil(4500 / unit.length))}z`;
      assert.deepEqual((await browser.get('read')).json, { text }, unit);
    }
  });

  test('may make texts of any length: no chunk is larger than a browser keeps', async t => {
    const app = appWith(sojourn.createSession, { ...raw, oversize: { chunk: 16_000 } }, texts);
    const browser = await serve(t, app);
    for (let size = 8100; size <= 8200; size++) {
      const { cookies } = await browser.get('put', { headers: { 'x-unit': 'x', 'x-size': String(size) } });
      assert.ok(cookies.length >= 4);
      for (const { name, value } of cookies) assert.ok(name.length + value.length <= 4096, `${size} ${name}`);
    }
  });

  for (const [what, text] of Object.entries({
    'that a cookie cannot hold': `${'x'.repeat(4500)};`,
    'that would be taken for chunks': `~1.2.${'A'.repeat(43)}`,
  })) {
    test(`fails where it makes a text ${what}, and no cookie is set`, async t => {
      const app = appWith(sojourn.createSession, raw, texts);
      const errors = errorsOf(app);
      const answer = await (await serve(t, app)).get('craft', {
        headers: { 'x-text': encodeURIComponent(text) },
      });
      assert.deepEqual([answer.status, answer.cookies], [500, []]);
      assert.match(String(errors[0]), /^TypeError: option `encode`/);
    });
  }
});

describe('a `ctx.cookies` of the app', () => {
  /** Keeps cookies under other names, and its keys to itself. */
  class TenantCookies {
    readonly #cookies: Cookies;

    constructor(req: IncomingMessage, res: ServerResponse, options: Cookies.Option) {
      this.#cookies = new Cookies(req, res, options);
    }

    get(name: string, options?: Cookies.GetOption): string | undefined {
      return this.#cookies.get(`tenant-${name}`, options);
    }

    set(name: string, value: string, options?: Cookies.SetOption): void {
      if (value === '') assert.equal(options?.expires?.getTime(), 0);
      this.#cookies.set(`tenant-${name}`, value, options);
    }
  }

  for (const [what, isTenant] of [
    ['that is the usual one', false],
    ['that has names of its own', true],
  ] as const) {
    test(`${what} reads, writes and clears the chunks`, async t => {
      const app = bareApp();
      app.use((ctx, next) => {
        const CookiesClass = isTenant ? TenantCookies : Cookies;
        ctx.cookies = new CookiesClass(ctx.req, ctx.res, { keys: ['a secret'] }) as Cookies;
        return next();
      });
      app.use(sojourn.createSession(app, { oversize: { chunk: 12_000 } })).use(router(site));
      const browser = await serve(t, app);
      await browser.get('fill?size=7000');
      const prefix = isTenant ? 'tenant-' : '';
      assert.deepEqual(
        [...browser.cookies.keys()],
        ['', '.sig', '.1', '.2', '.3'].map(end => `${prefix}koa.sess${end}`),
      );
      assert.equal((await browser.get('read')).body, 'known 7000');
      await browser.get('fill?size=4000');
      assert.equal(chunksOf(browser).length, 2);
      assert.equal((await browser.get('read')).body, 'known 4000');
      const tampered = eventsOf(app, 'session:tampered');
      const forged = browser.cookieHeader.replace(/(sess\.sig=)./, '$1.');
      assert.equal((await browser.copy().get('read', { cookie: forged })).body, 'new 0');
      assert.equal(tampered.length, 1);
      await browser.get('logout');
      assert.equal(browser.cookieHeader, '');
    });
  }

  test('that answers null for a missing chunk has no session', async t => {
    class NullCookies extends TenantCookies {
      override get(...request: Parameters<TenantCookies['get']>): string {
        return super.get(...request) ?? (null as never);
      }
    }
    const app = bareApp();
    app.use((ctx, next) => {
      ctx.cookies = new NullCookies(ctx.req, ctx.res, { keys: ['a secret'] }) as never;
      return next();
    });
    app.use(sojourn.createSession(app, { oversize: 'chunk' })).use(router(site));
    const browser = await serve(t, app);
    await browser.get('fill?size=4000');
    assert.equal((await browser.get('read')).body, 'known 4000');
    browser.cookies.delete('tenant-koa.sess.2');
    assert.equal((await browser.get('read')).body, 'new 0');
  });
});
