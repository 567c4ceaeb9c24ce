import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Keygrip from 'keygrip';
import { generateKey, type SessionError, sealed } from 'sojourn';
import { appWith, bareApp, type Ctx, errorsOf, eventsOf, type Routes, SECRET } from '../harness/app.js';
import { type Answer, type Browser, serve } from '../harness/browser.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { plainText, recordIn, signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { COOKIE_KINDS, MINUTE, site, type Times } from './kinds.js';

const IDLE = { idleTimeout: 10 * MINUTE } as const;

const namesOf = ({ cookies }: Answer): string[] => cookies.map(({ name }) => name).sort();

/** The value of a cookie that the browser has. */
function valueIn(browser: Browser, name: string): string {
  return browser.cookies.get(name)?.value ?? '';
}

for (const [where, options] of COOKIE_KINDS) {
  const isSigned = !where.includes('sealed');
  const stampNames = isSigned ? ['koa.sess.at', 'koa.sess.at.sig'] : ['koa.sess.at'];
  const sessionNames = isSigned ? ['koa.sess', 'koa.sess.sig'] : ['koa.sess'];

  describe(`${where} with an idle deadline`, () => {
    test('is not sent again by a read: a small cookie tells of the use, with the same attributes', async t => {
      const clock = stoppedClock(t);
      const attributes = { path: '/', sameSite: 'lax', domain: '127.0.0.1' } as const;
      const browser = await visit(t, { ...options(), ...IDLE, ...attributes }, site);
      const first = await browser.get('login');
      assert.deepEqual(namesOf(first), sessionNames, 'a save tells its own time');
      clock.advance(MINUTE - 1);
      assert.deepEqual(namesOf(await browser.get()), []);
      clock.advance(1);
      const read = await browser.get();
      assert.deepEqual(namesOf(read), stampNames);
      for (const { attributes, expiresAt } of read.cookies) {
        assert.deepEqual(attributes, first.cookies[0]?.attributes, 'and as long as the session itself');
        assert.equal(expiresAt, first.cookies[0]?.expiresAt);
      }
      assert.ok(read.cookies[0] && read.cookies[0].value.length < 120, 'it is small');
      assert.equal(read.headers.get('cache-control'), 'private, no-store');
      assert.deepEqual(namesOf(await browser.get()), [], 'once is enough');
    });

    test('is cleared together with its stamp, and a session that begins has a handle of its own', async t => {
      const clock = stoppedClock(t);
      const browser = await visit(
        t,
        { ...options(), ...IDLE },
        { ...site, handle: ctx => ctx.sessionInfo.handle },
      );
      await browser.get('login');
      const handle = (await browser.get('handle')).body;
      assert.match(handle, /^[\w-]{22}$/);
      clock.advance(MINUTE);
      await browser.get();
      await browser.get('write?page=1');
      assert.equal((await browser.get('handle')).body, handle);
      const logout = await browser.get('logout');
      assert.deepEqual(namesOf(logout), [...sessionNames, ...stampNames].sort());
      assert.ok(logout.cookies.every(({ expiresAt }) => expiresAt === 0));
      await browser.get('login');
      assert.notEqual((await browser.get('handle')).body, handle);
    });

    test('is not kept alive by a stamp that is missing, forged or of another session', async t => {
      const clock = stoppedClock(t);
      const routes: Routes = { ...site, handle: ctx => ctx.sessionInfo.handle };
      const browser = await visit(t, { ...options(), ...IDLE }, routes);
      const other = browser.stranger();
      await browser.get('login');
      await other.get('login');
      clock.advance(9 * MINUTE);
      await browser.get();
      await other.get();
      clock.advance(9 * MINUTE);
      const session = sessionNames.map(name => `${name}=${valueIn(browser, name)}`).join('; ');
      const stampOf = (from: Browser) => stampNames.map(name => `${name}=${valueIn(from, name)}`).join('; ');
      const at = valueIn(browser, 'koa.sess.at');
      const unsigned = `1.${clock.now().toString(36)}.${(await browser.copy().get('handle')).body}`;
      const others = {
        missing: '',
        'of another session': stampOf(other),
        'without a signature': `koa.sess.at=${at.startsWith('1.') ? at : unsigned}`,
        'of the right text, and of another key': signedPair(unsigned, { name: 'koa.sess.at', key: 'x' }),
        altered: stampOf(browser).replace(at, `${at.slice(0, 3)}${at[3] === 'z' ? 'y' : 'z'}${at.slice(4)}`),
        'the session itself': session.replaceAll('koa.sess', 'koa.sess.at'),
        'no text of ours': 'koa.sess.at=%00; koa.sess.at.sig=x',
      };
      for (const [what, stamp] of Object.entries(others)) {
        const { body, status } = await browser.stranger().get('why', { cookie: `${session}; ${stamp}` });
        assert.deepEqual([what, status, body], [what, 200, '{"user":null,"ended":"idle"}']);
      }
      assert.equal(
        (await browser.get('', { cookie: `${session}; ${stampOf(browser)}` })).body,
        '{"user":"ann"}',
      );
    });

    test('counts the latest of several stamps of its own', async t => {
      const clock = stoppedClock(t);
      const browser = await visit(t, { ...options(), ...IDLE }, site);
      await browser.get('login');
      const stamps: string[] = [];
      const usedAt: number[] = [];
      for (let turn = 0; turn < 2; turn++) {
        clock.advance(5 * MINUTE);
        await browser.get();
        usedAt.push(clock.now());
        stamps.push(stampNames.map(name => `${name}=${valueIn(browser, name)}`).join('; '));
      }
      const session = sessionNames.map(name => `${name}=${valueIn(browser, name)}`).join('; ');
      for (const order of [stamps, [...stamps].reverse()]) {
        const cookie = [session, ...order].join('; ');
        const { lastSeenAt } = (await browser.stranger().get('times', { cookie })).json as Times;
        assert.equal(lastSeenAt, usedAt[1]);
      }
    });

    test('is sent by `rolling`, by `renew` and by a save, which tell of the use themselves', async t => {
      const clock = stoppedClock(t);
      const rolling = await visit(t, { ...options(), ...IDLE, rolling: true }, site);
      await rolling.get('login');
      clock.advance(9 * MINUTE);
      assert.deepEqual(namesOf(await rolling.get()), sessionNames);
      clock.advance(9 * MINUTE);
      assert.deepEqual(namesOf(await rolling.get('write?page=1')), sessionNames);
      clock.advance(9 * MINUTE);
      assert.equal((await rolling.get()).body, '{"user":"ann"}');
    });

    test('has its use recorded by `touch()`, and is not sent by it', async t => {
      const clock = stoppedClock(t);
      const browser = await visit(t, { ...options(), ...IDLE }, site);
      await browser.get('login');
      clock.advance(1);
      assert.deepEqual(namesOf(await browser.get('touch')), stampNames);
      const { lastSeenAt } = (await browser.get('times')).json as Times;
      assert.equal(lastSeenAt, clock.now());
    });
  });
}

test('a session that takes several cookies has one stamp, and no read sends any of them again', async t => {
  const clock = stoppedClock(t);
  const routes: Routes = {
    ...site,
    grow: ctx => {
      ctx.session.text = 'x'.repeat(4500);
    },
  };
  const browser = await visit(t, { ...IDLE, oversize: 'chunk' }, routes);
  await browser.get('login');
  assert.ok((await browser.get('grow')).cookie('koa.sess.1'));
  for (let turn = 0; turn < 3; turn++) {
    clock.advance(9 * MINUTE);
    const answer = await browser.get();
    assert.deepEqual([answer.body, namesOf(answer)], ['{"user":"ann"}', ['koa.sess.at', 'koa.sess.at.sig']]);
  }
  assert.ok(namesOf(await browser.get('logout')).includes('koa.sess.at'));
});

test('`renew` sends a cookie session by its own lifetime, and not by an idle deadline that always is near', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { ...IDLE, renew: true, maxAge: 60 * MINUTE }, site);
  await browser.get('login');
  for (let minute = 8; minute <= 24; minute += 8) {
    clock.advance(8 * MINUTE);
    assert.equal((await browser.get()).cookie(), undefined, `after ${minute} minutes`);
  }
  clock.advance(8 * MINUTE);
  assert.equal((await browser.get()).cookie()?.expiresAt, clock.now() + 60 * MINUTE);
});

test('`rolling` goes by `touchAfter` where that is given', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { ...IDLE, rolling: true, touchAfter: 2 * MINUTE }, site);
  await browser.get('login');
  clock.advance(2 * MINUTE - 1);
  assert.deepEqual(namesOf(await browser.get()), []);
  clock.advance(1);
  assert.deepEqual(namesOf(await browser.get()), ['koa.sess', 'koa.sess.sig']);
});

test('a use that was recorded by a stamp alone is none that `rolling` goes by', async t => {
  const clock = stoppedClock(t);
  const options = { ...IDLE, rolling: true, touchAfter: 2 * MINUTE };
  const poll = (ctx: Ctx) => {
    ctx.sessionOptions.rolling = false;
    return ctx.session.user;
  };
  const browser = await visit(t, options, { ...site, poll });
  await browser.get('login');
  clock.advance(3 * MINUTE);
  assert.deepEqual(namesOf(await browser.get('poll')), ['koa.sess.at', 'koa.sess.at.sig']);
  clock.advance(MINUTE);
  assert.deepEqual(namesOf(await browser.get()), ['koa.sess', 'koa.sess.sig']);
});

test('what a cookie keeps for deadlines stands beside the data, and only what is asked for', async t => {
  const clock = stoppedClock(t);
  const kept = async (options: TestOptions) => {
    const browser = await visit(t, options, site);
    return recordIn((await browser.get('login')).cookie()?.value);
  };
  const now = clock.now();
  const plain = { user: 'ann', _expire: now + DAY, _maxAge: DAY };
  assert.deepEqual(await kept({ absoluteTimeout: 60 * MINUTE }), { ...plain, _created: now });
  const { _handle: handle, ...idle } = await kept(IDLE);
  assert.match(String(handle), /^[\w-]{22}$/);
  assert.deepEqual(idle, plain);
  const { _handle: own, ...lasting } = await kept({ ...IDLE, maxAge: 'session' });
  assert.ok(own);
  assert.deepEqual(lasting, { user: 'ann', _session: true, _seen: now });
});

test('a cookie that does not tell when it began is refused, and left alone', async t => {
  const clock = stoppedClock(t);
  const now = clock.now();
  for (const [option, reason] of [
    ['idleTimeout', 'idle'],
    ['absoluteTimeout', 'absolute'],
  ] as const) {
    const app = appWith(sojourn.createSession, { [option]: 10 * MINUTE }, site);
    const expired = eventsOf(app, 'session:expired');
    const browser = await serve(t, app);
    for (const record of [{ _session: true }, { _expire: now + DAY }, { _maxAge: DAY }, {}]) {
      const answer = await browser
        .stranger()
        .get('why', { cookie: signedRecord({ user: 'ann', ...record }) });
      assert.equal(answer.body, `{"user":null,"ended":"${reason}"}`);
      assert.deepEqual(answer.cookies, []);
    }
    assert.equal(expired.length, 4);
  }
});

test('bookkeeping of a wrong type makes a record no session, and is never data', async t => {
  const now = stoppedClock(t).now();
  for (const options of [{}, { ...IDLE, absoluteTimeout: DAY }]) {
    const browser = await visit(t, options, { ...site, show: ctx => ({ ...ctx.session }) });
    const own = { _created: now, _seen: now, _handle: 'abc' };
    const record = { user: 'ann', _expire: now + DAY, _maxAge: DAY };
    const show = async (fields: object) =>
      (await browser.stranger().get('show', { cookie: signedRecord({ ...record, ...fields }) })).body;
    assert.equal(await show(own), '{"user":"ann"}');
    for (const wrong of [
      { _created: '1' },
      { _created: null },
      { _seen: 1e300 },
      { _handle: 7 },
      { _handle: '' },
      { _handle: 'a"b' },
      { _handle: 'x'.repeat(65) },
    ]) {
      assert.equal(await show({ ...own, ...wrong }), '{}', JSON.stringify(wrong));
    }
  }
});

describe('deadlines of a cookie that anyone can make', () => {
  for (const name of ['idleTimeout', 'absoluteTimeout'] as const) {
    test(`fail at start, for \`${name}\``, () => {
      const start = (options: TestOptions) =>
        sojourn.createSession(bareApp(), { [name]: MINUTE, ...options });
      for (const codec of [{}, { encode: JSON.stringify, decode: JSON.parse }]) {
        assert.throws(
          () => start({ signed: false, ...codec } as never),
          (error: SessionError) => {
            assert.equal(error.code, 'ERR_SESSION_OPTIONS');
            assert.match(error.message, new RegExp(`^option \`${name}\` .*\`signed\`.*sealed\\(keys\\)`));
            return true;
          },
        );
      }
      assert.doesNotThrow(() => start({}));
      assert.doesNotThrow(() => start({ ...sealed(generateKey()), signed: false }));
    });
  }
});

test('an app that goes from signed to sealed cookies loses no stamp', async t => {
  const clock = stoppedClock(t);
  const signed = await visit(t, IDLE, site);
  await signed.get('login');
  clock.advance(9 * MINUTE);
  await signed.get();
  const codec = sealed(generateKey(), { acceptPlain: true });
  const browser = await visit(t, { ...IDLE, ...codec }, site);
  for (const [name, cookie] of signed.cookies) browser.cookies.set(name, cookie);
  clock.advance(9 * MINUTE);
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  clock.advance(9 * MINUTE);
  assert.equal((await browser.get()).body, '{"user":"ann"}', 'by the stamp that was sealed');
  browser.cookies.delete('koa.sess.at');
  assert.equal((await browser.get('why')).body, '{"user":null,"ended":"idle"}');
});

test('an unsigned stamp beside a sealed cookie is absent, also where plain cookies are taken', async t => {
  const clock = stoppedClock(t);
  const codec = sealed(generateKey(), { acceptPlain: true });
  const handle = { ...site, handle: (ctx: { sessionInfo: { handle?: string } }) => ctx.sessionInfo.handle };
  const browser = await visit(t, { ...IDLE, ...codec }, handle as typeof site);
  await browser.get('login');
  const name = (await browser.get('handle')).body;
  clock.advance(10 * MINUTE);
  const stamp = `1.${clock.now().toString(36)}.${name}`;
  const session = `koa.sess=${valueIn(browser, 'koa.sess')}`;
  for (const [signature, user] of [
    ['', 'null'],
    [`; koa.sess.at.sig=${new Keygrip([SECRET]).sign(`koa.sess.at=${stamp}`)}`, '"ann"'],
  ]) {
    const cookie = `${session}; koa.sess.at=${stamp}${signature}`;
    assert.equal((await browser.stranger().get('', { cookie })).body, `{"user":${user}}`);
  }
});

test('an error of the app does not keep the stamp from the client', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, IDLE, {
    ...site,
    fail: ctx => {
      void ctx.session.user;
      throw new Error('a mishap');
    },
  });
  await browser.get('login');
  clock.advance(MINUTE);
  const answer = await browser.get('fail');
  assert.equal(answer.status, 500);
  assert.deepEqual(namesOf(answer), ['koa.sess.at', 'koa.sess.at.sig']);
});

test('a request that does not look at its session is no use of it', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, IDLE, { ...site, 'style.css': () => 'a style sheet' });
  await browser.get('login');
  clock.advance(9 * MINUTE);
  assert.deepEqual((await browser.get('style.css')).cookies, []);
  clock.advance(MINUTE);
  assert.equal((await browser.get('why')).body, '{"user":null,"ended":"idle"}');
});

test('a use while the body is being sent is not recorded, and fails nothing', async t => {
  const clock = stoppedClock(t);
  const app = appWith(sojourn.createSession, IDLE, {
    ...site,
    early: ctx => {
      ctx.status = 200;
      ctx.flushHeaders();
      void ctx.session.user;
      ctx.body = 'early';
    },
  });
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  await browser.get('login');
  clock.advance(MINUTE);
  const answer = await browser.get('early');
  assert.deepEqual([answer.status, answer.cookies, errors], [200, [], []]);
});

test('with `lazy` and an asynchronous `decode` deadlines and stamps are the same', async t => {
  const clock = stoppedClock(t);
  const decode = async (text: string) => recordIn(text);
  const options: TestOptions = { ...IDLE, lazy: true, encode: record => plainText(record), decode };
  const browser = await visit(t, options, {
    login: async ctx => {
      (await ctx.loadSession()).user = 'ann';
    },
    '': async ctx => ({ user: (await ctx.loadSession()).user ?? null }),
  });
  await browser.get('login');
  for (let turn = 0; turn < 3; turn++) {
    clock.advance(9 * MINUTE);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
  clock.advance(10 * MINUTE);
  assert.equal((await browser.get()).body, '{"user":null}');
});

test("the stamp's own text bears a version, and one of another version is absent", async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, IDLE, site);
  await browser.get('login');
  clock.advance(9 * MINUTE);
  await browser.get();
  const value = valueIn(browser, 'koa.sess.at');
  assert.match(value, /^1\.[0-9a-z]+\.[\w-]{22}$/);
  clock.advance(9 * MINUTE);
  const session = signedPair(valueIn(browser, 'koa.sess'));
  const visitWith = async (stamp: string) =>
    (
      await browser
        .stranger()
        .get('', { cookie: `${session}; ${signedPair(stamp, { name: 'koa.sess.at' })}` })
    ).body;
  assert.equal(await visitWith(value), '{"user":"ann"}');
  assert.equal(await visitWith(value.replace(/^1/, '2')), '{"user":null}');
});
