import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { strict } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, errorsOf, eventsOf } from '../harness/app.js';
import { Browser, serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { makeCertificate } from '../harness/tls.js';
import type { TestOptions } from '../harness/visit.js';
import { missing, startNginx } from './nginx.js';

// `fetch` takes a certificate of the test's own in no other way.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

interface Proxy {
  /** `app.proxy`: whether the app believes what the proxy says. */
  readonly isTrusted: boolean;
  readonly sendsProto?: boolean;
}

/** A visitor of an app that is reached over HTTPS, by an nginx that ends TLS. */
async function behindTls(t: TestContext, options: TestOptions, { isTrusted, sendsProto = true }: Proxy) {
  const app = appWith(sojourn.createSession, options, account);
  app.proxy = isTrusted;
  const [errors, told] = [errorsOf(app), eventsOf(app, 'session:error')];
  const { base } = await serve(t, app);
  const { key, cert } = makeCertificate();
  const port = await startNginx(t, {
    files: { 'key.pem': key, 'cert.pem': cert },
    http: port => `
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        location / {
          proxy_pass ${base};
          proxy_set_header Host $http_host;
          ${sendsProto ? 'proxy_set_header X-Forwarded-Proto $scheme;' : ''}
        }
      }`,
  });
  return { browser: new Browser(`https://localhost:${port}`), errors, told };
}

const SECURE: Record<string, () => TestOptions> = {
  '`secure: true`': () => ({ secure: true }),
  '`strict()`': () => strict({ store: memoryStore() }),
};

describe('behind a proxy that ends TLS', { skip: missing }, () => {
  for (const [name, options] of Object.entries(SECURE)) {
    test(`${name} sets a Secure cookie, which comes back, with \`app.proxy\` on`, async t => {
      const { browser, errors } = await behindTls(t, options(), { isTrusted: true });
      const { cookies } = await browser.get('login');
      assert.deepEqual(
        cookies.map(({ attributes }) => attributes.secure),
        [true, true],
      );
      assert.equal((await browser.get()).body, '{"user":"ann"}');
      assert.deepEqual(errors, []);
    });

    for (const [what, proxy] of Object.entries({
      'with `app.proxy` off': { isTrusted: false },
      'where the proxy does not say what it was asked over': { isTrusted: true, sendsProto: false },
    })) {
      test(`${name} is an error that says what to set, and no cookie, ${what}`, async t => {
        const { browser, errors } = await behindTls(t, options(), proxy);
        const { status, cookies } = await browser.get('login');
        assert.deepEqual([status, cookies], [500, []]);
        assert.equal((errors[0] as { code?: string }).code, 'ERR_SESSION_OPTIONS');
        assert.match(String(errors[0]), /`secure`.*`app\.proxy = true`.*X-Forwarded-Proto/);
      });
    }
  }

  test("`'auto'` follows what the proxy was asked over, if the app believes it", async t => {
    for (const [isTrusted, secure, sameSite] of [
      [true, true, 'none'],
      [false, undefined, 'lax'],
    ] as const) {
      const options = { secure: 'auto', sameSite: 'auto' } as const;
      const { browser } = await behindTls(t, options, { isTrusted });
      const { attributes } = (await browser.get('login')).cookie() ?? {};
      assert.deepEqual([attributes?.secure, attributes?.samesite], [secure, sameSite]);
      assert.equal((await browser.get()).body, '{"user":"ann"}');
    }
  });

  for (const attribute of [{ sameSite: 'none' }, { partitioned: true }] as const) {
    test(`${JSON.stringify(attribute)} alone is Secure with \`app.proxy\` on; with it off browsers drop the cookie, and \`session:error\` tells`, async t => {
      for (const isTrusted of [true, false]) {
        const { browser, told } = await behindTls(t, attribute, { isTrusted });
        const { status } = await browser.get('login');
        assert.equal(status, 200);
        assert.equal(browser.cookies.get('koa.sess')?.attributes.secure, isTrusted || undefined);
        assert.equal(told.length, isTrusted ? 0 : 1);
        if (!isTrusted) assert.match(String(told[0]?.error), /drop.*`app\.proxy = true`.*X-Forwarded-Proto/);
      }
    });
  }
});
