import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import { appWith, bareApp, type Routes, router } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

const require = createRequire(import.meta.url);
const mount = require('koa-mount') as (prefix: string, app: Koa) => Middleware;
const compose = require('koa-compose') as (middleware: Middleware[]) => Middleware;

const counter: Routes = {
  '': ctx => {
    ctx.session.views = Number(ctx.session.views ?? 0) + 1;
    return { views: ctx.session.views };
  },
};

mended("leaves the caller's options as they are", async ({ createSession }) => {
  const options = { maxAge: 5000 };
  createSession(bareApp(), options);
  assert.deepEqual(options, { maxAge: 5000 });
});

mended('takes frozen options', async ({ createSession }) => {
  assert.doesNotThrow(() => createSession(bareApp(), Object.freeze({ maxAge: 5000 })));
});

mended('gives each of two middlewares on one app its own options', async ({ createSession, serve }) => {
  const app = bareApp();
  const [admin, site] = [
    createSession(app, { key: 'admin.sess', path: '/admin' }),
    createSession(app, { key: 'site.sess' }),
  ];
  app.use((ctx, next) => (ctx.path === '/admin' ? admin : site)(ctx as never, next));
  app.use(router(counter));
  const browser = await serve(app);
  assert.equal((await browser.get('admin')).cookie('admin.sess')?.attributes.path, '/admin');
  const { cookies } = await browser.get('');
  assert.deepEqual(
    cookies.map(({ name, attributes }) => [name, attributes.path]),
    [
      ['site.sess', '/'],
      ['site.sess.sig', '/'],
    ],
  );
});

mended('commits once where the middleware is installed twice', async ({ createSession, serve }) => {
  const store = new RecordStore();
  const app = bareApp();
  app.use(createSession(app, { store }));
  app.use(createSession(app, { store }));
  app.use(router(counter));
  await (await serve(app)).get();
  assert.deepEqual(store.verbs, ['set']);
});

mended('works in a mounted sub-app whose parent has no session', async ({ createSession, serve }) => {
  const parent = bareApp();
  parent.use(mount('/shop', appWith(createSession, {}, counter)));
  const browser = await serve(parent);
  assert.equal((await browser.get('shop/')).body, '{"views":1}');
  assert.equal((await browser.get('shop/')).body, '{"views":2}');
});

mended("works where its app's middleware is composed into another app", async ({ createSession, serve }) => {
  const parent = bareApp();
  parent.use(
    compose(appWith(createSession, { store: new RecordStore() }, counter).middleware as Middleware[]),
  );
  const browser = await serve(parent);
  assert.equal((await browser.get()).body, '{"views":1}');
  assert.equal((await browser.get()).body, '{"views":2}');
});

mended('`require` gives the function itself, as version 6 of koa-session did', async ({ name, serve }) => {
  const session = require(name) as (app: Koa) => Middleware;
  assert.equal(typeof session, 'function');
  const app = bareApp();
  app.use(session(app));
  app.use(router(counter));
  assert.equal((await (await serve(app)).get()).body, '{"views":1}');
});

mended('takes `sameSite: null` for none', async ({ createSession, serve }) => {
  const app = bareApp();
  assert.doesNotThrow(() => app.use(createSession(app, { sameSite: null })));
  app.use(router(counter));
  assert.equal((await (await serve(app)).get()).cookie()?.attributes.samesite, undefined);
});

mended("types `ctx.session`: a compiler tells an app's mistakes", async ({ name }) => {
  assert.equal(compile(name, 'ctx.session.save();'), '');
  assert.match(compile(name, 'ctx.session.save(1);'), /TS2345/);
  assert.match(compile(name, 'ctx.session = 1;'), /TS2322/);
});

/** What the TypeScript compiler says to a statement in an app that uses this package. */
function compile(packageName: string, statement: string): string {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  // Inside the package, so that it finds itself by its name.
  const folder = mkdtempSync(join(root, 'build', 'typed-'));
  try {
    const source = `import Koa from 'koa';
      import session from '${packageName}';
      const app = new Koa();
      app.use(session({}, app));
      app.use(ctx => { ${statement} });`;
    writeFileSync(join(folder, 'app.mts'), source);
    const flags = '--noEmit --strict --skipLibCheck --module nodenext --types node --ignoreConfig'.split(' ');
    const compiler = join(root, 'node_modules', '.bin', 'tsc');
    const { stdout } = spawnSync(compiler, [...flags, join(folder, 'app.mts')], { encoding: 'utf8' });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
