import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey, SessionError, SessionOptionsError, sealed, session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { bareApp } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';

const store = new RecordStore();

/** What each option does not take. */
const WRONG: Record<string, readonly unknown[]> = {
  key: ['', 1, 'a b', 'a;b', 'a=b', 'schlüssel', 'a\n'],
  maxAge: [-1, Number.NaN, Number.POSITIVE_INFINITY, '1 day', '86400000', 9e15, true, {}],
  maxage: [-1, 'one day'],
  autoCommit: ['yes', 0],
  overwrite: [1],
  httpOnly: ['true'],
  signed: [1, 'yes'],
  path: [1, '/;', '/\n', '/ü'],
  domain: [1, 'a;b', 'ü.de', 'https://a.com/', 'a b', 'a.com:80'],
  secure: ['yes', 1, 'AUTO'],
  sameSite: ['laxx', 1, {}, 'Auto'],
  priority: ['urgent', 1],
  partitioned: ['yes'],
  rolling: [1, 'yes'],
  renew: [1, 'yes'],
  encode: ['base64', {}],
  decode: ['base64', {}],
  store: [{}, new Map(), 'redis', { get() {}, set() {} }],
  ContextStore: [{}, class {}, () => {}, 'redis'],
  externalKey: ['x-session', {}, { get() {} }, { set() {} }, { get() {}, set() {}, clear: 5 }],
  genid: ['uuid', {}],
  prefix: [1, {}, 'h1:', 'revoked:1:'],
  valid: [true, {}],
  beforeSave: [true, {}],
  migrate: [true, {}],
  schema: [{}, () => {}, { '~standard': {} }, { '~standard': { version: 2, validate() {} } }],
  sessionTtl: [0, -1, 'session', Number.NaN],
  lazy: [1, 'yes'],
  skip: [true, '/static', /static/],
  storeTimeout: [0, -1, '1s', 2 ** 31, Number.NaN],
  onStoreFailure: ['ignore', true, 'Anonymous'],
  oversize: [
    'truncate',
    true,
    {},
    { chunk: 4096 },
    { chunk: 65_537 },
    { chunk: 5000.5 },
    { chunk: '7168' },
    { chunk: 7168, more: 1 },
  ],
  vary: [1, 'Cookie'],
  clearSiteData: [1, [], ['a b'], ['"cookies"'], ['cookie'], {}],
  property: ['', 1, 'state', 'req', 'sessionInfo'],
  clock: [1000, {}, async () => 1000, () => undefined, () => new Date(0)],
};

describe('an option of a wrong type fails at start, and the error names it:', () => {
  for (const [name, values] of Object.entries(WRONG)) {
    test(name, () => {
      for (const value of values) {
        const needs = NEED_STORE.has(name) ? { store } : {};
        assertMistake({ ...needs, [name]: value }, new RegExp(`^option \`${name}\` must be `), String(value));
      }
    });
  }
});

const NEED_STORE = new Set(['externalKey', 'sessionTtl', 'storeTimeout', 'onStoreFailure']);

describe('a name that is nearly an option fails, and the error names the option that was meant:', () => {
  const typos = {
    maxage_: 'maxAge',
    max_age: 'maxAge',
    MaxAge: 'maxAge',
    httponly: 'httpOnly',
    samesite: 'sameSite',
    'same-site': 'sameSite',
    autocommit: 'autoCommit',
    contextStore: 'ContextStore',
    rollin: 'rolling',
    encoder: 'encode',
    genId: 'genid',
    domian: 'domain',
    sign: 'signed',
    stores: 'store',
    externalkey: 'externalKey',
    storeTimout: 'storeTimeout',
    propery: 'property',
    onwer: 'owner',
    stroe: 'store',
  };
  for (const [typo, meant] of Object.entries(typos)) {
    test(typo, () => {
      assertMistake(
        { [typo]: true },
        new RegExp(`^option \`${typo}\` does not exist: did you mean \`${meant}\`\\?$`),
      );
    });
  }
});

describe('what another library calls so is not ignored, as somebody relies on it:', () => {
  for (const [name, mend] of Object.entries({
    cookie: /`cookie` does not exist: its attributes are options/,
    encrypt: /`encrypt` does not exist.*`session\(\{ \.\.\.sealed\(keys\) \}, app\)`/,
    secureProxy: /`secureProxy` does not exist.*`app\.proxy = true`.*`secure: true`/,
    codec: /`codec` is for stores.*`session\(\{ \.\.\.sealed\(keys\) \}, app\)`/,
    keys: /`app\.keys`/,
    secret: /`app\.keys`/,
    strict: /`session\(strict\(\{ \.\.\. \}\), app\)`/,
  })) {
    test(name, () => assertMistake({ [name]: true }, mend));
  }
});

test('a name that is like no option is ignored, as koa-session ignored it', () => {
  assert.doesNotThrow(() => session(bareApp(), { somethingOfTheApp: 1, [Symbol('codec')]: 1 } as object));
});

describe('options that cannot go together fail at start:', () => {
  const impossible: [string, object, RegExp][] = [
    [
      'SameSite=None that is not Secure',
      { sameSite: 'none', secure: false },
      /`secure` must not be false.*SameSite=None/,
    ],
    [
      'SameSite by the protocol, which may be None, that is not Secure',
      { sameSite: 'auto', secure: false },
      /`secure` must not be false.*SameSite=None/,
    ],
    ['several cookies beside a store', { store, oversize: 'chunk' }, /`oversize` is for cookie sessions/],
    [
      'a prefix of keys that no cookie can hold',
      { store, prefix: 'schlüssel:' },
      /`prefix` must be what a cookie can hold/,
    ],
    [
      'a prefix that makes keys look like those of the store',
      { store: memoryStore(), prefix: 'auth1:' },
      /`prefix` must not end with `h1:`/,
    ],
    ['a prefix that a cookie loses', { store, prefix: ' app:' }, /`prefix` must be what a cookie can hold/],
    [
      '__Host- with a domain',
      { key: '__Host-sess', domain: 'example.com' },
      /`domain` must be left out.*__Host-/,
    ],
    ['__Host- with a path', { key: '__Host-sess', path: '/app' }, /`path` must be '\/'.*__Host-/],
    [
      '__Host- that is not Secure',
      { key: '__Host-sess', secure: false },
      /`secure` must not be false.*__Host-/,
    ],
    [
      '__Secure- that is not Secure',
      { key: '__Secure-sess', secure: false },
      /`secure` must not be false.*__Secure-/,
    ],
    [
      'Partitioned that is not Secure',
      { partitioned: true, secure: false },
      /`secure` must not be false.*Partitioned/,
    ],
    [
      'a seal beside a store',
      { store, ...sealed(generateKey()) },
      /`store` is not sealed.*codec: sealed\(keys\)/,
    ],
    [
      "a seal under the app's own encode",
      { ...sealed(generateKey()), encode: JSON.stringify },
      /`encode` does nothing beside `...sealed\(keys\)`/,
    ],
    [
      "a seal under the app's own decode",
      { ...sealed(generateKey()), decode: JSON.parse },
      /`decode` does nothing beside `...sealed\(keys\)`/,
    ],
    ['externalKey without a store', { externalKey: { get() {}, set() {} } }, /`externalKey` needs a `store`/],
    ['sessionTtl without a store', { sessionTtl: 1000 }, /`sessionTtl` needs a `store`/],
    ['storeTimeout without a store', { storeTimeout: 1000 }, /`storeTimeout` needs a `store`/],
    ['onStoreFailure without a store', { onStoreFailure: 'anonymous' }, /`onStoreFailure` needs a `store`/],
    [
      'hashed keys beside a ContextStore, which goes before the store',
      { store: memoryStore(), ContextStore: RecordStore, hashKeys: true },
      /`hashKeys` needs a sojourn store/,
    ],
    [
      'touchAfter that is no less than idleTimeout',
      { store: memoryStore(), idleTimeout: 1000, touchAfter: 1000 },
      /`touchAfter` must be less than `idleTimeout`/,
    ],
    [
      'touchAfter that is no less than the lifetime that uses are to prolong',
      { rolling: true, maxAge: 1000, touchAfter: 1000 },
      /`touchAfter` must be less than `maxAge` with `rolling`/,
    ],
    [
      'touchAfter that is no less than what a store keeps a session of the browser for',
      { store: memoryStore(), maxAge: 'session', sessionTtl: 1000, touchAfter: 1000 },
      /`touchAfter` must be less than `sessionTtl`/,
    ],
    [
      'a conflict policy in another case',
      { store: memoryStore(), onConflict: 'Refuse' },
      /`onConflict` must be 'merge'/,
    ],
    [
      'a misspelt word in hashKeys',
      { store: memoryStore(), hashKeys: { acceptplain: true } },
      /`hashKeys` must be/,
    ],
    ["a property of Koa's own", { property: 'body' }, /`property`.*`body`.*another name/],
  ];
  for (const [what, options, message] of impossible) {
    test(what, () => assertMistake(options, message));
  }
});

test('a default that is spelt out needs no store', () => {
  const spelt = {
    hashKeys: false,
    onConflict: 'merge',
    onStoreFailure: 'throw',
    sessionTtl: 86_400_000,
  } as const;
  assert.doesNotThrow(() => session(bareApp(), spelt));
});

test('a prefix is not checked where no cookie gets it', () => {
  const prefix = 'schlüssel:';
  const externalKey = { get: () => undefined, set() {} };
  for (const options of [{}, { store, externalKey }, { store, genid: () => 'key' }]) {
    assert.doesNotThrow(() => session(bareApp(), { prefix, ...options }));
  }
});

test('options that are no object fail', () => {
  for (const options of ['key', 1, true, []]) assertMistake(options as object, /must be an object/);
});

function assertMistake(options: object, message: RegExp, hint = ''): void {
  assert.throws(
    () => session(bareApp(), options),
    (error: SessionError) => {
      assert.ok(error instanceof SessionOptionsError && error instanceof SessionError, `${hint}: ${error}`);
      assert.equal(error.code, 'ERR_SESSION_OPTIONS');
      assert.match(error.message, message);
      return true;
    },
    `${hint} is taken`,
  );
}
