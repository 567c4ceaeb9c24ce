import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import Cookies from 'cookies';
import fc from 'fast-check';
import Keygrip from 'keygrip';
import type Koa from 'koa';
import { appWith, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { stoppedClock } from '../harness/clock.js';
import { inside } from '../harness/inside.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';

interface SigningKeys {
  sign(data: string): string;
  verify(data: string, signature: string): boolean;
}

/** These are no part of the package's surface. */
const { signingKeys, isEqual } = await inside<{
  signingKeys(keys: readonly unknown[]): SigningKeys | undefined;
  isEqual(presented: string, expected: string): boolean;
}>('credential/signing-keys');
const { firstCookie } = await inside<{
  firstCookie(req: { headers: { cookie?: string } }, name: string): string | undefined;
}>('credential/stock-cookies');

const aKey = fc.oneof(
  fc.string({ minLength: 1, maxLength: 80 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
);
const someKeys = fc.array(aKey, { minLength: 1, maxLength: 3 });

describe('signatures by a list of keys', () => {
  test("are Keygrip's, whatever the keys and the text, and each key's is accepted", () => {
    fc.assert(
      fc.property(someKeys, fc.string({ unit: 'binary' }), (keys, text) => {
        const own = signingKeys(keys) as SigningKeys;
        assert.equal(own.sign(text), new Keygrip(keys).sign(text));
        for (const key of keys) assert.ok(own.verify(text, new Keygrip([key]).sign(text)));
        assert.equal(own.verify(text, new Keygrip(['another', 'list']).sign(`${text}.`)), false);
      }),
    );
  });

  test('follow the list when the app changes it', () => {
    const keys = ['first'];
    const own = signingKeys(keys) as SigningKeys;
    const before = own.sign('text');
    keys.unshift('second');
    assert.equal(own.sign('text'), new Keygrip(['second']).sign('text'));
    assert.ok(own.verify('text', before));
    keys.pop();
    assert.equal(own.verify('text', before), false);
  });

  test('are left to Keygrip where a key is no text', () => {
    assert.equal(signingKeys([Buffer.from('key')]), undefined);
    assert.equal(signingKeys([]), undefined);
  });
});

test('two signatures are equal if their texts are, whatever the texts', () => {
  const text = fc.string({ unit: fc.constantFrom('A', 'B', '\u0141', '\u{1f511}', '\ud800'), maxLength: 3 });
  fc.assert(fc.property(text, text, (one, two) => assert.equal(isEqual(one, two), one === two)));
});

test('the first cookie of a name is the one that the `cookies` package finds', () => {
  const piece = fc.constantFrom('a+b', 'a', '=', ';', ' ', '; ', '\t', '"', 'xa+b', '.sig', 'value');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      const req = { headers: { cookie: pieces.join('') } };
      const cookies = new Cookies(req as never, {} as never);
      assert.equal(firstCookie(req, 'a+b') ?? '', cookies.get('a+b', { signed: false }) ?? '');
    }),
    { numRuns: 5000 },
  );
  assert.equal(firstCookie({ headers: {} }, 'a+b'), undefined);
});

const routes: Routes = {
  write: ctx => {
    ctx.session.text = String(ctx.query.text);
  },
  long: ctx => {
    ctx.session.text = 'long '.repeat(Number(ctx.query.count));
  },
  beside: ctx => {
    ctx.res.setHeader('Set-Cookie', ['other=1']);
    ctx.session.text = 'beside';
  },
  shorter: ctx => {
    ctx.session.maxAge = 1000;
  },
  own: ctx => {
    ctx.sessionOptions.path = '/own';
    ctx.session.text = 'own';
  },
  read: ctx => ({ ...ctx.session }),
  logout: ctx => {
    ctx.session = null;
  },
};

const anyOptions = fc.record(
  {
    key: fc.constantFrom('koa.sess', 'a+b', '__x'),
    maxAge: fc.constantFrom<number | 'session'>(60_000, 'session'),
    path: fc.constantFrom('/', '/app'),
    domain: fc.constant('example.com'),
    secure: fc.constantFrom<boolean | 'auto'>(false, 'auto'),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom<'lax' | 'strict' | 'auto' | true>('lax', 'strict', 'auto', true),
    priority: fc.constantFrom<'low' | 'high'>('low', 'high'),
    partitioned: fc.boolean(),
    overwrite: fc.boolean(),
    signed: fc.boolean(),
    oversize: fc.constantFrom<'chunk' | { chunk: number }>('chunk', { chunk: 16_000 }),
  },
  { requiredKeys: [] },
);

/** What is no mistake. */
const someOptions = anyOptions.filter(
  ({ partitioned, secure, sameSite }) => secure !== false || !(partitioned || sameSite === 'auto'),
);

const aVisit = fc.tuple(
  fc.constantFrom(
    'write?text=1',
    'write?text=%3B%C3%A9',
    'long?count=700',
    'long?count=1500',
    'beside',
    'shorter',
    'own',
    'read',
    'logout',
  ),
  fc.boolean(),
);

/** The tests' app, whose `ctx.cookies` was there before the session if `isTouched`. */
async function visitors(
  t: TestContext,
  options: TestOptions,
  { keys, isTouched }: { keys: string[]; isTouched: boolean },
): Promise<Browser> {
  const app: Koa = appWith(sojourn.createSession, options, routes);
  app.keys = keys;
  app.proxy = true;
  if (isTouched) {
    app.middleware.unshift((ctx, next) => {
      assert.ok(ctx.cookies);
      return next();
    });
  }
  return serve(t, app);
}

test('responses are the same, byte for byte, whether the app has asked for `ctx.cookies` or not', async t => {
  const clock = stoppedClock(t);
  await fc.assert(
    fc.asyncProperty(
      someOptions,
      someKeys,
      fc.array(aVisit, { minLength: 2, maxLength: 8 }),
      async (options, keys, visits) => {
        const withClock = { ...options, clock: clock.now };
        const one = await visitors(t, withClock, { keys, isTouched: false });
        const two = await visitors(t, withClock, { keys, isTouched: true });
        for (const [path, isHttps] of visits) {
          const visit = { headers: { 'x-forwarded-proto': isHttps ? 'https' : 'http' } };
          const [ours, theirs] = [await one.get(path, visit), await two.get(path, visit)];
          assert.deepEqual(ours.headers.getSetCookie(), theirs.headers.getSetCookie());
          assert.deepEqual([ours.status, ours.body], [theirs.status, theirs.body]);
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe("the request's own `ctx.cookies` counts", () => {
  const replacements: Record<string, (app: Koa, cookies: object) => void> = {
    'replaced for a request': (app, cookies) => {
      app.middleware.unshift((ctx, next) => {
        ctx.cookies = cookies as typeof ctx.cookies;
        return next();
      });
    },
    "defined on the app's context": (app, cookies) => {
      Object.defineProperty(app.context, 'cookies', { get: () => cookies });
    },
    "defined on a request's context": (app, cookies) => {
      app.middleware.unshift((ctx, next) => {
        Object.defineProperty(ctx, 'cookies', { get: () => cookies });
        return next();
      });
    },
  };
  for (const [how, replace] of Object.entries(replacements)) {
    test(how, async t => {
      const asked: string[] = [];
      const cookies = {
        get: (name: string) => void asked.push(`get ${name}`),
        set: (name: string) => void asked.push(`set ${name}`),
      };
      const app: Koa = appWith(sojourn.createSession, {}, routes);
      const browser = await serve(t, app);
      await browser.get('write?text=1');
      await browser.get('write?text=2');
      replace(app, cookies);
      const other = await serve(t, app);
      for (let i = 0; i < 2; i++) {
        asked.length = 0;
        const answer = await other.get('write?text=3', { cookie: browser.cookieHeader });
        assert.deepEqual(answer.headers.getSetCookie(), []);
        assert.ok(asked.includes('set koa.sess'), asked.join());
        assert.ok(asked[0]?.startsWith('get koa.sess'));
      }
    });
  }
});
