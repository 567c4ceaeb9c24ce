import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import createDefault, { createSession, session } from 'sojourn';
import { account, bareApp, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { DAY, HOUR, stoppedClock } from '../harness/clock.js';
import { CHANGEABLE, FIXED } from '../harness/options.js';

test('the function has three names', () => {
  assert.equal(createDefault, session);
  assert.equal(createSession, session);
});

const forms: Record<string, (app: ReturnType<typeof bareApp>) => ReturnType<typeof session>> = {
  'session(app)': app => session(app),
  'session(app, options)': app => session(app, { key: 'koa.sess' }),
  'session(options, app)': app => session({ key: 'koa.sess' }, app),
};

for (const [form, create] of Object.entries(forms)) {
  test(`${form} makes a middleware`, async t => {
    const app = bareApp();
    app.use(create(app)).use(router(account));
    const browser = await serve(t, app);
    await browser.get('login');
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  });
}

test('`null` gives nothing, as options and as any one of them', async t => {
  const names = [...FIXED, ...CHANGEABLE];
  for (const options of [null, Object.fromEntries(names.map(name => [name, null]))]) {
    for (const create of [
      (app: object) => session(app as never, options as never),
      (app: object) => session(options as never, app as never),
    ]) {
      const app = bareApp();
      app.use(create(app)).use(router(account));
      const browser = await serve(t, app);
      assert.match((await browser.get('login')).cookie()?.value ?? '', /^eyJ/);
      assert.equal((await browser.get()).body, '{"user":"ann"}');
    }
  }
});

for (const args of [[], [{}], [undefined], [null], [{}, {}], [{ key: 'a' }, null]]) {
  test(`session(${args.map(arg => JSON.stringify(arg)).join(', ')}) asks for the app`, () => {
    assert.throws(() => (session as (...args: unknown[]) => unknown)(...args), {
      name: 'TypeError',
      message: /session\(app, options\)/,
    });
  });
}

test('options may be left undefined, inherited and frozen', async t => {
  const clock = stoppedClock(t);
  const options = Object.freeze(
    Object.create({ maxAge: HOUR }, { key: { value: undefined, enumerable: true } }),
  );
  const app = bareApp();
  app.use(session(app, options)).use(router(account));
  const answer = await (await serve(t, app)).get('login');
  assert.equal(answer.cookie('koa.sess')?.expiresAt, clock.now() + HOUR);
});

test('options that an app changes later are the old ones still', async t => {
  const clock = stoppedClock(t);
  const options = { maxAge: DAY };
  const app = bareApp();
  app.use(session(app, options)).use(router(account));
  options.maxAge = HOUR;
  const answer = await (await serve(t, app)).get('login');
  assert.equal(answer.cookie()?.expiresAt, clock.now() + DAY);
});

test('`maxage` counts, with a warning of its deprecation', async t => {
  const clock = stoppedClock(t);
  const app = bareApp();
  const warning = once(process, 'warning');
  app.use(session(app, { maxage: HOUR })).use(router(account));
  const [{ name, code, message }] = await warning;
  assert.deepEqual([name, code], ['DeprecationWarning', 'SOJOURN_DEP0001']);
  assert.match(message, /`maxAge`/);
  const answer = await (await serve(t, app)).get('login');
  assert.equal(answer.cookie()?.expiresAt, clock.now() + HOUR);
});

test('the options of a request are its own, and may be changed before the commit', async t => {
  const app = bareApp();
  app.use(session(app, { httpOnly: false }));
  app.use(
    router({
      ...account,
      here: ctx => {
        ctx.session.user = 'ann';
        ctx.sessionOptions.domain = 'example.com';
        ctx.sessionOptions.maxAge = 'session';
      },
    }),
  );
  const browser = await serve(t, app);
  const changed = (await browser.get('here')).cookie();
  assert.equal(changed?.attributes.domain, 'example.com');
  assert.equal(changed?.expiresAt, undefined);
  const other = (await browser.stranger().get('login')).cookie();
  assert.equal(other?.attributes.domain, undefined);
  assert.ok(other?.expiresAt);
});

test("a session's own lifetime and the options of its request say the same", async t => {
  const clock = stoppedClock(t);
  const app = bareApp();
  app.use(session(app));
  app.use(
    router({
      '': ctx => {
        ctx.session.user = 'ann';
        const before = ctx.sessionOptions.maxAge;
        ctx.session.maxAge = HOUR;
        return [before, ctx.sessionOptions.maxAge];
      },
      loaded: ctx => [ctx.sessionOptions.maxAge, ctx.session.maxAge, ctx.sessionOptions.maxAge],
    }),
  );
  const browser = await serve(t, app);
  const answer = await browser.get();
  assert.deepEqual(answer.json, [DAY, HOUR]);
  assert.equal(answer.cookie()?.expiresAt, clock.now() + HOUR);
  assert.deepEqual(((await browser.get('loaded')).json as unknown[]).slice(1), [HOUR, HOUR]);
});
