import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Keygrip from 'keygrip';
import type Koa from 'koa';
import { bareApp } from '../harness/app.js';
import { inside } from '../harness/inside.js';
import { contextOf, touchedContextOf } from './context.js';

interface Keys {
  sign(data: string): string;
}
const { cookiesIn, firstCookie, isSigning, isUntouched, keysOfApp } = await inside<{
  cookiesIn(ctx: Koa.Context): Iterable<[string, string]>;
  firstCookie(req: Koa.Context['req'], name: string): string | undefined;
  isSigning(keys: unknown): boolean;
  isUntouched(ctx: Koa.Context): boolean;
  keysOfApp(ctx: Koa.Context): Keys | undefined;
}>('credential/stock-cookies');

describe('the `ctx.cookies` that Koa will make', () => {
  test('is known until somebody asks for it', () => {
    const app = bareApp();
    const ctx = contextOf(app);
    assert.deepEqual([isUntouched(ctx), isUntouched(ctx)], [true, true]);
    assert.ok(ctx.cookies);
    assert.equal(isUntouched(ctx), false);
    assert.equal(isUntouched(contextOf(app)), true, 'of another request it is known still');
  });

  test('is not known where something stands in its place', () => {
    const cookies = { get: () => undefined, set: () => {} };
    const [assigned, defined] = [contextOf(bareApp()), contextOf(bareApp())];
    assigned.cookies = cookies as never;
    Object.defineProperty(defined, 'cookies', { value: cookies });
    const app = bareApp();
    Object.defineProperty(app.context, 'cookies', { get: () => cookies, configurable: true });
    for (const ctx of [assigned, defined, contextOf(app)]) assert.equal(isUntouched(ctx), false);
  });

  for (const [what, getter] of Object.entries({
    'is no getter': undefined,
    'fails where there is no request': () => {
      throw new Error('no request');
    },
    'is kept nowhere': () => ({}),
    'is kept beside something else': function keep(this: Record<symbol, unknown>) {
      const cookies = {};
      this[Symbol('cookies')] = cookies;
      this[Symbol('other')] = 1;
      return cookies;
    },
    'is another than what is kept': function keep(this: Record<symbol, unknown>) {
      this[Symbol('cookies')] = {};
      return {};
    },
  } as Record<string, (() => unknown) | undefined>)) {
    test(`is not known of a framework where it ${what}`, () => {
      const app = bareApp();
      const base = Object.create(Object.prototype, { cookies: getter ? { get: getter } : { value: {} } });
      const context = Object.create(base);
      assert.equal(isUntouched({ app: { ...app, context }, req: {} } as never), false);
    });
  }

  test('is not known of a framework that has none', () => {
    const context = Object.create({});
    assert.equal(isUntouched({ app: { context } } as never), false);
  });

  test('is known of a framework that keeps it as Koa does', () => {
    const slot = Symbol('cookies');
    const base = {
      get cookies() {
        const own = this as unknown as Record<symbol, unknown>;
        own[slot] ??= {};
        return own[slot];
      },
    };
    const app = { context: Object.create(base) };
    assert.equal(isUntouched(Object.create(app.context, { app: { value: app } })), true);
  });
});

test('the keys of an app are a list of texts, or what can sign and verify', () => {
  const app = bareApp();
  const keysFor = (keys: unknown): Keys | undefined => {
    (app as { keys: unknown }).keys = keys;
    return keysOfApp(contextOf(app));
  };
  assert.equal(keysFor(['secret'])?.sign('text'), new Keygrip(['secret']).sign('text'));
  const keygrip = new Keygrip(['secret']);
  assert.equal(keysFor(keygrip), keygrip);
  for (const keys of [undefined, null, [], [Buffer.from('key')], 'secret', { sign: () => '' }])
    assert.equal(keysFor(keys), undefined);
  assert.ok(isSigning({ sign: () => '', verify: () => false }));
  for (const keys of [
    undefined,
    null,
    'text',
    {},
    { sign: () => '' },
    { verify: () => true },
    { sign: 1, verify: 1 },
    { sign: () => '', verify: () => true },
    { sign: () => '', verify: () => -1 },
    { sign: () => '', verify: () => Promise.reject(new Error('down')) },
    {
      sign: () => '',
      verify: () => {
        throw new Error('down');
      },
    },
  ])
    assert.equal(isSigning(keys), false);
});

describe('the first cookie of a name', () => {
  for (const [header, value] of [
    ['a=1', '1'],
    ['a=1; a=2', '1'],
    ['b=2;a=1', '1'],
    ['b=2;   a=1; c=3', '1'],
    ['  a=1', '1'],
    ['xa=2; a=1', '1'],
    ['a.b=2; a=1', '1'],
    ['a=a=b', 'a=b'],
    ['b=a=5; a=1', '1'],
    ['a="quoted"', 'quoted'],
    ['a="quoted"; b=1', 'quoted'],
    ['a="open', 'ope'],
    ['a=close"', 'close"'],
    ['a=', undefined],
    ['a=; a=2', undefined],
    ['a', undefined],
    ['xa=1', undefined],
    ['b=1', undefined],
    ['b a=1', undefined],
    ['b=1,a=1', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    test(`in '${header}' is ${value}`, () => {
      const ctx = contextOf(bareApp(), header);
      assert.equal(firstCookie(ctx.req, 'a') || undefined, value);
      assert.equal(ctx.cookies.get('a') || undefined, value);
    });
  }
});

for (const [header, cookies] of [
  [
    'a=1; b=2;c=3',
    [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ],
  ],
  [
    'a=1; a=2',
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  [
    '  a=1;b; =5;c=; d =6; \ta=7;\u00a0a=8;e= 9 ',
    [
      ['a', '1'],
      ['', '5'],
      ['c', ''],
      ['d ', '6'],
      ['\ta', '7'],
      ['\u00a0a', '8'],
      ['e', ' 9 '],
    ],
  ],
  [
    'a="1"; b=x"1"',
    [
      ['a', '1'],
      ['b', 'x"1"'],
    ],
  ],
  ['a=b=c', [['a', 'b=c']]],
  ['a b=1', [['a b', '1']]],
  ['', []],
  [undefined, []],
] as const) {
  test(`the cookies in '${header}', in their order`, () => {
    assert.deepEqual([...cookiesIn(touchedContextOf(bareApp(), header))], cookies);
  });
}

test('keys that cannot sign say nothing of others of their class', () => {
  class Keys {
    readonly key: string | undefined;
    constructor(key?: string) {
      this.key = key;
    }
    sign(): string {
      return '';
    }
    verify(): boolean {
      if (this.key === undefined) throw new Error('no key');
      return false;
    }
  }
  assert.equal(isSigning(new Keys()), false);
  assert.equal(isSigning(new Keys('secret')), true);
});
