import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Context, Middleware } from 'koa';
import { bareApp, parseForm } from '../harness/app.js';
import type { CreateSession } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { alike } from '../harness/side-by-side.js';

interface Passport {
  use(strategy: object): void;
  serializeUser(serialize: (user: User, done: Done) => void): void;
  deserializeUser(deserialize: (id: string, done: Done) => void): void;
  initialize(): Middleware;
  session(): Middleware;
  authenticate(strategy: string, options?: object): Middleware;
}
type Done = (error: unknown, user?: unknown) => void;
interface User {
  readonly id: string;
}
type PassportContext = Context & {
  logout(): Promise<void>;
  isAuthenticated(): boolean;
  state: { user?: User };
};

const require = createRequire(import.meta.url);
const { KoaPassport } = require('koa-passport') as { KoaPassport: new () => Passport };
const { Strategy } = require('passport-local') as {
  Strategy: new (verify: (user: string, password: string, done: Done) => void) => object;
};

function passportOf(): Passport {
  const passport = new KoaPassport();
  passport.use(new Strategy((user, password, done) => done(null, password === 'right' && { id: user })));
  passport.serializeUser(({ id }, done) => done(null, id));
  passport.deserializeUser((id, done) => done(null, { id }));
  return passport;
}

/** An app of koa-passport's, as its documentation shows one. */
function appOf(createSession: CreateSession, options: object) {
  const app = bareApp();
  const passport = passportOf();
  app.use(createSession(app, options)).use(parseForm).use(passport.initialize()).use(passport.session());
  app.use(async (context, next) => {
    const ctx = context as unknown as PassportContext;
    if (ctx.path === '/login') {
      await passport.authenticate('local', { successRedirect: '/', failureRedirect: '/form' })(
        ctx as never,
        next,
      );
    } else if (ctx.path === '/logout') {
      await ctx.logout();
      ctx.redirect('/form');
    } else {
      ctx.body = { user: ctx.state.user?.id ?? null, isAuthenticated: ctx.isAuthenticated() };
    }
  });
  return app;
}

const SIGNED_IN = { user: 'ann', isAuthenticated: true };
const NOBODY = { user: null, isAuthenticated: false };

for (const place of ['the cookie', 'a store']) {
  const optionsOf = () => (place === 'a store' ? { store: new RecordStore() } : {});

  alike(`koa-passport signs in, remembers and signs out, with the session in ${place}`, async bench => {
    const browser = await bench.serve(appOf(bench.createSession, optionsOf()));
    assert.deepEqual((await browser.get()).json, NOBODY);
    const login = await browser.post('login', { username: 'ann', password: 'right' });
    assert.deepEqual([login.status, login.headers.get('location')], [302, '/']);
    assert.deepEqual((await browser.get()).json, SIGNED_IN);
    assert.deepEqual((await browser.get()).json, SIGNED_IN);
    assert.deepEqual((await browser.stranger().get()).json, NOBODY);
    const logout = await browser.get('logout');
    assert.deepEqual([logout.status, logout.headers.get('location')], [302, '/form']);
    assert.deepEqual((await browser.get()).json, NOBODY);
  });

  alike(`koa-passport refuses a wrong password, with the session in ${place}`, async bench => {
    const browser = await bench.serve(appOf(bench.createSession, optionsOf()));
    const login = await browser.post('login', { username: 'ann', password: 'wrong' });
    assert.deepEqual([login.status, login.headers.get('location')], [302, '/form']);
    assert.deepEqual((await browser.get()).json, NOBODY);
  });
}

alike('koa-passport gives a stored session a new key at login and at logout', async bench => {
  const store = new RecordStore();
  const app = appOf(bench.createSession, { store });
  app.middleware.splice(1, 0, async (ctx, next) => {
    if (ctx.path === '/visit') Object.assign(ctx, { session: { cart: 1 } });
    await next();
  });
  const browser = await bench.serve(app);
  await browser.get('visit');
  const planted = store.keys;
  await browser.post('login', { username: 'ann', password: 'right' });
  const signedIn = store.keys;
  await browser.get('logout');
  assert.deepEqual([planted.length, signedIn.length, store.keys.length], [1, 1, 1]);
  assert.equal(new Set([...planted, ...signedIn, ...store.keys]).size, 3);
});
