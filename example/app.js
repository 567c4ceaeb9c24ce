import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import Koa from 'koa';
import session from 'sojourn';
import { loggedOutPage, sessionPage } from './page.js';
import { sameOriginOnly, secureHeaders } from './protection.js';

/** @import { Context, Middleware } from 'koa' */
/** @import { SessionOptions, SessionStore } from 'sojourn' */

const DAY = 24 * 60 * 60 * 1000;

/** @satisfies {SessionOptions} */
const SESSION = {
  key: 'sojourn.example',
  maxAge: DAY,
  sameSite: 'lax',
  secure: 'auto',
  hashKeys: true,
};

/**
 * An app whose one page shows its visitor's session.
 *
 * @param {object} options
 * @param {string[]} options.keys  Sign the cookie, the newest first.
 * @param {SessionStore} options.store  Where the sessions live.
 */
export function createApp({ keys, store }) {
  const app = new Koa({ keys });
  app.use(secureHeaders);
  app.use(sameOriginOnly);
  app.use(assets);
  app.use(session(app, { ...SESSION, store }));
  app.use(ctx => routes.get(`${ctx.method.replace('HEAD', 'GET')} ${ctx.path}`)?.(ctx));
  return app;
}

/** @type {Map<string, (ctx: Context) => void | Promise<void>>} */
const routes = new Map([
  ['GET /', showSession],
  ['GET /logged-out', showLoggedOut],
  ['POST /note', keepNote],
  ['POST /fill', fill],
  ['POST /empty', empty],
  ['POST /regenerate', regenerate],
  ['POST /end-with-browser', endWithBrowser],
  ['POST /keep-for-a-day', keepForADay],
  ['POST /log-out', logOut],
]);

/** @param {Context} ctx */
async function showSession(ctx) {
  let notice;
  // Two tabs may load at once: `update` counts both, where `ctx.session.views++` might count one.
  const isLive = await ctx.session.update(data => {
    data.views = (data.views ?? 0) + 1;
    notice = data.notice;
    delete data.notice;
  });
  if (!isLive) return see(ctx, '/logged-out');
  ctx.body = sessionPage({ ...describe(ctx), notice });
}

/** @param {Context} ctx */
function showLoggedOut(ctx) {
  ctx.body = loggedOutPage();
}

/** @param {Context} ctx */
async function keepNote(ctx) {
  // A browser says how long its form is. One that does not say, or is longer than the page's own, is refused unread.
  if (!(ctx.request.length <= 4096)) ctx.throw(413);
  const form = new URLSearchParams(await text(ctx.req));
  ctx.session.note = form.get('note')?.slice(0, 200);
  seeSession(ctx, 'Your note is kept.');
}

/** @param {Context} ctx */
function fill(ctx) {
  ctx.session.filler = 'x'.repeat(4096);
  seeSession(ctx, 'The session holds 4 KB more. Its cookie is as small as before.');
}

/** @param {Context} ctx */
function empty(ctx) {
  delete ctx.session.filler;
  seeSession(ctx, 'The 4 KB are gone.');
}

/** @param {Context} ctx */
async function regenerate(ctx) {
  await ctx.session.regenerate();
  seeSession(ctx, 'The session has a new key. The old one opens nothing.');
}

/** @param {Context} ctx */
function endWithBrowser(ctx) {
  ctx.session.maxAge = 'session';
  seeSession(ctx, 'The session ends when the browser closes.');
}

/** @param {Context} ctx */
function keepForADay(ctx) {
  ctx.session.maxAge = DAY;
  seeSession(ctx, 'The session lasts for a day from its last view.');
}

/** @param {Context} ctx */
function logOut(ctx) {
  ctx.session = null;
  see(ctx, '/logged-out');
}

/**
 * @param {Context} ctx
 * @param {string} notice  What the page tells once.
 */
function seeSession(ctx, notice) {
  ctx.session.notice = notice;
  see(ctx, '/');
}

/**
 * Answers a button with a redirect, so that a reload repeats nothing.
 *
 * @param {Context} ctx
 * @param {string} path
 */
function see(ctx, path) {
  ctx.status = 303;
  ctx.redirect(path);
}

/**
 * What the page shows of the session. The key is a secret: it leaves the server in the cookie alone.
 *
 * @param {Context} ctx
 */
function describe({ session, sessionInfo }) {
  const data = session.toJSON();
  const key = session.externalKey ?? '';
  return {
    data,
    maxAge: session.maxAge,
    expiresAt: sessionInfo.expiresAt,
    handle: sessionInfo.handle,
    fingerprint: createHash('sha256').update(key).digest('hex').slice(0, 8),
    cookieSize: cookieSize(key),
    sizeAsCookie: cookieSize(asCookie(data)),
  };
}

/**
 * The cookie that would hold the data themselves, were there no store.
 *
 * @param {object} data
 */
function asCookie(data) {
  const record = { ...data, _expire: Date.now() + DAY, _maxAge: DAY };
  return Buffer.from(JSON.stringify(record)).toString('base64');
}

/** @param {string} value */
function cookieSize(value) {
  return Buffer.byteLength(SESSION.key + value);
}

const files = new Map([
  ['/style.css', readFileSync(new URL('style.css', import.meta.url))],
  ['/icon.svg', readFileSync(new URL('icon.svg', import.meta.url))],
]);

/** @type {Middleware} */
function assets(ctx, next) {
  const file = files.get(ctx.path);
  if (!file) return next();
  ctx.type = ctx.path.slice(ctx.path.lastIndexOf('.'));
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.body = file;
}
