import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { z } from 'zod';
import { account, appWith, errorsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { recordIn, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { PLACES } from '../harness/places.js';
import { visit } from '../harness/visit.js';

type Old = Record<string, unknown>;

/** `name` became `user`. */
const migrate = ({ name, ...data }: Old): Old => (name === undefined ? data : { user: name, ...data });

const site: Routes = {
  ...account,
  add: ctx => {
    ctx.session.added = true;
  },
  all: ctx => ctx.session,
};

for (const [where, place] of Object.entries(PLACES)) {
  test(`the app sees ${where} in its newest shape`, async t => {
    const [options, cookie] = place({ name: 'ann', views: 1 });
    const browser = await visit(t, { ...options, migrate }, site);
    assert.equal((await browser.get('all', { cookie })).body, '{"user":"ann","views":1}');
  });

  test(`\`migrate\` may change what it gets and return nothing, in ${where}`, async t => {
    const [options, cookie] = place({ name: 'ann', nested: { old: 1 } });
    const inPlace = (data: Old): undefined => {
      data.user = data.name;
      delete data.name;
      data.nested = Object.assign(data.nested as object, { young: 2 });
    };
    const browser = await visit(t, { ...options, migrate: inPlace }, site);
    assert.equal((await browser.get('all', { cookie })).body, '{"nested":{"old":1,"young":2},"user":"ann"}');
  });

  test(`\`migrate\` comes before \`schema\`, and that before \`valid\`, in ${where}`, async t => {
    const order: string[] = [];
    const [options, cookie] = place({ name: 'ann' });
    const schema = z.object({ user: z.string() }).refine(() => order.push('schema'));
    const valid = (_ctx: unknown, data: Old): boolean => {
      order.push('valid');
      return data.user === 'ann';
    };
    const browser = await visit(t, { ...options, migrate, schema, valid }, site);
    assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
    assert.deepEqual(order, ['schema', 'valid']);
  });

  test(`what \`migrate\` fails with is the request's error, in ${where}`, async t => {
    const [options, cookie] = place();
    for (const [broken, message] of [
      [() => 'text', /`migrate` must return the data/],
      [() => null, /`migrate` must return the data/],
      [
        () => {
          throw new Error('no way');
        },
        /no way/,
      ],
    ] as const) {
      const app = appWith(sojourn.createSession, { ...options, migrate: broken }, site);
      const errors = errorsOf(app);
      assert.equal((await (await serve(t, app)).get('', { cookie })).status, 500);
      assert.match(String(errors[0]), message);
    }
  });
}

test('to read a session of an older shape sets no cookie; its next save is of the newest', async t => {
  const browser = await visit(t, { migrate }, site);
  const cookie = signedRecord({ name: 'ann' });
  assert.deepEqual((await browser.get('all', { cookie })).cookies, []);
  const { value } = (await browser.get('add', { cookie })).cookie() ?? {};
  const { user, name, added } = recordIn(value);
  assert.deepEqual([user, name, added], ['ann', undefined, true]);
});

test('an asynchronous `migrate` is awaited for a stored session and a lazy one', async t => {
  const later = async (data: Old): Promise<Old> => migrate(data);
  const lazy = await visit(t, { migrate: later, lazy: true }, { '': ctx => ctx.loadSession() });
  assert.equal((await lazy.get('', { cookie: signedRecord({ name: 'ann' }) })).body, '{"user":"ann"}');
  const [options, cookie] = (PLACES['a stored session'] as (typeof PLACES)[string])({ name: 'ann' });
  const stored = await visit(t, { ...options, migrate: later }, site);
  assert.equal((await stored.get('', { cookie })).body, '{"user":"ann"}');
});

for (const how of ['race', 'update']) {
  test(`a conflict with a request of an older release is resolved in the newest shape: ${how}`, async t => {
    const store = memoryStore();
    const old = await visit(
      t,
      { store },
      {
        ...site,
        login: ctx => {
          ctx.session = { name: 'ann', views: 1 };
        },
        view: ctx => {
          ctx.session.views = 2;
        },
      },
    );
    const young = await visit(
      t,
      { store, migrate },
      {
        race: async ctx => {
          ctx.session.user = 'bob';
          await old.get('view');
        },
        update: async ctx => {
          void ctx.session.user;
          await old.get('view');
          await ctx.session.update(data => {
            const { user } = data as Old;
            Object.assign(data, { user: user === 'ann' ? 'bob' : 'nobody' });
          });
        },
      },
    );
    await old.get('login');
    await young.get(how, { cookie: old.cookieHeader });
    assert.equal((await old.get('all')).body, '{"user":"bob","views":2}');
  });
}
