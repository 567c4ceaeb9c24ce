import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { account, type Ctx, type Handler, type Routes } from '../harness/app.js';
import { stoppedClock } from '../harness/clock.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { PLACES } from '../harness/places.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

for (const [where, place] of Object.entries(PLACES)) {
  describe(where, () => {
    const look: Handler = ({ session: { isNew, length, populated, maxAge } }) => ({
      isNew,
      length,
      populated,
      maxAge,
    });

    test('tells whether it is new, how much is in it, and how long it lives', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, { ...options, maxAge: 5000 }, { '': look });
      const fresh = { isNew: true, length: 0, populated: false, maxAge: 5000 };
      assert.deepEqual((await browser.get()).json, fresh);
      assert.deepEqual((await browser.get('', { cookie })).json, {
        ...fresh,
        isNew: false,
        length: 1,
        populated: true,
      });
    });

    test('is new for the whole of the request that begins it', async t => {
      const [options] = place();
      const browser = await visit(t, options, {
        '': async ctx => {
          ctx.session.user = 'ann';
          const before = ctx.session.isNew;
          await ctx.session.save();
          return [before, ctx.session.isNew];
        },
      });
      assert.equal((await browser.get()).body, '[true,true]');
    });

    test('shows its data alone, to JSON and to `util.inspect`', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, {
        '': ({ session }) => [
          JSON.stringify(session),
          JSON.stringify(session.toJSON()),
          inspect(session),
          Object.keys(session),
        ],
      });
      const json = '{"user":"ann"}';
      assert.deepEqual((await browser.get('', { cookie })).json, [json, json, "{ user: 'ann' }", ['user']]);
    });

    test('is the same object each time', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, {
        '': ctx => [ctx.session, ctx.session].every(session => session === ctx.session),
      });
      assert.equal((await browser.get('', { cookie })).body, 'true');
    });

    for (const member of ['save', 'regenerate', 'manuallyCommit', 'commit'] as const) {
      test(`\`${member}\` gives a promise, and takes a callback`, async t => {
        const [options] = place();
        const browser = await visit(t, options, {
          promise: async ctx => {
            ctx.session.user = 'bob';
            return { result: (await ctx.session[member]()) ?? 'nothing' };
          },
          callback: async ctx => {
            ctx.session.user = 'bob';
            const failure = await new Promise(resolve => ctx.session[member](resolve));
            return { result: failure ?? 'nothing' };
          },
        });
        for (const path of ['promise', 'callback']) {
          assert.equal((await browser.stranger().get(path)).body, '{"result":"nothing"}');
        }
      });

      test(`\`${member}\` tells its failure to the promise, and to the callback`, async t => {
        const [options] = place();
        const failing: Handler = async ctx => {
          ctx.session.user = 'bob';
          await assert.rejects(ctx.session[member](), /not now/);
          const failure = await new Promise<unknown>(resolve => ctx.session[member](resolve));
          assert.match(String(failure), /not now/);
        };
        const beforeSave = async () => {
          throw new Error('not now');
        };
        const browser = await visit(t, { ...options, beforeSave, autoCommit: false }, { '': failing });
        assert.equal((await browser.get()).status, 200);
      });
    }

    test('`save` saves what is unchanged, and even an empty new session', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, { '': ctx => ctx.session.save() });
      assert.ok((await browser.get()).cookie());
      assert.ok((await browser.get('', { cookie })).cookie());
    });

    test('`commit` saves nothing where nothing changed', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, { '': ctx => ctx.session.commit() });
      assert.deepEqual((await browser.get()).cookies, []);
      assert.deepEqual((await browser.get('', { cookie })).cookies, []);
    });

    test('what changes after a save is saved, too', async t => {
      const [options] = place();
      const browser = await visit(t, options, {
        ...account,
        twice: async ctx => {
          ctx.session.user = 'bob';
          await ctx.session.save();
          ctx.session.user = 'eve';
        },
      });
      const answer = await browser.get('twice');
      assert.equal(answer.cookies.length, 2, 'one cookie and its signature');
      assert.equal((await browser.get()).body, '{"user":"eve"}');
    });

    test('`update` changes the data and saves them, once', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, {
        ...account,
        update: async ctx => {
          ctx.session.before = 1;
          const calls: unknown[] = [];
          const isDone = await ctx.session.update(data => {
            calls.push({ ...data });
            Object.assign(data, { user: 'bob' });
          });
          return { isDone, calls, shown: ctx.session.user };
        },
      });
      const { json } = await browser.get('update', { cookie });
      assert.deepEqual(json, { isDone: true, calls: [{ user: 'ann', before: 1 }], shown: 'bob' });
      const later = browser.cookies.get('koa.sess')?.value ?? '';
      assert.equal(
        (await browser.get('', { cookie: later ? browser.cookieHeader : cookie })).body,
        '{"user":"bob"}',
      );
    });

    test('`update` takes an asynchronous function, and its failure is the failure of `update`', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, {
        ...account,
        update: async ctx => {
          await assert.rejects(
            ctx.session.update(async data => {
              Object.assign(data, { user: 'eve' });
              await null;
              throw new Error('not now');
            }),
            /not now/,
          );
          return { user: ctx.session.user };
        },
      });
      const answer = await browser.get('update', { cookie });
      assert.deepEqual([answer.body, answer.cookies], ['{"user":"ann"}', []]);
    });

    test('`update` of a session that was ended answers false', async t => {
      const [options, cookie] = place();
      const browser = await visit(t, options, {
        '': async ctx => {
          const { session } = ctx;
          ctx.session = null;
          return session.update(() => {});
        },
      });
      assert.equal((await browser.get('', { cookie })).body, 'false');
    });

    test('`touch` prolongs a session that exists, and begins none', async t => {
      const [options, cookie] = place();
      const clock = stoppedClock(t);
      const browser = await visit(t, { ...options, maxAge: 5000 }, { '': ctx => ctx.session.touch() });
      assert.deepEqual((await browser.get()).cookies, []);
      assert.equal((await browser.get('', { cookie })).cookie()?.expiresAt, clock.now() + 5000);
    });
  });
}

const keys: Routes = {
  '': ctx => ({ key: ctx.session.externalKey ?? null }),
  begin: ctx => {
    const key = ctx.session.externalKey;
    ctx.session.user = 'ann';
    return { key };
  },
  late: async ctx => {
    assert.throws(() => ctx.session.externalKey, {
      name: 'TypeError',
      message: /`genid` is asynchronous.*save\(\)/,
    });
    ctx.session.user = 'ann';
    await ctx.session.save();
    return { key: ctx.session.externalKey };
  },
};

test("a cookie session has no key; a stored one's is in the store", async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  assert.equal(
    (await (await visit(t, {}, keys)).get('', { cookie: signedRecord({ a: 1 }) })).body,
    '{"key":null}',
  );
  assert.equal(
    (await (await visit(t, { store }, keys)).get('', { cookie: signedPair('k') })).body,
    '{"key":"k"}',
  );
});

test("a new session's key may be asked for, and is the one that it is saved under", async t => {
  const store = new RecordStore();
  let made = 0;
  const browser = await visit(t, { store, genid: () => `key-${++made}` }, keys);
  assert.equal((await browser.get('begin')).body, '{"key":"key-1"}');
  assert.deepEqual(store.keys, ['key-1']);
});

test("an asynchronous `genid`'s key is known once the session is saved", async t => {
  const store = new RecordStore();
  const browser = await visit(t, { store, genid: async () => 'key' }, keys);
  assert.equal((await browser.get('late')).body, '{"key":"key"}');
});

test('a session that begins after another was ended has a key of its own, though neither was saved', async t => {
  const store = new RecordStore();
  let made = 0;
  const browser = await visit(
    t,
    { store, genid: () => `key-${++made}` },
    {
      '': ctx => {
        const ended = ctx.session.externalKey;
        ctx.session = null;
        ctx.session = { user: 'ann' };
        return [ended, ctx.session.externalKey];
      },
    },
  );
  assert.equal((await browser.get()).body, '["key-1","key-2"]');
  assert.deepEqual(store.keys, ['key-2']);
});

for (const [what, options, act] of [
  ['a change', {}, ctx => Object.assign(ctx.session, { user: 'bob' })],
  ['a lifetime', {}, ctx => Object.assign(ctx.session, { maxAge: 5000 })],
  ['a use', { rolling: true }, ctx => ctx.session.user],
] as [string, TestOptions, Handler][]) {
  test(`${what} that the app saves itself is written once`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const save: Handler = async ctx => {
      await act(ctx);
      await ctx.session.save();
    };
    const browser = await visit(t, { store, ...options }, { '': save });
    await browser.get('', { cookie: signedPair('k') });
    assert.deepEqual(store.verbs, ['get', 'set']);
  });
}

test('`regenerate` gives a stored session another key; the old one is dead', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const browser = await visit(t, { store }, { ...account, regenerate: ctx => ctx.session.regenerate() });
  await browser.get('regenerate', { cookie: signedPair('k') });
  assert.equal(store.keys.length, 1);
  assert.notEqual(store.keys[0], 'k');
  assert.equal((await browser.get()).body, '{"user":"ann"}');
  assert.equal((await browser.get('', { cookie: signedPair('k') })).body, '{"user":null}');
});

test('data take the names of members that give way; the library never goes through them', async t => {
  const data = {
    update: 1,
    touch: 2,
    save: 3,
    commit: 4,
    regenerate: 5,
    manuallyCommit: 6,
    toJSON: 7,
    inspect: 8,
  };
  const more = { isNew: 'a', length: 'b', populated: 'c', externalKey: 'd', constructor: 'e', maxAge: 'f' };
  const store = new RecordStore();
  const browser = await visit(
    t,
    { store, rolling: true },
    {
      assign: ctx => {
        ctx.session = { ...data, ...more };
      },
      each: ctx => {
        for (const [name, value] of Object.entries({ ...data, ...more })) {
          if (name !== 'maxAge') (ctx.session as Record<string, unknown>)[name] = value;
        }
      },
      '': ctx => JSON.stringify({ ...ctx.session }),
    },
  );
  for (const path of ['assign', 'each']) {
    assert.equal((await browser.get(path)).status, 200);
    assert.deepEqual((await browser.get()).json, { ...data, ...more });
  }
});

test('members that were taken as data are there again when the data are gone', async t => {
  const browser = await visit(
    t,
    {},
    {
      '': (ctx: Ctx) => {
        Object.assign(ctx.session, { save: 1, length: 2 });
        delete (ctx.session as Record<string, unknown>).save;
        delete (ctx.session as Record<string, unknown>).length;
        return [typeof ctx.session.save, ctx.session.length];
      },
    },
  );
  assert.equal((await browser.get()).body, '["function",0]');
});

test('`commit` takes koa-session’s options', async t => {
  const store = new RecordStore();
  const site: Routes = {
    ...account,
    ...Object.fromEntries(
      ['save', 'regenerate'].map(name => [
        name,
        async (ctx: Ctx) => {
          await ctx.session.commit({ [name]: true } as never);
          return ctx.session.externalKey;
        },
      ]),
    ),
  };
  const browser = await visit(t, { store, signed: false }, site);
  const { value: first } = (await browser.get('login')).cookie() ?? {};
  const saved = await browser.get('save');
  assert.deepEqual([saved.body, saved.cookie()?.value], [first, first]);
  const regenerated = await browser.get('regenerate');
  assert.notEqual(regenerated.body, first);
  assert.equal(regenerated.cookie()?.value, regenerated.body);
});
