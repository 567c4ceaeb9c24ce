import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import Cookies from 'cookies';
import type Koa from 'koa';
import { account, bareApp, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair } from '../harness/cookies.js';
import { type CreateSession, sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { alike } from '../harness/side-by-side.js';

/** An app that gives each request a `ctx.cookies` of its own making. */
function appWithCookies(
  createSession: CreateSession,
  make: (ctx: Koa.Context) => object,
  options: object = {},
): Koa {
  const app = bareApp();
  app.use((ctx, next) => {
    ctx.cookies = make(ctx as unknown as Koa.Context) as Cookies;
    return next();
  });
  return app.use(createSession(app, options)).use(router(account));
}

const cookiesWith = (keys: string[], secure?: boolean) => (ctx: Koa.Context) =>
  new Cookies(ctx.req, ctx.res, { keys, ...(secure !== undefined && { secure }) });

alike("a request's own `ctx.cookies` has its own keys", async bench => {
  const app = appWithCookies(bench.createSession, ctx =>
    cookiesWith([`the secret of ${ctx.get('tenant')}`])(ctx),
  );
  app.keys = undefined as never;
  const browser = await bench.serve(app);
  const as = (tenant: string) => ({ headers: { tenant } });
  const { value = '' } = (await browser.get('login', as('one'))).cookie() ?? {};
  assert.equal(browser.cookieHeader, signedPair(value, { key: 'the secret of one' }));
  const cookie = browser.cookieHeader;
  assert.equal((await browser.get('', { ...as('one'), cookie })).body, '{"user":"ann"}');
  assert.equal((await browser.get('', { ...as('other'), cookie })).body, '{"user":null}');
});

alike("a request's own `ctx.cookies` says whether it came by HTTPS", async bench => {
  const app = appWithCookies(bench.createSession, cookiesWith(['a secret'], true), { secure: true });
  const browser = await bench.serve(app);
  assert.equal((await browser.get('login')).cookie()?.attributes.secure, true);
});

/** The least that an app needs: a jar with `get` and `set` that signs in its own way. */
class SealedJar {
  readonly #ctx: Koa.Context;

  constructor(ctx: Koa.Context) {
    this.#ctx = ctx;
  }

  get(name: string, { signed = true }: { signed?: boolean } = {}): string | undefined {
    const pairs = this.#ctx
      .get('cookie')
      .split('; ')
      .map(pair => pair.split('='));
    const [value, mark] = pairs.find(([found]) => found === name)?.[1]?.split('!') ?? [];
    if (value === undefined || (signed && mark !== this.#mark(name, value))) return undefined;
    return value;
  }

  set(name: string, value: string, { expires }: { expires?: Date } = {}): void {
    const attributes = expires ? `; expires=${expires.toUTCString()}` : '';
    this.#ctx.append('Set-Cookie', `${name}=${value}!${this.#mark(name, value)}${attributes}`);
  }

  #mark(name: string, value: string): string {
    return createHmac('sha256', 'a secret').update(`${name}=${value}`).digest('hex');
  }
}

for (const options of [{}, { store: new RecordStore() }]) {
  const place = 'store' in options ? 'a store' : 'the cookie';

  alike(`a jar that signs in its own way is taken at its word, with the session in ${place}`, async bench => {
    const jar = (ctx: Koa.Context) => new SealedJar(ctx);
    const browser = await bench.serve(appWithCookies(bench.createSession, jar, options));
    await browser.get('login');
    assert.deepEqual([...browser.cookies.keys()], ['koa.sess']);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
    const forged = `${browser.cookieHeader.slice(0, -1)}x`;
    assert.equal((await browser.get('', { cookie: forged })).body, '{"user":null}');
  });
}

test('a subclass of the `cookies` package is asked for each cookie', async t => {
  const seen: string[] = [];
  class LoggingCookies extends Cookies {
    override set(...args: Parameters<Cookies['set']>): this {
      seen.push(`set ${args[0]}`);
      return super.set(...args);
    }
  }
  const app = appWithCookies(
    sojourn.createSession,
    ctx => new LoggingCookies(ctx.req, ctx.res, { keys: ['a secret'] }),
  );
  const browser = await serve(t, app);
  await browser.get('login');
  await browser.get('logout');
  assert.deepEqual(seen, ['set koa.sess', 'set koa.sess']);
});

/** What `keys` that are not Keygrip answer for a signature that is none of theirs. */
const REFUSALS = { 'an index': () => -1, 'a promise': async () => false, nothing: () => undefined };

for (const [answer, verify] of Object.entries(REFUSALS)) {
  test(`a forged cookie is refused where the keys answer with ${answer}`, async t => {
    class Jar extends SealedJar {
      readonly keys = { sign: () => 'a signature', verify };
    }
    const app = appWithCookies(sojourn.createSession, ctx => new Jar(ctx));
    const browser = await serve(t, app);
    const { value } = (await browser.get('login')).cookie() ?? {};
    assert.equal((await browser.get()).body, '{"user":"ann"}');
    const forged = `koa.sess=${value?.split('!')[0]}; koa.sess.sig=anything`;
    assert.equal((await browser.get('', { cookie: forged })).body, '{"user":null}');
  });
}

alike('a jar that answers null where there is no cookie has none', async bench => {
  class Jar extends SealedJar {
    override get(...request: Parameters<SealedJar['get']>): string {
      return super.get(...request) ?? (null as never);
    }
  }
  for (const options of [{}, { store: new RecordStore() }]) {
    const app = appWithCookies(bench.createSession, ctx => new Jar(ctx), options);
    const browser = await bench.serve(app);
    assert.equal((await browser.get()).body, '{"user":null}');
    await browser.get('login');
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
});

alike('a jar that knows `maxAge` alone is given it', async bench => {
  const ages: unknown[] = [];
  class Jar extends SealedJar {
    override set(name: string, value: string, options: { expires?: Date; maxAge?: unknown } = {}): void {
      ages.push(options.maxAge);
      super.set(name, value, options);
    }
  }
  const options = { maxAge: 60_000, signed: false };
  const browser = await bench.serve(appWithCookies(bench.createSession, ctx => new Jar(ctx), options));
  for (const path of ['login', 'logout']) await browser.get(path);
  const [age, cleared] = ages;
  assert.ok(typeof age === 'number' && age > 50_000 && age <= 60_000, String(age));
  assert.equal(cleared, false);
});
