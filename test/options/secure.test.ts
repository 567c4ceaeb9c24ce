import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, bareApp, errorsOf, eventsOf, type Routes, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { visit } from '../harness/visit.js';

const site: Routes = { ...account, show: ctx => ({ ...ctx.session }) };

for (const path of ['show', 'logout']) {
  test(`\`secure: true\` over plain HTTP tells of proxies where a cookie is prolonged or cleared, too: ${path}`, async t => {
    const store = memoryStore();
    const open = await visit(t, { store }, site);
    await open.get('login');
    const app = appWith(sojourn.createSession, { store, secure: true, rolling: true }, site);
    const errors = errorsOf(app);
    await (await serve(t, app)).get(path, { cookie: open.cookieHeader });
    assert.match(String(errors[0]), /plain HTTP.*`app\.proxy = true`/);
  });
}

for (const [attribute, count] of [
  [{ sameSite: 'none' }, 1],
  [{ sameSite: 'None' as 'none', secure: 'auto' }, 1],
  [{ partitioned: true }, 1],
  [{ key: '__Host-id' }, 1],
  [{ key: '__Secure-id', secure: 'auto' }, 1],
  [{ sameSite: 'lax' }, 0],
] as const) {
  test(`a cookie that browsers drop over plain HTTP is told once a response: ${JSON.stringify(attribute)}`, async t => {
    const app = appWith(sojourn.createSession, { ...attribute, idleTimeout: 60_000 }, account);
    const told = eventsOf(app, 'session:error');
    assert.ok(
      (await (await serve(t, app)).get('login')).cookie('key' in attribute ? attribute.key : undefined),
    );
    assert.equal(told.length, count);
    for (const { error } of told)
      assert.match(String(error), /drop.*SameSite=None, Partitioned.*`app\.proxy = true`/);
  });
}

for (const [sameSite, count] of [
  ['none', 1],
  ['auto', 1],
  ['lax', 0],
] as const) {
  test(`a cookie that browsers drop as a request made it not Secure is told over HTTPS, too: ${sameSite}`, async t => {
    const app = appWith(
      sojourn.createSession,
      { sameSite },
      {
        '': ctx => {
          ctx.sessionOptions.secure = false;
          ctx.session.user = 'ann';
        },
      },
    );
    app.proxy = true;
    const told = eventsOf(app, 'session:error');
    await (await serve(t, app)).get('', { headers: { 'x-forwarded-proto': 'https' } });
    assert.equal(told.length, count);
  });
}

test('what `ctx.cookies.secure` says counts', async t => {
  const app = bareApp();
  app.use((ctx, next) => {
    ctx.cookies.secure = true;
    return next();
  });
  app.use(sojourn.createSession(app, { sameSite: 'none' }));
  app.use(router(account));
  const told = eventsOf(app, 'session:error');
  const browser = await serve(t, app);
  assert.equal((await browser.get('login')).cookie()?.attributes.secure, true);
  assert.deepEqual(told, []);
});

test("`sameSite: 'auto'` asks the same as `secure` whether the request came encrypted", async t => {
  const app = bareApp();
  app.use((ctx, next) => {
    ctx.cookies.secure = true;
    return next();
  });
  app.use(sojourn.createSession(app, { sameSite: 'auto' })).use(router(account));
  const { attributes } = (await (await serve(t, app)).get('login')).cookie() ?? {};
  assert.deepEqual([attributes?.secure, attributes?.samesite], [true, 'none']);
});
