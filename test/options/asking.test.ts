import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from 'koa';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { PLACES } from '../harness/places.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const site: Routes = {
  ...account,
  rename: ctx => {
    ctx.session.user = 'bob';
  },
  empty: ctx => {
    delete ctx.session.user;
  },
  static: () => 'a style sheet',
  loaded: async ctx => ({ user: (await ctx.loadSession()).user ?? null }),
};

for (const [where, place] of Object.entries(PLACES)) {
  test(`\`valid\` decides on ${where} by its data and the request`, async t => {
    const [options, cookie] = place();
    const valid = (ctx: Context, { user }: { user: string }) => ctx.get('x-user') === user;
    const browser = await visit(t, { ...options, valid }, site);
    const as = (user: string) => ({ cookie, headers: { 'x-user': user } });
    assert.equal((await browser.get('', as('ann'))).body, '{"user":"ann"}');
    const refused = await browser.get('', as('eve'));
    assert.equal(refused.body, '{"user":null}');
    assert.deepEqual(refused.cookies, []);
    assert.equal((await browser.get('', as('ann'))).body, '{"user":"ann"}', 'what was refused is not gone');
  });

  test(`what \`valid\` throws about ${where} is the error of the request`, async t => {
    const [options, cookie] = place();
    const valid = () => {
      throw Object.assign(new Error('not you'), { status: 403, expose: true });
    };
    const browser = await visit(t, { ...options, valid }, site);
    const { status, body } = await browser.get('', { cookie });
    assert.deepEqual([status, body], [403, 'not you']);
  });

  test(`with \`lazy\` an asynchronous \`valid\` is awaited for ${where}`, async t => {
    const [options, cookie] = place();
    const valid = async (ctx: Context) => ctx.get('x-user') === 'ann';
    const browser = await visit(t, { ...options, valid, lazy: true }, site);
    assert.equal(
      (await browser.get('loaded', { cookie, headers: { 'x-user': 'ann' } })).body,
      '{"user":"ann"}',
    );
    assert.equal((await browser.get('loaded', { cookie })).body, '{"user":null}');
  });
}

test('a session that `valid` refused ends in a new one, under another key', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const browser = await visit(t, { store, valid: () => false }, site);
  const answer = await browser.get('login', { cookie: signedPair('k') });
  assert.notEqual(answer.cookie()?.value, 'k');
  assert.equal(store.keys.length, 2);
});

test('a logout ends a session that `valid` refused, too', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const browser = await visit(t, { store, valid: () => false }, site);
  assert.equal((await browser.get('logout', { cookie: signedPair('k') })).cookie()?.expiresAt, 0);
  assert.deepEqual(store.keys, []);
});

test('a promise from `valid` where it cannot be awaited refuses the session, and is told with the mend', async t => {
  const app = appWith(
    sojourn.createSession,
    { valid: async () => true },
    {
      ...site,
      twice: ctx => {
        assert.throws(() => ctx.session, /`lazy: true`/);
        assert.throws(() => Object.assign(ctx.session, { user: 'eve' }), /`lazy: true`/);
        return { user: ctx.session.user ?? null };
      },
    },
  );
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  const cookie = signedRecord({ user: 'ann' });
  assert.equal((await browser.get('', { cookie })).status, 500);
  assert.match(String(errors[0]), /SessionOptionsError: .*`valid`.*`lazy: true`/);
  assert.equal((await browser.get('static', { cookie })).status, 200);
  const twice = await browser.get('twice', { cookie });
  assert.deepEqual([twice.body, twice.cookies], ['{"user":null}', []]);
});

test('a promise from `valid` that fails where it cannot be awaited is no unhandled rejection', async t => {
  const valid = async () => {
    throw new Error('the directory is down');
  };
  const browser = await visit(t, { valid }, site);
  assert.equal((await browser.get('', { cookie: signedRecord({ user: 'ann' }) })).status, 500);
});

for (const [name, options] of Object.entries<(fails: () => never) => TestOptions>({
  skip: skip => ({ skip }),
  owner: owner => ({ owner, store: memoryStore() }),
  device: device => ({ device, owner: () => 'ann', store: memoryStore() }),
  encode: encode => ({ encode }),
})) {
  test(`a promise from \`${name}\` that rejects is told as a promise, and is no unhandled rejection`, async t => {
    const fails = async () => {
      throw new Error('the directory is down');
    };
    const app = appWith(sojourn.createSession, options(fails as never), account);
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('login')).status, 500);
    assert.match(String(errors[0]), new RegExp(`\`${name}\`.*promise`));
  });
}

for (const [where, place] of Object.entries(PLACES)) {
  for (const isLate of [false, true]) {
    const kind = isLate ? 'an asynchronous' : 'a synchronous';

    test(`${kind} \`beforeSave\` is given ${where}, and may still change it`, async t => {
      const [options, cookie] = place();
      const seen: unknown[] = [];
      const seal = (ctx: Context, session: Record<string, unknown>) => {
        seen.push((session as unknown) === ctx.session);
        session.saves = Number(session.saves ?? 0) + 1;
      };
      const beforeSave = isLate
        ? async (ctx: Context, session: Record<string, unknown>) => {
            await null;
            seal(ctx, session);
          }
        : seal;
      const browser = await visit(
        t,
        { ...options, beforeSave },
        {
          ...site,
          '': ctx => JSON.stringify(ctx.session),
        },
      );
      await browser.get('', { cookie });
      assert.deepEqual(seen, [], 'nothing was saved');
      await browser.get('rename', { cookie });
      assert.deepEqual(seen, [true]);
      const changed = browser.cookieHeader || cookie;
      assert.equal((await browser.get('', { cookie: changed })).body, '{"user":"bob","saves":1}');
    });
  }

  test(`what \`beforeSave\` throws about ${where} fails the request, and nothing is saved`, async t => {
    const [options, cookie] = place();
    const beforeSave = async () => {
      throw Object.assign(new Error('not so'), { status: 422, expose: true });
    };
    const browser = await visit(t, { ...options, beforeSave }, site);
    const answer = await browser.get('rename', { cookie });
    assert.deepEqual([answer.status, answer.body, answer.cookies], [422, 'not so', []]);
  });
}

test('`beforeSave` runs for a save by `rolling`, too, though the app never looked at the session', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const beforeSave = (_: Context, session: Record<string, unknown>) => {
    session.seen = true;
  };
  const browser = await visit(t, { store, rolling: true, beforeSave }, site);
  await browser.get('static', { cookie: signedPair('k') });
  assert.equal(store.record('k')?.seen, true);
});

for (const path of ['logout', 'empty']) {
  test(`\`beforeSave\` does not run where a session is ended (${path})`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    let saves = 0;
    const app = appWith(sojourn.createSession, { store, beforeSave: () => void saves++ }, site);
    const ended = eventsOf(app, 'session:ended');
    await (await serve(t, app)).get(path, { cookie: signedPair('k') });
    assert.deepEqual([saves, ended.length], [0, 1]);
  });
}

test('a `beforeSave` that saves, and so would call itself, is an error', async t => {
  const beforeSave = (_ctx: unknown, session: { save(): Promise<void> }) => session.save();
  const app = appWith(sojourn.createSession, { store: new RecordStore(), beforeSave }, site);
  const errors = errorsOf(app);
  assert.equal((await (await serve(t, app)).get('login')).status, 500);
  assert.match(String(errors[0]), /TypeError.*`beforeSave`/);
});

for (const where of ['the cookie', 'a store'] as const) {
  test(`that is an error, too, where the session before was ended: ${where}`, { timeout: 5000 }, async t => {
    const beforeSave = (_ctx: unknown, session: { save(): Promise<void> }) => session.save();
    const options = { beforeSave, ...(where === 'a store' && { store: new RecordStore() }) };
    const anew: Routes = {
      ...site,
      anew: ctx => {
        ctx.session = null;
        ctx.session = { user: 'bob' };
      },
    };
    const app = appWith(sojourn.createSession, options as never, anew);
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('anew')).status, 500);
    assert.match(String(errors[0]), /TypeError.*`beforeSave`/);
  });
}

test('an app may look at its own options as `this` in `genid`, `encode` and `decode`', async t => {
  const own = {
    name: 'an app’s own',
    genid() {
      return `${this.name} key`.replace(/\W/g, '-');
    },
    encode(data: object) {
      return `${this.name.length}${Buffer.from(JSON.stringify(data)).toString('hex')}`;
    },
    decode(text: string) {
      return JSON.parse(Buffer.from(text.slice(String(this.name.length).length), 'hex').toString());
    },
  };
  for (const store of [undefined, new RecordStore()]) {
    const browser = await visit(t, { ...own, store } as never, site);
    await browser.get('login');
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
});

for (const store of [undefined, new RecordStore(), memoryStore()]) {
  const where = store?.constructor.name ?? 'cookie';

  test(`a \`beforeSave\` that begins another session whenever it is asked is an error: ${where}`, async t => {
    const beforeSave = (ctx: Context) => {
      if (ctx.path === '/login') return;
      Object.assign(ctx, { session: null });
      Object.assign(ctx, { session: { user: 'bob' } });
    };
    const app = appWith(sojourn.createSession, { store, beforeSave } as never, site);
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    await browser.get('login');
    assert.equal((await browser.get('rename')).status, 500);
    assert.match(String(errors[0]), /^TypeError: option `beforeSave`: whenever it is asked/);
  });

  test(`\`beforeSave\` is asked about a session, too, that the app begins while it is asked about another: ${where}`, async t => {
    const beforeSave = async (_: Context, session: Record<string, unknown>) => {
      await null;
      session.seal = true;
    };
    const anew: Routes = {
      ...site,
      anew: async ctx => {
        ctx.session.user = 'ann';
        const saving = ctx.session.save();
        ctx.session = null;
        ctx.session = { user: 'bob' };
        await saving;
      },
      show: ctx => ({ ...ctx.session }),
    };
    const browser = await visit(t, { store, beforeSave } as never, anew);
    await browser.get('anew');
    assert.deepEqual((await browser.get('show')).json, { user: 'bob', seal: true });
  });
}
