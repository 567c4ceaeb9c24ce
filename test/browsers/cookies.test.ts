import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strict } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, type Routes } from '../harness/app.js';
import { sojourn } from '../harness/packages.js';
import { serveSecurely } from '../harness/tls.js';
import type { TestOptions } from '../harness/visit.js';
import { inEveryBrowser, visit } from './browsers.js';

const site: Routes = {
  ...account,
  fill: ctx => {
    ctx.session.text = 'x'.repeat(Number(ctx.query.size));
  },
  size: ctx => String(String(ctx.session.text ?? '').length),
  /** Sets a cookie as it is told to, past every check. */
  set: ctx => {
    ctx.res.setHeader('Set-Cookie', String(ctx.query.cookie));
  },
  /** The names of the cookies that came, in alphabetical order. */
  cookies: ctx => names(ctx.get('cookie')).join(' ') || 'none',
};

const names = (header: string): string[] =>
  [...header.matchAll(/(?:^|; )([^=;]+)=/g)].map(([, name]) => String(name)).sort();

const appWithSession = (options: TestOptions) => appWith(sojourn.createSession, options, site);

const setting = (cookie: string) => `set?cookie=${encodeURIComponent(cookie)}`;

inEveryBrowser(newWindow => {
  test('the `__Host-` cookie of `strict()` is taken, and comes back', async t => {
    const origin = await serveSecurely(t, 'app.test', appWithSession(strict({ store: memoryStore() })));
    const page = await (await newWindow(t)).newPage();
    await visit(page, `${origin}/login`);
    assert.equal(await visit(page, `${origin}/`), '{"user":"ann"}');
    assert.equal(await visit(page, `${origin}/cookies`), '__Host-koa.sess __Host-koa.sess.sig');
    await visit(page, `${origin}/logout`);
    assert.equal(await visit(page, `${origin}/cookies`), 'none');
  });

  test('`Clear-Site-Data` leaves the session that comes in the place of the one that was ended', async t => {
    for (const clearSiteData of ['*', ['cookies', 'storage']]) {
      const app = appWith(
        sojourn.createSession,
        { clearSiteData },
        {
          ...site,
          switch: ctx => {
            ctx.session = null;
            ctx.session = { user: 'bob' };
          },
        },
      );
      const origin = await serveSecurely(t, 'app.test', app);
      const page = await (await newWindow(t)).newPage();
      await visit(page, `${origin}/login`);
      await visit(page, `${origin}/switch`);
      assert.equal(await visit(page, `${origin}/`), '{"user":"bob"}');
      await visit(page, `${origin}/logout`);
      assert.equal(await visit(page, `${origin}/cookies`), 'none');
    }
  });

  test('a neighbour can plant a cookie of an app, but none whose name begins with `__Host-`', async t => {
    const origin = await serveSecurely(t, 'app.test', appWithSession({}));
    const neighbour = await serveSecurely(t, 'sub.app.test', appWithSession({}));
    const page = await (await newWindow(t)).newPage();
    for (const name of ['koa.sess', '__Host-koa.sess']) {
      await visit(page, `${neighbour}/${setting(`${name}=planted; Domain=app.test; Secure; Path=/`)}`);
    }
    assert.equal(await visit(page, `${origin}/cookies`), 'koa.sess');
  });

  test('without `Secure` a cookie that is `SameSite=None` is dropped, and one that is `Partitioned`', async t => {
    const origin = await serveSecurely(t, 'app.test', appWithSession({}));
    const page = await (await newWindow(t)).newPage();
    for (const attribute of ['SameSite=None', 'Partitioned', 'SameSite=Lax']) {
      const name = attribute.toLowerCase().replace('=', '-');
      await visit(page, `${origin}/${setting(`${name}=1; ${attribute}; Path=/`)}`);
    }
    assert.equal(await visit(page, `${origin}/cookies`), 'samesite-lax');
  });

  test('scripts see no session cookie, unless it is set with `httpOnly: false`', async t => {
    for (const [httpOnly, seen] of [
      [true, []],
      [false, ['koa.sess', 'koa.sess.sig']],
    ] as const) {
      const origin = await serveSecurely(t, 'app.test', appWithSession({ httpOnly }));
      const page = await (await newWindow(t)).newPage();
      await visit(page, `${origin}/login`);
      assert.equal(await visit(page, `${origin}/`), '{"user":"ann"}');
      assert.deepEqual(names(String(await page.evaluate('document.cookie'))), seen);
    }
  });

  test('a cookie of 4096 bytes is kept, name and value together, and one of 4097 is dropped', async t => {
    const origin = await serveSecurely(t, 'app.test', appWithSession({}));
    const page = await (await newWindow(t)).newPage();
    for (const [name, size] of [
      ['fits', 4096],
      ['exceeds', 4097],
    ] as const) {
      const value = 'x'.repeat(size - name.length);
      await visit(page, `${origin}/${setting(`${name}=${value}; Secure; Path=/`)}`);
    }
    assert.equal(await visit(page, `${origin}/cookies`), 'fits');
  });

  test("a session as large as one cookie may be comes back; a byte more is an error, not the browser's silence", async t => {
    const origin = await serveSecurely(
      t,
      'app.test',
      appWithSession({ encode: ({ text }) => String(text), decode: text => ({ text }) }),
    );
    const page = await (await newWindow(t)).newPage();
    const largest = 4096 - 'koa.sess='.length + 1;
    assert.equal(await visit(page, `${origin}/fill?size=${largest}`), 'ok');
    assert.equal(await visit(page, `${origin}/size`), String(largest));
    assert.equal(await visit(page, `${origin}/fill?size=${largest + 1}`), 'Internal Server Error');
    assert.equal(await visit(page, `${origin}/size`), String(largest));
  });

  test('a session in chunks comes back whole; when it shrinks, and ends, the chunks it needs no more go', async t => {
    const origin = await serveSecurely(t, 'app.test', appWithSession({ oversize: 'chunk' }));
    const page = await (await newWindow(t)).newPage();
    for (const [size, cookies] of [
      [4500, 'koa.sess koa.sess.1 koa.sess.2 koa.sess.sig'],
      [10, 'koa.sess koa.sess.sig'],
      [5000, 'koa.sess koa.sess.1 koa.sess.2 koa.sess.sig'],
    ] as const) {
      await visit(page, `${origin}/fill?size=${size}`);
      assert.equal(await visit(page, `${origin}/size`), String(size));
      assert.equal(await visit(page, `${origin}/cookies`), cookies);
    }
    await visit(page, `${origin}/logout`);
    assert.equal(await visit(page, `${origin}/cookies`), 'none');
  });

  test('the stamp of the last use, `<key>.at`, keeps a session that is used, and no other, from its idle deadline', async t => {
    let now = Date.now();
    const minutes = (count: number) => {
      now += count * 60_000;
    };
    const options = { idleTimeout: 30 * 60_000, clock: () => now };
    const origin = await serveSecurely(t, 'app.test', appWithSession(options));
    const page = await (await newWindow(t)).newPage();
    await visit(page, `${origin}/login`);
    for (let i = 0; i < 3; i++) {
      minutes(29);
      assert.equal(await visit(page, `${origin}/`), '{"user":"ann"}');
    }
    assert.match(
      await visit(page, `${origin}/cookies`),
      /^koa\.sess koa\.sess\.at koa\.sess\.at\.sig koa\.sess\.sig$/,
    );
    minutes(30);
    assert.equal(await visit(page, `${origin}/`), '{"user":null}');
  });
});
