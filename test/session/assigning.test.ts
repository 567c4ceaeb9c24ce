import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { account, type Routes } from '../harness/app.js';
import { HOUR, stoppedClock } from '../harness/clock.js';
import { recordIn, signedRecord } from '../harness/cookies.js';
import { PLACES } from '../harness/places.js';
import { RecordStore } from '../harness/record-store.js';
import { visit } from '../harness/visit.js';

const site: Routes = {
  ...account,
  replace: ctx => {
    ctx.session = { name: 'bob' };
  },
  nested: ctx => {
    (ctx.session.cart as { items: number }).items += 1;
  },
  empty: ctx => {
    delete ctx.session.user;
  },
  'replace-by-nothing': ctx => {
    ctx.session = {};
  },
  'empty-and-save': async ctx => {
    delete ctx.session.user;
    await ctx.session.save();
  },
  'empty-with-lifetime': ctx => {
    delete ctx.session.user;
    ctx.session.maxAge = HOUR;
  },
  'begin-and-empty': ctx => {
    ctx.session.user = 'ann';
    delete ctx.session.user;
  },
  show: ctx => JSON.stringify(ctx.session),
};

for (const [where, place] of Object.entries(PLACES)) {
  describe(where, () => {
    test('an object that is assigned replaces all data', async t => {
      const [options, cookie] = place({ user: 'ann' });
      const browser = await visit(t, options, site);
      await browser.get('replace', { cookie });
      const own = browser.cookieHeader || cookie;
      assert.equal((await browser.get('show', { cookie: own })).body, '{"name":"bob"}');
    });

    test('a change deep in the data is a change', async t => {
      const [options, cookie] = place({ cart: { items: 1 } });
      const browser = await visit(t, options, site);
      await browser.get('nested', { cookie });
      const own = browser.cookieHeader || cookie;
      assert.equal((await browser.get('show', { cookie: own })).body, '{"cart":{"items":2}}');
    });

    for (const path of ['empty', 'replace-by-nothing']) {
      test(`all data gone (${path}), the session is ended`, async t => {
        const [options, cookie] = place({ user: 'ann' });
        const browser = await visit(t, options, site);
        assert.equal((await browser.get(path, { cookie })).cookie()?.expiresAt, 0);
        assert.deepEqual((options.store as RecordStore | undefined)?.keys ?? [], []);
      });
    }

    for (const path of ['empty-and-save', 'empty-with-lifetime']) {
      test(`all data gone, the session stays where the app asked for that (${path})`, async t => {
        const [options, cookie] = place({ user: 'ann' });
        const browser = await visit(t, options, site);
        assert.ok(Number((await browser.get(path, { cookie })).cookie()?.expiresAt) > Date.now());
        assert.equal((await browser.get('show')).body, '{}');
      });
    }

    test('a session that begins and is emptied in one request never was', async t => {
      const [options] = place({});
      const browser = await visit(t, options, site);
      assert.deepEqual((await browser.get('begin-and-empty')).cookies, []);
    });

    test('an empty session that exists stays when it is read', async t => {
      const [options, cookie] = place({});
      const browser = await visit(t, options, site);
      assert.deepEqual((await browser.get('show', { cookie })).cookies, []);
    });

    test('a logout ends it: the cookie and its signature are cleared', async t => {
      const [options, cookie] = place({ user: 'ann' });
      const browser = await visit(t, options, site);
      const { cookies } = await browser.get('logout', { cookie });
      assert.deepEqual(
        cookies.map(({ name, expiresAt }) => [name, expiresAt]),
        [
          ['koa.sess', 0],
          ['koa.sess.sig', 0],
        ],
      );
      assert.deepEqual((options.store as RecordStore | undefined)?.keys ?? [], []);
    });

    test('after `null` the session is null, and another may begin', async t => {
      const [options, cookie] = place({ user: 'ann' });
      const browser = await visit(t, options, {
        ...site,
        '': ctx => {
          ctx.session = null;
          const ended = ctx.session;
          ctx.session = { user: 'bob' };
          return { ended, isNew: ctx.session.isNew };
        },
      });
      const answer = await browser.get('', { cookie });
      assert.equal(answer.body, '{"ended":null,"isNew":false}');
      assert.equal((await browser.get('show')).body, '{"user":"bob"}');
    });

    for (const value of [
      'text',
      7,
      true,
      undefined,
      ['ann'],
      () => {},
      Symbol('s'),
      new Date(0),
      new Map(),
    ]) {
      test(`${String(value) || '[]'} cannot be assigned`, async t => {
        const [options, cookie] = place({ user: 'ann' });
        const browser = await visit(t, options, {
          '': ctx => {
            assert.throws(() => Object.assign(ctx, { session: value }), {
              name: 'TypeError',
              message: /object.*null/,
            });
            return ctx.session.user;
          },
        });
        const answer = await browser.get('', { cookie });
        assert.deepEqual([answer.body, answer.cookies], ['ann', []]);
      });
    }

    test('an own lifetime in an assigned object is the lifetime, and no data', async t => {
      const clock = stoppedClock(t);
      const [options] = place({});
      const browser = await visit(t, options, {
        ...site,
        '': ctx => {
          ctx.session = { user: 'ann', maxAge: HOUR };
          return { keys: Object.keys(ctx.session), maxAge: ctx.session.maxAge };
        },
      });
      const answer = await browser.get();
      assert.deepEqual(answer.json, { keys: ['user'], maxAge: HOUR });
      assert.equal(answer.cookie()?.expiresAt, clock.now() + HOUR);
    });
  });
}

test('the session may be assigned itself, or a copy of itself', async t => {
  const browser = await visit(
    t,
    {},
    {
      ...site,
      '': ctx => {
        const { session } = ctx;
        ctx.session = session;
        ctx.session = { ...session, again: true };
        return ctx.session;
      },
    },
  );
  assert.equal(
    (await browser.get('', { cookie: signedRecord({ user: 'ann' }) })).body,
    '{"user":"ann","again":true}',
  );
});

test('values are kept as JSON keeps them', async t => {
  const browser = await visit(
    t,
    {},
    {
      ...site,
      '': ctx => {
        ctx.session = {
          at: new Date(0),
          none: undefined,
          not: Number.NaN,
          call: () => {},
          text: 'ü\u2028\u{1f600}\0',
        };
      },
    },
  );
  await browser.get();
  const expected = { at: '1970-01-01T00:00:00.000Z', not: null, text: 'ü\u2028\u{1f600}\0' };
  assert.deepEqual((await browser.get('show')).json, expected);
});

test('data that JSON cannot hold fail the request, and nothing is saved', async t => {
  for (const value of [
    10n,
    (() => {
      const ring: unknown[] = [];
      ring.push(ring);
      return ring;
    })(),
  ]) {
    const browser = await visit(t, {}, { ...site, '': ctx => Object.assign(ctx.session, { value }).length });
    const { status, cookies } = await browser.get();
    assert.deepEqual([status, cookies], [500, []]);
  }
});

test('a new session that nobody puts anything in sends no cookie', async t => {
  for (const options of [{}, { store: new RecordStore() }, { rolling: true }, { renew: true }]) {
    const browser = await visit(t, options, site);
    assert.deepEqual((await browser.get('show')).cookies, []);
    assert.deepEqual((await browser.get()).cookies, []);
  }
});

test('a logout after a save in the same request leaves nothing', async t => {
  const store = new RecordStore();
  const browser = await visit(
    t,
    { store },
    {
      '': async ctx => {
        ctx.session.user = 'ann';
        await ctx.session.save();
        ctx.session = null;
      },
    },
  );
  const { cookies } = await browser.get();
  assert.deepEqual(store.keys, []);
  assert.ok(cookies.every(({ expiresAt }) => expiresAt === 0));
});

test('a cookie session ends with its data: nothing of them is in the clearing cookie', async t => {
  const browser = await visit(t, {}, site);
  const answer = await browser.get('logout', { cookie: signedRecord({ user: 'ann' }) });
  assert.equal(answer.cookie()?.value, '');
  await browser.get('login');
  assert.equal(recordIn(browser.cookies.get('koa.sess')?.value).user, 'ann');
});

for (const [where, options] of Object.entries({ cookie: {}, store: { store: memoryStore() } })) {
  test(`an \`update\` that puts nothing in a new session does not begin one, in a ${where}`, async t => {
    const browser = await visit(t, { ...options }, { '': ctx => ctx.session.update(() => {}) });
    const answer = await browser.get();
    assert.deepEqual([answer.body, answer.cookies], ['true', []]);
  });
}

test('a lifetime that is set while the session is being saved is saved, too', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(
    t,
    { store: memoryStore() },
    {
      '': ctx => {
        ctx.session.user = 'ann';
        void ctx.session.save();
        Object.assign(ctx.session, { maxAge: HOUR });
      },
    },
  );
  assert.equal((await browser.get()).cookie()?.expiresAt, clock.now() + HOUR);
});
