import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Cookies from 'cookies';
import Keygrip from 'keygrip';
import { bareApp, SECRET } from '../harness/app.js';
import { signedPair } from '../harness/cookies.js';
import { inside } from '../harness/inside.js';
import { contextOf, touchedContextOf } from './context.js';
import { type Credential, cookieCredential, type Signing, stampedCredential } from './credential.js';

const { cut } = await inside<{ cut(text: string, count: number): { value: string; chunks: string[] } }>(
  'credential/chunks',
);

const cookie = (signing: Signing, holdsData = false): Credential =>
  cookieCredential({ name: 's', signing, holdsData });
const signed = (value: string, key = SECRET): string => signedPair(value, { name: 's', key });
const signatureOf = (value: string, key = SECRET): string => new Keygrip([key]).sign(`s=${value}`);

const { isUntouched } = await inside<{ isUntouched(ctx: object): boolean }>('credential/stock-cookies');

const fresh = (value: string) => ({ value, isStale: false });
const stale = (value: string) => ({ value, isStale: true });
const onlyB: Signing = text => text === 'b';

/** An app with a newer key than the one that most of these cookies are signed with, if it has rotated. */
function appWithKeys(...keys: string[]): ReturnType<typeof bareApp> {
  const app = bareApp();
  app.keys = keys;
  return app;
}

for (const [how, ofRequest] of [
  ['before anybody asked for `ctx.cookies`', contextOf],
  ['after the app asked for `ctx.cookies`', touchedContextOf],
] as const) {
  describe(`a cookie that is read ${how}`, () => {
    const read = (header: string | undefined, signing: Signing = 'all', keys = [SECRET]) => {
      const ctx = ofRequest(appWithKeys(...keys), header);
      return [cookie(signing).read(ctx), cookie(signing).others(ctx)];
    };

    test('is absent, unless it has a value', () => {
      for (const header of [undefined, '', 'other=1', 's=', 's=; s.sig=x']) {
        assert.deepEqual(read(header), ['absent', []]);
        assert.deepEqual(read(header, 'none'), ['absent', []]);
      }
    });

    test('is authentic if it is rightly signed', () => {
      assert.deepEqual(read(signed('a')), [fresh('a'), []]);
      for (const header of [
        's=a',
        's=a; s.sig=',
        's=a; s.sig=x',
        `s=a; s.sig=${signatureOf('b')}`,
        signed('a', 'other'),
      ])
        assert.deepEqual(read(header), ['tampered', []], header);
    });

    test('is stale if an older key signed it', () => {
      assert.deepEqual(read(signed('a'), 'all', ['new', SECRET]), [stale('a'), []]);
      assert.deepEqual(read(signed('a', 'new'), 'all', ['new', SECRET]), [fresh('a'), []]);
    });

    test('needs no signature where none is asked for', () => {
      assert.deepEqual(read('s=a', 'none'), [fresh('a'), []]);
      assert.deepEqual(read('s=a', onlyB), [fresh('a'), []]);
      assert.deepEqual(read('s=b', onlyB), ['tampered', []]);
      assert.deepEqual(read(signed('b'), onlyB), [fresh('b'), []]);
    });

    test('is looked for among all of its name where the first is not authentic', () => {
      const header = `s=x; s=a; s=b; s.sig=${signatureOf('b')}`;
      assert.deepEqual(read(header), [fresh('b'), [fresh('b')]]);
      assert.deepEqual(read(`s=x; s=y; s.sig=${signatureOf('b')}`), ['tampered', []]);
    });

    test('has others beside it that are authentic, each with its own signature', () => {
      const header = `s=a; s=b; s=c; s.sig=x; s.sig=${signatureOf('b')}; s.sig=${signatureOf('a')}`;
      assert.deepEqual(read(header)[1], [fresh('a'), fresh('b')]);
      const rotated = `s=a; s=b; s.sig=${signatureOf('a', 'new')}; s.sig=${signatureOf('b')}`;
      assert.deepEqual(read(rotated, 'all', ['new', SECRET])[1], [fresh('a'), stale('b')]);
      assert.deepEqual(read('s=a; s=b; s=c', onlyB)[1], [fresh('a'), fresh('c')]);
      assert.deepEqual(read(`s=a; s.sig=x; s.sig=${signatureOf('a')}`), [fresh('a'), [fresh('a')]]);
    });

    test('is looked for in at most four cookies of one name', () => {
      assert.deepEqual(read('s=1; s=2; s=3; s=4; s=5', 'none')[1], ['1', '2', '3', '4'].map(fresh));
      assert.deepEqual(read('s=1; o=2; s=3', 'none')[1], ['1', '3'].map(fresh));
    });

    test('is put together of its chunks', () => {
      const { value, chunks } = cut('the whole text', 2);
      const [one, two] = chunks;
      const whole = `${signed(value)}; s.1=${one}; s.2=${two}`;
      const ctx = (header: string) => ofRequest(bareApp(), header);
      assert.deepEqual(cookie('all', true).read(ctx(whole)), fresh('the whole text'));
      assert.deepEqual(cookie('all').read(ctx(whole)), fresh(value));
      assert.equal(cookie('all', true).read(ctx(`${signed(value)}; s.1=${one}`)), 'tampered');
      assert.equal(cookie('all', true).read(ctx(`s=${value}; s.1=${one}; s.2=${two}`)), 'tampered');
      const after = `s=~1.2.${'A'.repeat(43)}; s=${value}; s.sig=${signatureOf(value)}; s.2=${two}; s.1=${one}`;
      assert.deepEqual(cookie('all', true).read(ctx(after)), fresh('the whole text'));
      const beside = `s.1=other~; s.2=${two}; s.1=${one}; ${signed(value)}; s.1=${one}x~`;
      assert.deepEqual(cookie('all', true).read(ctx(beside)), fresh('the whole text'));
    });
  });
}

test('a cookie is read without `ctx.cookies`, where nobody has asked for it', () => {
  for (const header of [signed('a'), 's=a; s.sig=x', `s=x; ${signed('b')}`, undefined]) {
    const ctx = contextOf(bareApp(), header);
    cookie('all', true).read(ctx);
    cookie('all', true).others(ctx);
    assert.ok(isUntouched(ctx), header);
  }
});

test('a cookie whose chunks are not all there is no candidate', () => {
  const { value } = cut('the whole text', 2);
  const header = `s=${value}; s=b; s.sig=${signatureOf(value)}; s.sig=${signatureOf('b')}`;
  const ctx = contextOf(bareApp(), header);
  assert.deepEqual(cookie('all', true).others(ctx), [fresh('b')]);
  assert.deepEqual(cookie('all', true).read(ctx), fresh('b'));
});

test('chunks are asked for where a `ctx.cookies` of the app’s own may have them under other names', () => {
  const { value, chunks } = cut('the whole text', 2);
  const asked: unknown[] = [];
  const kept: Record<string, string | undefined> = { s: value, 's.1': chunks[0], 's.2': chunks[1] };
  const ctx = contextOf(bareApp());
  ctx.cookies = {
    get: (name: string, { signed }: { signed: boolean }) => {
      asked.push([name, signed]);
      return kept[name];
    },
    set: () => {},
  } as never;
  assert.deepEqual(cookie('none', true).read(ctx), fresh('the whole text'));
  assert.deepEqual(asked, [
    ['s', false],
    ['s.1', false],
    ['s.2', false],
  ]);
});

describe('the keys that count', () => {
  test('are not asked about a signature that is empty', () => {
    const app = bareApp();
    app.keys = { sign: () => 'right', verify: (_: string, signature: string) => signature === '' } as never;
    assert.equal(cookie('all').read(contextOf(app, 's=a; s.sig=')), 'tampered');
    assert.equal(cookie('all').read(touchedContextOf(app, 's=a; s.sig=; s.sig=x')), 'tampered');
    assert.deepEqual(cookie('all').read(contextOf(app, 's=a; s.sig=right')), fresh('a'));
  });

  test('are those of a Keygrip, and of what signs as one', () => {
    const app = bareApp();
    app.keys = new Keygrip(['new', SECRET], 'sha256');
    const sha256 = new Keygrip([SECRET], 'sha256').sign('s=a');
    assert.deepEqual(cookie('all').read(contextOf(app, `s=a; s.sig=${sha256}`)), stale('a'));
    assert.equal(cookie('all').read(contextOf(app, signed('a'))), 'tampered');
  });

  test('are the request’s own, where it has some', () => {
    const ctx = contextOf(bareApp(), signed('a', 'its own'));
    Object.assign(ctx.cookies, { keys: new Keygrip(['its own']) });
    assert.deepEqual(cookie('all').read(ctx), fresh('a'));
  });

  test('are asked for where the request’s own `ctx.cookies` shows none', () => {
    const asked: unknown[] = [];
    const ask = (answer: string | undefined, own: object = {}) => {
      const ctx = contextOf(bareApp(), 's=a; s=b');
      ctx.cookies = {
        ...own,
        get: (name: string, options: { signed: boolean }) => {
          asked.push([name, options]);
          return options.signed ? answer : 'shown';
        },
        set: () => {},
      } as never;
      return [cookie('all').read(ctx), cookie('all').others(ctx)];
    };
    assert.deepEqual(ask('a'), [fresh('a'), []]);
    assert.deepEqual(asked, [
      ['s', { signed: false }],
      ['s', { signed: true }],
    ]);
    for (const answer of [undefined, '']) assert.deepEqual(ask(answer), ['tampered', []]);
    assert.deepEqual(ask('a', { keys: undefined }), ['tampered', []]);
    assert.deepEqual(ask('a', { keys: 'its own' }), [fresh('a'), []]);
  });

  test('are those of the app where Koa’s `ctx.cookies` would have them in another form', () => {
    const app = bareApp();
    app.keys = [SECRET];
    app.keys.push(Buffer.from('older') as never);
    assert.deepEqual(cookie('all').read(contextOf(app, signed('a'))), fresh('a'));
  });
});

test('a use is told by all cookies of the stamp that are authentic', () => {
  const stamped = stampedCredential(cookie('all'), 's.at', 'all');
  const stamp = (value: string, key = SECRET) => signedPair(value, { name: 's.at', key });
  const read = (header?: string) => stamped.stamp?.read(contextOf(bareApp(), header));
  assert.equal(stamped.stamp?.name, 's.at');
  assert.deepEqual(read(), []);
  assert.deepEqual(read('s.at=5'), []);
  assert.deepEqual(read(stamp('5')), ['5']);
  assert.ok(read(`${stamp('5')}; ${stamp('7')}`)?.includes('7'));
  assert.deepEqual(stamped.read(contextOf(bareApp(), signed('a'))), fresh('a'));
});

test('a cookie tells the names that it may set', () => {
  assert.deepEqual(cookie('all').cookieNames, ['s', 's.sig']);
  assert.ok(cookie('all').isCookie);
  const chunks = Array.from({ length: 20 }, (_, index) => `s.${index + 1}`);
  const whole = cookie('all', true);
  assert.deepEqual(whole.cookieNames, ['s', 's.sig', ...chunks]);
  assert.deepEqual(stampedCredential(whole, 's.at', 'none').cookieNames, [
    ...whole.cookieNames,
    's.at',
    's.at.sig',
  ]);
});

describe('a signed cookie needs keys', () => {
  const keyless = () => contextOf(Object.assign(bareApp(), { keys: undefined }), '');

  const mends = [
    [false, 'Set `app.keys = [secret]`, or `signed: false`'],
    [true, 'Set `app.keys = [secret]`: with `signed: false` anybody could make up a session'],
  ] as const;

  for (const [holdsData, mend] of mends) {
    test(`and says so at each request until it has some, holding data: ${holdsData}`, () => {
      const credential = cookie('all', holdsData);
      for (let i = 0; i < 2; i++)
        assert.throws(() => credential.requireUsable(keyless()), {
          code: 'ERR_SESSION_OPTIONS',
          message: `option \`signed\`: the session cookie is signed, and there are no keys. ${mend}`,
        });
      credential.requireUsable(contextOf(bareApp()));
      credential.requireUsable(keyless());
    });
  }

  for (const keys of [
    [],
    [''],
    [undefined],
    [null],
    ['a secret', ''],
    ['', 'a secret'],
    ['a secret', undefined],
  ]) {
    test(`none of which is empty: ${JSON.stringify(keys)}`, () => {
      const app = Object.assign(bareApp(), { keys });
      const message =
        'option `signed`: a key in `app.keys` is empty, or there is none. ' +
        'Set `app.keys = [secret]`, or `signed: false`';
      const refusal = { code: 'ERR_SESSION_OPTIONS', message };
      assert.throws(() => cookie('all').requireUsable(contextOf(app, '')), refusal);
      // From an empty list, Koa can make no `ctx.cookies`.
      if (keys.length === 0) return;
      assert.throws(() => cookie('all').requireUsable(touchedContextOf(app, '')), refusal);
      // The app may have seen to it itself.
      const good = keys.filter(key => Boolean(key)) as string[];
      const ctx = contextOf(app, '');
      ctx.cookies = new Cookies(ctx.req, ctx.res, { keys: good.length > 0 ? good : ['another'] });
      cookie('all').requireUsable(ctx);
    });
  }

  test('of whatever kind, none of which is empty', () => {
    const withKey = (key: string) => contextOf(Object.assign(bareApp(), { keys: [Buffer.from(key)] }), '');
    assert.doesNotThrow(() => cookie('all').requireUsable(withKey('key')));
    assert.throws(() => cookie('all').requireUsable(withKey('')), { code: 'ERR_SESSION_OPTIONS' });
  });

  test('also after a request with a `ctx.cookies` of its own, of which the keys are not known', () => {
    const app = Object.assign(bareApp(), { keys: [''] });
    const credential = cookie('all');
    const ctx = contextOf(app, '');
    ctx.cookies = { get: () => undefined, set: () => {} } as never;
    credential.requireUsable(ctx);
    assert.throws(() => credential.requireUsable(contextOf(app, '')), { code: 'ERR_SESSION_OPTIONS' });
  });

  test('but they are not looked at where nothing that the client sent is signed', () => {
    const ctx = contextOf(bareApp(), 's=a; s=b');
    const cookies = {
      get: () => 'a',
      set: () => {},
      get keys(): never {
        throw new Error('.keys required');
      },
    };
    ctx.cookies = cookies as never;
    assert.deepEqual(cookie('none').others(ctx), [fresh('a'), fresh('b')]);
  });

  test('but one that is not signed, or signed only where it is plain, does not', () => {
    for (const signing of ['none', onlyB] as const)
      assert.doesNotThrow(() => cookie(signing).requireUsable(keyless()));
  });

  test('none of which is empty, though it is signed only where it is plain', () => {
    const app = Object.assign(bareApp(), { keys: [''] });
    assert.throws(() => cookie(onlyB).requireUsable(contextOf(app, '')), {
      message:
        'option `signed`: a key in `app.keys` is empty, or there is none. ' +
        'Set `app.keys = [secret]`, or leave it out: then no plain cookie is accepted',
    });
    const ctx = contextOf(bareApp(), '');
    ctx.cookies = { get: () => undefined, set: () => {}, keys: undefined } as never;
    assert.doesNotThrow(() => cookie(onlyB).requireUsable(ctx));
  });

  test('which a `ctx.cookies` of the app’s own is believed to have', () => {
    const ctx = keyless();
    ctx.cookies = { get: () => undefined, set: () => {} } as never;
    assert.doesNotThrow(() => cookie('all').requireUsable(ctx));
  });
});
