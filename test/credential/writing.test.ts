import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Keygrip from 'keygrip';
import type Koa from 'koa';
import { bareApp, SECRET } from '../harness/app.js';
import { inside } from '../harness/inside.js';
import { contextOf, linesOf, touchedContextOf } from './context.js';
import {
  type Credential,
  cookieCredential,
  type Issue,
  isDroppedByBrowsers,
  stampedCredential,
} from './credential.js';

const { isUntouched } = await inside<{ isUntouched(ctx: Koa.Context): boolean }>('credential/stock-cookies');

const AT = Date.UTC(2030, 0, 2, 3, 4, 5);
const EXPIRES = 'expires=Wed, 02 Jan 2030 03:04:05 GMT';
const issue = (value: string, expiresAt: number | undefined = AT, data: Issue['data'] = {}): Issue => {
  return { value, expiresAt, data };
};
const lasting = (value: string): Issue => ({ ...issue(value), expiresAt: undefined });
const cookie = (holdsData = false): Credential => cookieCredential({ name: 's', signing: 'all', holdsData });
const signature = (value: string): string => new Keygrip([SECRET]).sign(`s=${value}`);

/** The lines that a response gets from this credential. */
function lines(credential: Credential, given: Issue, options: object, ctx = contextOf(bareApp())): string[] {
  credential.write(ctx, given, options);
  return linesOf(ctx);
}

describe('a cookie', () => {
  test('has koa-session’s attributes by default, and a signature with the same', () => {
    for (const options of [{}, Object.freeze({})])
      assert.deepEqual(lines(cookie(), issue('a'), options), [
        `s=a; path=/; ${EXPIRES}; httponly`,
        `s.sig=${signature('a')}; path=/; ${EXPIRES}; httponly`,
      ]);
  });

  test('has the attributes that it is given', () => {
    const options = {
      path: '/app',
      domain: 'example.com',
      httpOnly: false,
      sameSite: 'strict',
      priority: 'high',
      partitioned: true,
      secure: true,
      signed: false,
    };
    const ctx = contextOf(bareApp(), undefined, { isEncrypted: true });
    assert.deepEqual(lines(cookie(), lasting('a'), options, ctx), [
      's=a; path=/app; domain=example.com; priority=high; samesite=strict; secure; partitioned',
    ]);
  });

  for (const isEncrypted of [true, false]) {
    test(`follows the protocol where it is to, encrypted or not: ${isEncrypted}`, () => {
      const ctx = contextOf(bareApp(), undefined, { isEncrypted });
      const options = { secure: 'auto', sameSite: 'auto', signed: false };
      const attributes = isEncrypted ? 'samesite=none; secure; httponly' : 'samesite=lax; httponly';
      assert.deepEqual(lines(cookie(), lasting('a'), options, ctx), [`s=a; path=/; ${attributes}`]);
    });
  }

  test('takes the place of one that was set before, where it is to', () => {
    for (const overwrite of [true, false]) {
      const ctx = contextOf(bareApp());
      const options = { signed: false, overwrite };
      cookie().write(ctx, lasting('a'), options);
      assert.equal(lines(cookie(), lasting('b'), options, ctx).length, overwrite ? 1 : 2);
    }
  });

  test('is cleared by an empty one that is over', () => {
    const ctx = contextOf(bareApp());
    cookie().clear(ctx, { signed: false });
    assert.deepEqual(linesOf(ctx), ['s=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly']);
  });

  test('for HTTPS only is refused on a request over plain HTTP, and the mend is told', () => {
    const message =
      'option `secure`: the cookie is for HTTPS only, and this request came over plain HTTP. ' +
      'Behind a proxy that ends TLS set `app.proxy = true` and have it send X-Forwarded-Proto; ' +
      'without TLS leave `secure` out, or set it to "auto" ' +
      '(in development with `strict()`, which sets it, give `secure: "auto"` and a `key` without __Host-)';
    const error = { code: 'ERR_SESSION_OPTIONS', message };
    for (const ctx of [contextOf(bareApp()), touchedContextOf(bareApp())]) {
      assert.throws(() => cookie().write(ctx, issue('a'), { secure: true }), error);
      assert.throws(() => cookie().clear(ctx, { secure: true }), error);
      assert.throws(() => cookie().requireWritable(ctx, { secure: true }), error);
      for (const secure of [undefined, false, 'auto']) cookie().requireWritable(ctx, { secure });
      assert.deepEqual(linesOf(ctx), []);
    }
    cookie().requireWritable(contextOf(bareApp(), '', { isEncrypted: true }), { secure: true });
    const own = contextOf(bareApp());
    own.cookies = { secure: true, get: () => undefined, set: () => {} } as never;
    cookie().requireWritable(own, { secure: true });
  });
});

test('a cookie that could not be written is told before', () => {
  const ctx = contextOf(bareApp());
  const [large, error] = [issue('x'.repeat(5000)), { code: 'ERR_SESSION_TOO_LARGE' }];
  cookie(true).requireWritable(ctx, {}, issue('a'));
  cookie(true).requireWritable(ctx, { oversize: 'chunk' }, large);
  assert.throws(() => cookie(true).requireWritable(ctx, {}, large), error);
  assert.deepEqual(linesOf(ctx), []);
});

test('browsers drop what would have to be Secure, on a request over plain HTTP', () => {
  const own = contextOf(bareApp());
  own.cookies = { get: () => undefined, set: () => {} } as never;
  const encrypted = contextOf(bareApp(), undefined, { isEncrypted: true });
  for (const attributes of [{ sameSite: 'none' }, { sameSite: 'NONE' }, { partitioned: true }]) {
    assert.equal(isDroppedByBrowsers(contextOf(bareApp()), attributes), true);
    assert.equal(isDroppedByBrowsers(touchedContextOf(bareApp()), attributes), true);
    assert.equal(isDroppedByBrowsers(encrypted, attributes), false);
    assert.equal(isDroppedByBrowsers(own, attributes), false);
  }
  for (const attributes of [
    {},
    { sameSite: 'lax' },
    { sameSite: true },
    { sameSite: null },
    { partitioned: false },
    { key: 'my__Host-id' },
  ])
    assert.equal(isDroppedByBrowsers(contextOf(bareApp()), attributes), false);
});

describe('cookies that come after the first', () => {
  const configurations: Record<string, object> = {
    'with the default attributes': {},
    'that are not signed': { signed: false },
    'with all attributes': { path: '/a', domain: 'example.com', sameSite: 'lax', priority: 'low' },
    'that follow the protocol': { secure: 'auto', sameSite: 'auto' },
    'with no attribute at all': { path: '', httpOnly: false, signed: false },
    'with a path that looks like the expiry': { path: EXPIRES.slice(8) },
  };
  const issues = [
    lasting(''),
    issue('a'),
    issue('b', AT + 999),
    issue('c', AT + 1000),
    issue('d', AT - 86_400_000),
    lasting('e'),
    lasting('f'),
    issue('a+/=.:~-_Z'),
    issue('a b'),
    issue('"a"'),
    issue(EXPIRES.slice(8)),
    issue(''),
  ];

  for (const [what, attributes] of Object.entries(configurations)) {
    test(`are what \`ctx.cookies\` would make of them, ${what}`, () => {
      const options = Object.freeze(attributes);
      const credential = cookie();
      for (const isEncrypted of [false, true, false]) {
        for (const given of issues) {
          const touched = touchedContextOf(bareApp(), undefined, { isEncrypted });
          const ctx = contextOf(bareApp(), undefined, { isEncrypted });
          assert.deepEqual(
            lines(credential, given, options, ctx),
            lines(cookie(), given, options, touched),
            given.value,
          );
        }
      }
    });
  }

  const untouched = (credential: Credential, given: Issue, options: object, ctx = contextOf(bareApp())) => {
    credential.write(ctx, given, options);
    return isUntouched(ctx);
  };

  test('do without `ctx.cookies`, by kind, as long as the options are the configured ones', () => {
    const [options, credential] = [Object.freeze({}), cookie()];
    assert.equal(untouched(credential, issue('a'), options), false);
    assert.equal(untouched(credential, issue('bcd', AT + 5000), options), true);
    assert.equal(untouched(credential, lasting('c'), options), false);
    assert.equal(untouched(credential, lasting('d'), options), true);
    const encrypted = () => contextOf(bareApp(), undefined, { isEncrypted: true });
    assert.equal(untouched(credential, issue('e'), options, encrypted()), false);
    assert.equal(untouched(credential, issue('f'), options, encrypted()), true);
    assert.equal(untouched(credential, lasting('g'), options, encrypted()), false);
    assert.equal(untouched(credential, issue('h'), { ...options }), false);
    assert.equal(untouched(credential, issue('i'), options), true);
    assert.equal(untouched(credential, issue(''), options), false);
    assert.equal(untouched(credential, issue('a b'), options), true);
    assert.equal(untouched(credential, issue('j'), options), true);
    const whole = cookie(true);
    untouched(whole, issue('k'), options);
    assert.equal(untouched(whole, issue('l'), options), true);
  });

  for (const value of ['a; path=/elsewhere', 'a\nb', 'a\u0141', 'a\x7f']) {
    test(`are refused with a value that no cookie can have: ${JSON.stringify(value)}`, () => {
      const [options, credential] = [Object.freeze({}), cookie()];
      for (let i = 0; i < 2; i++) {
        assert.throws(() => lines(credential, issue(value), options, contextOf(bareApp())), TypeError);
        credential.write(contextOf(bareApp()), issue('a'), options);
      }
    });
  }

  test('are those of the newest configuration', () => {
    const credential = cookie();
    const [one, two] = [Object.freeze({ path: '/one' }), Object.freeze({ path: '/two' })];
    for (const [options, path] of [
      [one, '/one'],
      [two, '/two'],
      [one, '/one'],
    ] as const) {
      for (let i = 0; i < 2; i++)
        assert.ok(lines(credential, issue('a'), options)[0]?.includes(`path=${path};`));
    }
  });

  test('leave other cookies of the response alone', () => {
    const [options, credential] = [Object.freeze({ signed: false }), cookie()];
    for (let i = 0; i < 3; i++) {
      const ctx = contextOf(bareApp());
      ctx.res.setHeader('Set-Cookie', ['other=1; path=/x']);
      assert.deepEqual(lines(credential, issue('a'), options, ctx), [
        'other=1; path=/x',
        `s=a; path=/; ${EXPIRES}; httponly`,
      ]);
      assert.deepEqual(lines(credential, issue('a'), options), [`s=a; path=/; ${EXPIRES}; httponly`]);
      const other = contextOf(bareApp());
      other.res.setHeader('Set-Cookie', ['other=1; path=/x']);
      assert.equal(lines(credential, lasting('a'), options, other)[1], 's=a; path=/; httponly');
      assert.deepEqual(lines(credential, lasting('a'), options), ['s=a; path=/; httponly']);
    }
  });

  test('are signed with the keys of their own app', () => {
    const [options, credential] = [Object.freeze({}), cookie()];
    for (const keys of [['one'], ['two', 'one'], new Keygrip(['three'], 'sha256')]) {
      const app = bareApp();
      app.keys = keys;
      for (let i = 0; i < 2; i++) {
        const expected = Array.isArray(keys) ? new Keygrip(keys) : keys;
        const [, second] = lines(credential, issue('a'), options, contextOf(app));
        assert.ok(second?.startsWith(`s.sig=${expected.sign('s=a')};`));
      }
    }
  });

  test('fail as `ctx.cookies` does where there are no keys', () => {
    const [options, credential] = [Object.freeze({ signed: true }), cookie()];
    lines(credential, issue('a'), options);
    const ctx = contextOf(Object.assign(bareApp(), { keys: undefined }));
    assert.throws(() => credential.write(ctx, issue('a'), options), /keys required for signed cookies/i);
  });
});

describe('chunks', () => {
  const options = { oversize: { chunk: 16_000 }, signed: false };
  const text = 'x'.repeat(5000);
  const names = (found: string[]): string[] => found.map(line => line.slice(0, line.indexOf('=')));
  const isCleared = (line: string): boolean => /^[^=]*=;.*expires=Thu, 01 Jan 1970/.test(line);
  const write = (header: string | undefined, given: Issue, ofRequest = contextOf): string[][] => {
    const found = lines(cookie(true), given, options, ofRequest(bareApp(), header));
    return [names(found.filter(line => !isCleared(line))), names(found.filter(isCleared))];
  };

  test('are set beside the main cookie, with its attributes and without a signature', () => {
    const found = lines(cookie(true), issue(text), { oversize: 'chunk', path: '/a' });
    assert.deepEqual(names(found), ['s', 's.sig', 's.1', 's.2']);
    for (const line of found) assert.ok(line.endsWith(`; path=/a; ${EXPIRES}; httponly`), line.slice(-80));
    assert.ok(found[0]?.startsWith('s=~1.2.'));
    const ending = lines(cookie(true), lasting(text), options);
    for (const line of ending) assert.ok(!line.includes('expires'));
  });

  test('are for the sessions’ own cookie alone', () => {
    const key = { ...issue(text), data: undefined };
    for (const [credential, given] of [
      [cookie(true), key],
      [cookie(true), issue('x'.repeat(17_000))],
    ] as const)
      assert.throws(() => credential.write(contextOf(bareApp()), given, options), {
        code: 'ERR_SESSION_TOO_LARGE',
      });
    assert.throws(() => cookie(true).write(contextOf(bareApp()), issue(text), {}), {
      code: 'ERR_SESSION_TOO_LARGE',
    });
    assert.deepEqual(names(lines(cookie(), issue('a'), options, contextOf(bareApp(), 's.1=x'))), ['s']);
  });

  for (const [how, ofRequest] of [
    ['before anybody asked for `ctx.cookies`', contextOf],
    ['after the app asked for `ctx.cookies`', touchedContextOf],
  ] as const) {
    test(`that the client has, and the session has no more, are cleared: ${how}`, () => {
      for (const [header, given, set, cleared] of [
        [undefined, issue('a'), ['s'], []],
        ['o=1; s=2; s.sig=3; s.at=4; s.x=5; s.=6', issue('a'), ['s'], []],
        ['s.1=x', issue('a'), ['s'], ['s.1']],
        ['s.at=4; s.1=x', issue('a'), ['s'], ['s.1']],
        ['s.0=4; s.21=5; s.9x=6', issue('a'), ['s'], []],
        ['s.1=a; s.2=b; s.3=c', issue(text), ['s', 's.1', 's.2'], ['s.3']],
        ['s.20=x; s.9=y', issue(text), ['s', 's.1', 's.2'], ['s.9', 's.20']],
        ['xs.1=x', issue('a'), ['s'], []],
      ] as const) {
        const [found, gone] = write(header, given, ofRequest);
        assert.deepEqual([found, [...new Set(gone)].sort(), header], [set, [...cleared].sort(), header]);
      }
    });
  }

  test('that this response set before are cleared with it', () => {
    const ctx = contextOf(bareApp());
    const credential = cookie(true);
    credential.write(ctx, issue(text), options);
    const found = lines(credential, issue('a'), { ...options, overwrite: true }, ctx);
    assert.deepEqual(names(found.filter(isCleared)), ['s.1', 's.2']);
    const more = lines(credential, issue('x'.repeat(9000)), { ...options, overwrite: true }, ctx);
    assert.deepEqual([names(more.filter(isCleared)), more.length], [[], 4]);
  });

  test('are cleared with the session', () => {
    const ctx = contextOf(bareApp(), 's=~; s.1=a; s.2=b');
    cookie(true).clear(ctx, { signed: false });
    assert.deepEqual(names(linesOf(ctx).filter(isCleared)), ['s', 's.1', 's.2']);
    assert.equal(linesOf(ctx).length, 3);
  });

  for (const [given, kept, expected] of [
    [issue('a'), ['s.1', 's.2', 's.4'], ['s', 's.1 cleared', 's.2 cleared']],
    [issue(text), ['s.3'], ['s', 's.3 cleared', 's.1', 's.2']],
    [issue(text), ['s.1', 's.2'], ['s', 's.1', 's.2']],
  ] as const) {
    test(`that a \`ctx.cookies\` of the app’s own has are found by asking: ${kept}`, () => {
      const set: string[] = [];
      const ctx = contextOf(bareApp());
      ctx.cookies = {
        get: (name: string, { signed }: { signed?: boolean }) =>
          signed === false && (kept as readonly string[]).includes(name) ? 'x' : undefined,
        set: (name: string, value: string, { signed, expires }: { signed: boolean; expires: Date }) => {
          set.push(value === '' ? `${name} cleared` : name);
          assert.equal(signed, name === 's');
          assert.equal(expires.getTime(), value === '' ? 0 : AT);
        },
      } as never;
      cookie(true).write(ctx, given, { ...options, signed: true });
      assert.deepEqual(set, expected);
    });
  }
});

test('a stamp is written beside its session’s cookie, and cleared with it', async () => {
  const stamped = stampedCredential(cookie(), 's.at', 'none');
  const ctx = contextOf(bareApp());
  stamped.write(ctx, issue('a'), { signed: false });
  stamped.stamp?.write(ctx, issue('5'), { signed: false });
  assert.deepEqual(linesOf(ctx), [
    `s=a; path=/; ${EXPIRES}; httponly`,
    `s.at=5; path=/; ${EXPIRES}; httponly`,
  ]);
  const other = contextOf(bareApp(), 's.at.1=x');
  await stamped.clear(other, { signed: false });
  const over = '; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly';
  assert.deepEqual(linesOf(other), [`s=${over}`, `s.at=${over}`]);
});
