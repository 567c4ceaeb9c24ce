import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateKey, SessionOptionsError, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { type TestOptions, visit } from '../harness/visit.js';

const KEY = generateKey();
const site: Routes = { ...account, read: ctx => ({ user: ctx.session.user ?? null }) };

test('what is sealed opens again, whatever JSON it is', () => {
  const codec = sealed(KEY);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (record, name) => {
      const text = codec.encode(record, { name });
      assert.match(text, /^[\w-]+$/);
      assert.deepEqual(codec.decode(text, { name }), JSON.parse(JSON.stringify(record)));
    }),
  );
});

test('one byte changed, added or cut anywhere, and a sealed text does not open', () => {
  const codec = sealed(KEY);
  const text = codec.encode({ user: 'ann' }, { name: 'a' });
  const opens = (other: string): boolean => {
    try {
      codec.decode(other, { name: 'a' });
      return true;
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
      return false;
    }
  };
  assert.equal(opens(text), true);
  for (let at = 0; at <= text.length; at++) {
    for (const character of ['A', 'B', '_', '=', ' ', '.']) {
      if (text[at] !== character) {
        assert.equal(
          opens(text.slice(0, at) + character + text.slice(at + 1)),
          false,
          `another ${character} at ${at}`,
        );
      }
      assert.equal(
        opens(text.slice(0, at) + character + text.slice(at)),
        false,
        `one more ${character} at ${at}`,
      );
    }
    if (at < text.length) assert.equal(opens(text.slice(0, at) + text.slice(at + 1)), false, `without ${at}`);
  }
});

test('a text that was sealed for one name does not open under another', () => {
  const codec = sealed(KEY);
  const text = codec.encode({ user: 'ann' }, { name: 'one' });
  assert.throws(() => codec.decode(text, { name: 'two' }), SyntaxError);
});

for (const [what, keys] of Object.entries<never>({
  'a passphrase': 'correct horse battery staple' as never,
  'a key that is too short': Buffer.alloc(16) as never,
  'one key twice': [KEY, KEY] as never,
  'no key': [] as never,
  'nothing at all': undefined as never,
})) {
  test(`${what} is refused at start, and the message names the fix`, () => {
    assert.throws(
      () => sealed(keys),
      (error: Error) => {
        assert.ok(error instanceof SessionOptionsError);
        assert.match(error.message, /sealed\(keys\)/);
        assert.doesNotMatch(error.message, /horse/);
        return true;
      },
    );
  });
}

test('a sealed cookie shows nothing of its data, and needs neither keys nor a signature', async t => {
  const browser = await visit(t, { ...sealed(KEY) }, site);
  const answer = await browser.get('login');
  assert.deepEqual(
    answer.cookies.map(({ name }) => name),
    ['koa.sess'],
  );
  assert.doesNotMatch(Buffer.from(answer.cookie()?.value ?? '', 'base64url').toString('latin1'), /user|ann/);
  assert.equal((await browser.get('read')).body, '{"user":"ann"}');
});

test('a sealed cookie that was altered is a new session, and told as tampered', async t => {
  const app = appWith(sojourn.createSession, { ...sealed(KEY) }, site);
  const tampered = eventsOf(app, 'session:tampered');
  const browser = await serve(t, app);
  await browser.get('login');
  const cookie = `${browser.cookieHeader.slice(0, -2)}AA`;
  const answer = await browser.get('read', { cookie });
  assert.deepEqual([answer.status, answer.body, answer.cookies], [200, '{"user":null}', []]);
  assert.equal(tampered.length, 1);
});

test('whichever character of a sealed cookie is changed, added or cut, it is told as tampered', async t => {
  const app = appWith(sojourn.createSession, { ...sealed(KEY) }, site);
  const tampered = eventsOf(app, 'session:tampered');
  const browser = await serve(t, app);
  await browser.get('login');
  const cookie = browser.cookieHeader;
  const start = cookie.indexOf('=') + 1;
  const altered = [0, 1, 2, 8, 40].flatMap(at => {
    const [head, rest] = [cookie.slice(0, start + at), cookie.slice(start + at)];
    return [head + (rest[0] === 'x' ? 'y' : 'x') + rest.slice(1), `${head}x${rest}`, head + rest.slice(1)];
  });
  for (const [index, text] of altered.entries()) {
    assert.equal((await browser.get('read', { cookie: text })).body, '{"user":null}', text);
    assert.equal(tampered.length, index + 1, text);
  }
});

test('after a key rotation nobody is logged out, and the next response seals anew', async t => {
  const [older, newer] = [generateKey(), generateKey()];
  const before = await visit(t, { ...sealed(older) }, site);
  await before.get('login');
  const both = await visit(t, { ...sealed([newer, older]) }, site);
  const answer = await both.get('read', { cookie: before.cookieHeader });
  assert.equal(answer.body, '{"user":"ann"}');
  const after = await visit(t, { ...sealed(newer) }, site);
  assert.equal((await after.get('read', { cookie: both.cookieHeader })).body, '{"user":"ann"}');
  assert.deepEqual((await both.get('read')).cookies, [], 'and once is enough');
  assert.equal((await after.get('read', { cookie: before.cookieHeader })).body, '{"user":null}');
});

test('`acceptPlain` takes plain cookies that are rightly signed, until their next save', async t => {
  const plain = await visit(t, {}, site);
  await plain.get('login');
  const sealing = await visit(t, { ...sealed(KEY, { acceptPlain: true }) }, { ...site, change });
  const cookie = plain.cookieHeader;
  assert.equal((await sealing.get('read', { cookie })).body, '{"user":"ann"}');
  assert.equal(
    (await sealing.get('read', { cookie: cookie.replace(/; .*/, '') })).body,
    '{"user":null}',
    'unsigned',
  );
  assert.match((await sealing.get('change', { cookie })).cookie()?.value ?? '', /^A[Q-Za-f]/);
  const strict = await visit(t, { ...sealed(KEY) }, site);
  assert.equal((await strict.get('read', { cookie: sealing.cookieHeader })).body, '{"user":"ann"}');
  assert.equal((await strict.get('read', { cookie })).body, '{"user":null}');
});

for (const keys of [[''], ['good', ''], [undefined], [], 'text']) {
  test(`\`acceptPlain\` is refused with keys that sign nothing: ${JSON.stringify(keys)}`, async t => {
    const app = Object.assign(appWith(sojourn.createSession, sealed(KEY, { acceptPlain: true }), site), {
      keys,
    });
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('read')).status, 500);
    assert.match(String(errors[0]), /SessionOptionsError: option `signed`: .*`app\.keys/);
  });
}

test('`acceptPlain` without any keys takes sealed cookies alone', async t => {
  const app = appWith(sojourn.createSession, sealed(KEY, { acceptPlain: true }), site);
  Object.assign(app, { keys: undefined });
  const browser = await serve(t, app);
  await browser.get('login');
  assert.equal((await browser.get('read')).body, '{"user":"ann"}');
  const forged = signedRecord({ user: 'ann' }, { key: '' });
  assert.equal((await browser.get('read', { cookie: forged })).body, '{"user":null}');
});

const change: Routes[string] = ctx => {
  ctx.session.seen = true;
};

test('a store with this codec holds nothing that can be read, or moved to another session', async t => {
  const store = memoryStore({ codec: sealed(KEY) });
  const kept: { data: string; handle: string }[] = [];
  const insert = store.insert.bind(store);
  Object.assign(store, {
    insert: (...args: Parameters<typeof insert>) => {
      kept.push(args[1]);
      return insert(...args);
    },
  } satisfies Partial<TestOptions['store']>);
  const browser = await visit(t, { store }, { ...site, change });
  await browser.get('login');
  await browser.get('change');
  assert.equal((await browser.get('read')).body, '{"user":"ann"}');
  const [session] = kept as [{ data: string; handle: string }];
  assert.doesNotMatch(Buffer.from(session.data, 'base64url').toString('latin1'), /user|ann/);
  assert.throws(() => sealed(KEY).decode(session.data, { name: 'another' }), SyntaxError);
});
