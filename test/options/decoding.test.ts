import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { signedPair } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { type TestOptions, visit } from '../harness/visit.js';

const hex: TestOptions = {
  encode: record => Buffer.from(JSON.stringify(record)).toString('hex'),
  decode: text => JSON.parse(Buffer.from(text, 'hex').toString()),
};

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
};

test("`encode` and `decode` make and read the cookie's text, and are told its name", async t => {
  const clock = stoppedClock(t);
  const names: string[] = [];
  const options: TestOptions = {
    key: 'app.sess',
    encode: (record, { name }) => {
      names.push(name);
      return hex.encode?.(record, { name }) ?? '';
    },
    decode: (text, { name }) => {
      names.push(name);
      return hex.decode?.(text, { name });
    },
  };
  const browser = await visit(t, options, site);
  const { value = '' } = (await browser.get('login')).cookie('app.sess') ?? {};
  const record = { user: 'ann', _expire: clock.now() + DAY, _maxAge: DAY };
  assert.deepEqual(JSON.parse(Buffer.from(value, 'hex').toString()), record);
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  assert.deepEqual(names, ['app.sess', 'app.sess']);
});

test('an `encode` alone goes with the usual `decode`, and the other way round', async t => {
  const { encode, decode } = {
    encode: (record: object) => `${Buffer.from(JSON.stringify(record)).toString('base64')}`,
    decode: (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()),
  };
  for (const options of [{ encode }, { decode }]) {
    const browser = await visit(t, options, site);
    await browser.get('login');
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
});

for (const [made, kind] of [
  [Promise.resolve('text'), 'a promise'],
  [{}, 'object'],
  [undefined, 'undefined'],
] as const) {
  test(`an \`encode\` that returns ${kind} is told so`, async t => {
    const app = appWith(sojourn.createSession, { encode: (() => made) as never }, site);
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('login')).status, 500);
    const told = `option \`encode\`: it must return a string, and returned ${kind}`;
    assert.equal(String(errors[0]), `TypeError: ${told}`);
  });
}

test('a session that is read and not changed is not encoded', async t => {
  let encoded = 0;
  const encode: TestOptions['encode'] = (record, context) => {
    encoded += 1;
    return hex.encode?.(record, context) ?? '';
  };
  const browser = await visit(t, { ...hex, encode }, site);
  await browser.get('login');
  await browser.get();
  assert.equal(encoded, 1);
});

test('a `decode` that throws a SyntaxError says that the text is no record: a new session, the cookie left alone', async t => {
  const browser = await visit(t, hex, site);
  const answer = await browser.get('', { cookie: signedPair('no-hex') });
  assert.equal(answer.body, '{"user":null}');
  assert.deepEqual(answer.cookies, []);
});

const failing: TestOptions = {
  ...hex,
  decode: () => {
    throw new RangeError('the key is gone');
  },
};

test("another error of `decode` is the request's, and takes the cookie with it, so that the next request works", async t => {
  const app = appWith(sojourn.createSession, failing, site);
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  const answer = await browser.get('', { cookie: signedPair('whatever') });
  assert.equal(answer.status, 500);
  assert.deepEqual(
    answer.cookies.map(({ name, expiresAt }) => [name, expiresAt]),
    [
      ['koa.sess', 0],
      ['koa.sess.sig', 0],
    ],
  );
  assert.match(String(errors[0]), /RangeError: the key is gone/);
  assert.ok(!('headers' in (errors[0] ?? {})), 'the error is left as it was');
});

test('`decode` does not run for a request that does without the session', async t => {
  const browser = await visit(t, failing, site);
  const answer = await browser.get('static', { cookie: signedPair('whatever') });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.cookies, []);
});

test('`decode` does not run on a cookie that was not signed', async t => {
  const browser = await visit(t, failing, site);
  assert.equal((await browser.get('', { cookie: 'koa.sess=forged' })).body, '{"user":null}');
});

test('an `encode` that throws fails the request, and sets no cookie', async t => {
  const encode = () => {
    throw new RangeError('no key');
  };
  const app = appWith(sojourn.createSession, { ...hex, encode }, site);
  const errors = errorsOf(app);
  const answer = await (await serve(t, app)).get('login');
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.cookies, []);
  assert.match(String(errors[0]), /RangeError: no key/);
});

for (const [what, text] of Object.entries({
  'a promise': Promise.resolve('a'),
  nothing: undefined,
  'a Buffer': Buffer.from('a'),
})) {
  test(`an \`encode\` that returns ${what} is told`, async t => {
    const app = appWith(sojourn.createSession, { ...hex, encode: () => text }, site);
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('login')).status, 500);
    assert.match(String(errors[0]), /`encode`.*string/);
  });
}

for (const [what, record] of Object.entries({
  nothing: undefined,
  null: null,
  text: 'ann',
  'a number': 1,
  'a list': ['ann'],
  'what is nested too deep': { user: JSON.parse(`${'['.repeat(5800)}${']'.repeat(5800)}`) },
})) {
  test(`a \`decode\` that returns ${what} makes no session`, async t => {
    const browser = await visit(t, { ...hex, decode: () => record }, { '': ctx => ctx.session.isNew });
    assert.equal((await browser.get('', { cookie: signedPair('text') })).body, 'true');
  });
}

test('a promise from `decode` where it cannot be awaited is told, with the mend', async t => {
  const app = appWith(sojourn.createSession, { ...hex, decode: async () => ({ user: 'ann' }) }, site);
  const errors = errorsOf(app);
  const answer = await (await serve(t, app)).get('', { cookie: signedPair('text') });
  assert.equal(answer.status, 500);
  assert.match(String(errors[0]), /`decode`.*`lazy: true`/);
});

test('with `lazy` an asynchronous `decode` is awaited', async t => {
  const decode = async (text: string) => hex.decode?.(text, { name: '' });
  const load: Routes = { ...site, '': async ctx => ({ user: (await ctx.loadSession()).user }) };
  const browser = await visit(t, { ...hex, decode, lazy: true }, load);
  const text = Buffer.from('{"user":"ann"}').toString('hex');
  assert.equal((await browser.get('', { cookie: signedPair(text) })).body, '{"user":"ann"}');
  assert.equal((await browser.get('', { cookie: signedPair('no-hex') })).status, 200);
});

test('what `valid` throws leaves the cookie alone: it may say yes to the next request', async t => {
  const valid = () => {
    throw new Error('the database is down');
  };
  const answer = await (await visit(t, { valid }, site)).get('', { cookie: signedPair('e30=') });
  assert.deepEqual([answer.status, answer.cookies], [500, []]);
});

test('a `decode` that fails once `ctx.sessionInfo` is asked is told by an event', async t => {
  const decode = () => {
    throw new Error('no key for it');
  };
  const app = appWith(sojourn.createSession, { ...hex, decode }, { '': ctx => ctx.sessionInfo.available });
  const told = eventsOf(app, 'session:error');
  const answer = await (await serve(t, app)).get('', { cookie: signedPair('text') });
  assert.equal(answer.status, 200);
  assert.match(String(told[0]?.error), /no key for it/);
});
