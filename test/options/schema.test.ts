import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type } from 'arktype';
import type { StandardSchema } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import * as v from 'valibot';
import { z } from 'zod';
import { account, appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { recordIn, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { PLACES } from '../harness/places.js';
import { visit } from '../harness/visit.js';

type Validate = StandardSchema['~standard']['validate'];

const schemaOf = (validate: Validate): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

const checkUser: Validate = value => {
  const { user } = value as { user?: unknown };
  return typeof user === 'string' ? {} : { issues: [{ message: 'must be a name', path: ['user'] }] };
};

/** Each says in its own words what is wrong with a `user` that is no string. */
const HAS_USER: Readonly<Record<string, StandardSchema>> = {
  'a schema made by hand': schemaOf(checkUser),
  'a schema that is a function': Object.assign(() => {}, schemaOf(checkUser)),
  zod: z.object({ user: z.string({ message: 'must be a name' }) }),
  valibot: v.object({ user: v.string('must be a name') }),
  arktype: type({ user: type('string').configure({ message: () => 'must be a name' }) }),
};

/** Where the first issue is. Standard Schema has a key stand there by itself, or in an object. */
function pathOf(issues: unknown): unknown[] {
  const [{ path }] = issues as [{ path: Iterable<PropertyKey | { key: PropertyKey }> }];
  return Array.from(path, segment => (typeof segment === 'object' ? segment.key : segment));
}

const site: Routes = {
  ...account,
  break: ctx => {
    ctx.session.user = 42;
  },
  other: ctx => {
    ctx.session.colour = 'red';
  },
};

for (const [what, schema] of Object.entries(HAS_USER)) {
  for (const [where, place] of Object.entries(PLACES)) {
    test(`${what}: ${where} that fits is loaded, one that does not is refused as invalid`, async t => {
      const [options, fitting] = place();
      const app = appWith(sojourn.createSession, { ...options, schema }, site);
      const invalid = eventsOf(app, 'session:invalid');
      const browser = await serve(t, app);
      assert.equal((await browser.get('', { cookie: fitting })).body, '{"user":"ann"}');
      assert.equal(invalid.length, 0);

      const [others, unfit] = place({ user: 1 });
      const app2 = appWith(sojourn.createSession, { ...others, schema }, site);
      const refused = eventsOf(app2, 'session:invalid');
      const answer = await (await serve(t, app2)).get('', { cookie: unfit });
      assert.equal(answer.body, '{"user":null}');
      assert.deepEqual(answer.cookies, [], 'the credential is left alone');
      assert.equal((refused[0]?.value as { user: number } | undefined)?.user, 1);
    });

    test(`${what}: data that do not fit are not saved, in ${where}`, async t => {
      const [options, cookie] = place();
      const app = appWith(sojourn.createSession, { ...options, schema }, site);
      const errors = errorsOf(app);
      const browser = await serve(t, app);
      const answer = await browser.get('break', { cookie });
      assert.deepEqual([answer.status, answer.cookies], [500, []]);
      assert.match(String(errors[0]), /^SessionInvalidError: .* user: must be a name$/);
      assert.equal((errors[0] as { code?: string }).code, 'ERR_SESSION_INVALID');
      assert.deepEqual(pathOf(errors[0]?.cause), ['user']);
      assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
    });
  }
}

test('a new session must fit once something is put in it, and not before', async t => {
  const browser = await visit(t, { schema: schemaOf(checkUser) }, site);
  assert.equal((await browser.get()).status, 200);
  assert.equal((await browser.get('other')).status, 500);
  assert.equal((await browser.get('login')).status, 200);
  assert.equal((await browser.get('other')).status, 200);
});

test('an empty session that is saved on purpose must fit, too', async t => {
  const browser = await visit(
    t,
    { schema: schemaOf(checkUser) },
    { '': ctx => assert.rejects(ctx.session.save(), { code: 'ERR_SESSION_INVALID' }) },
  );
  assert.equal((await browser.get()).body, 'ok');
});

test('a session that is emptied is ended, whatever the schema says', async t => {
  const [options, cookie] = (PLACES['a stored session'] as (typeof PLACES)[string])();
  const browser = await visit(
    t,
    { ...options, schema: schemaOf(checkUser) },
    {
      ...site,
      empty: ctx => {
        delete ctx.session.user;
      },
    },
  );
  assert.equal((await browser.get('empty', { cookie })).cookie()?.expiresAt, 0);
});

test('the schema sees data as JSON keeps them, on load and on commit alike', async t => {
  const seen: unknown[] = [];
  const schema = schemaOf(value => {
    seen.push(value);
    return {};
  });
  const put: Routes = {
    put: ctx => {
      ctx.session.at = new Date(0);
      ctx.session.nothing = undefined;
    },
    '': ctx => ctx.session.at,
  };
  const browser = await visit(t, { schema }, put);
  await browser.get('put');
  await browser.get();
  assert.deepEqual(seen, [{ at: '1970-01-01T00:00:00.000Z' }, { at: '1970-01-01T00:00:00.000Z' }]);
});

test('a schema checks, and changes nothing', async t => {
  const schema = z.object({ user: z.string().toUpperCase(), theme: z.string().default('dark') });
  const cookie = signedRecord({ user: 'ann', unknown: 1 });
  const browser = await visit(t, { schema }, { '': ctx => ctx.session });
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann","unknown":1}');
});

test('what is merged from two requests, or made by `update`, must fit as a whole', async t => {
  const schema = schemaOf(value => {
    const names = Object.keys(value as object);
    return names.length < 3 ? {} : { issues: [{ message: 'too much' }] };
  });
  const browser = await visit(
    t,
    { store: memoryStore(), schema },
    {
      login: ctx => {
        ctx.session.user = 'ann';
      },
      race: async ctx => {
        ctx.session.a = 1;
        await browser.copy().get('other');
        await assert.rejects(ctx.session.save(), { code: 'ERR_SESSION_INVALID' });
        delete ctx.session.a;
      },
      other: site.other as Routes[string],
      update: async ctx => {
        const update = ctx.session.update(data => Object.assign(data, { b: 1 }));
        await assert.rejects(update, { code: 'ERR_SESSION_INVALID' });
      },
      '': ctx => ctx.session,
    },
  );
  await browser.get('login');
  assert.equal((await browser.get('race')).status, 200);
  assert.equal((await browser.get('update')).status, 200);
  assert.equal((await browser.get()).body, '{"user":"ann","colour":"red"}');
});

test('an asynchronous schema is awaited for a stored session and a lazy one', async t => {
  const schema = schemaOf(async value => checkUser(value));
  for (const options of [{ store: memoryStore() }, { lazy: true }]) {
    const browser = await visit(
      t,
      { ...options, schema },
      {
        login: async ctx => {
          (await ctx.loadSession()).user = 'ann';
        },
        break: async ctx => {
          (await ctx.loadSession()).user = 42;
        },
        '': async ctx => ({ user: (await ctx.loadSession()).user ?? null }),
      },
    );
    await browser.get('login');
    assert.equal((await browser.get('break')).status, 500);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  }
});

const PROMISING = {
  schema: { schema: schemaOf(async () => ({})) },
  migrate: { migrate: async (data: object) => data },
  'schema that rejects': { schema: schemaOf(() => Promise.reject(new Error('too late'))) },
};

for (const [name, options] of Object.entries(PROMISING)) {
  test(`a promise of \`${name}\` in a cookie session that is not lazy is told, and refuses it`, async t => {
    const app = appWith(sojourn.createSession, options, {
      '': ctx => {
        const told = { code: 'ERR_SESSION_OPTIONS', message: /`schema`, `migrate`.*`lazy/ };
        assert.throws(() => ctx.session, told);
        assert.throws(() => Object.assign(ctx.session, { user: 'eve' }), told);
        return { user: ctx.session.user ?? null };
      },
      login: account.login as Routes[string],
    });
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    const cookie = signedRecord({ user: 'ann' });
    assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
    const login = await browser.get('login');
    assert.equal(login.status, name === 'migrate' ? 200 : 500);
    if (name !== 'migrate') assert.match(String(errors[0]), /SessionOptionsError.*`schema`.*`lazy: true`/);
  });
}

test('what is saved is what was checked', async t => {
  const browser = await visit(t, { schema: schemaOf(checkUser) }, site);
  const { value } = (await browser.get('login')).cookie() ?? {};
  assert.equal(recordIn(value).user, 'ann');
});
