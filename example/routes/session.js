import { createHash } from 'node:crypto';
import { field, see } from '../form.js';
import { loggedOutPage, sessionPage } from '../pages/session.js';
import { newToken } from '../protection.js';
import { DAY, SESSION } from '../session-options.js';
import { visitorOf } from '../visitor.js';

/** @import { Context } from 'koa' */
/** @import { Handler } from '../app.js' */

/**
 * What a visitor can do with the session, signed in or not.
 *
 * @type {Record<string, Handler>}
 */
export const sessionRoutes = {
  'GET /': showSession,
  'GET /start': start,
  'GET /logged-out': showLoggedOut,
  'POST /note': keepNote,
  'POST /fill': fill,
  'POST /empty': empty,
  'POST /regenerate': regenerate,
  'POST /end-with-browser': endWithBrowser,
  'POST /keep-for-a-day': keepForADay,
  'POST /log-out': logOut,
};

/** @param {Context} ctx */
async function showSession(ctx) {
  let notice;
  // Two tabs may load at once: `update` counts both, where `ctx.session.views++` might count one.
  const isLive = await ctx.session.update(data => {
    data.views = (data.views ?? 0) + 1;
    data.token ??= newToken();
    notice = data.notice;
    delete data.notice;
  });
  if (!isLive) return see(ctx, '/logged-out');
  ctx.body = sessionPage({ ...describe(ctx), visitor: visitorOf(ctx), notice });
}

/** @param {Context} ctx  Leaves a session that is over behind. */
function start(ctx) {
  ctx.session.token ??= newToken();
  see(ctx, '/');
}

/** @param {Context} ctx */
function showLoggedOut(ctx) {
  ctx.body = loggedOutPage();
}

/** @param {Context} ctx */
function keepNote(ctx) {
  ctx.session.note = field(ctx, 'note').slice(0, 200);
  see(ctx, '/', 'Your note is kept.');
}

/** @param {Context} ctx */
function fill(ctx) {
  ctx.session.filler = 'x'.repeat(4096);
  see(ctx, '/', 'The session holds 4 KB more. Its cookie is as small as before.');
}

/** @param {Context} ctx */
function empty(ctx) {
  delete ctx.session.filler;
  see(ctx, '/', 'The 4 KB are gone.');
}

/** @param {Context} ctx */
async function regenerate(ctx) {
  await ctx.session.regenerate();
  see(ctx, '/', 'The session has a new key. The old one opens nothing.');
}

/** @param {Context} ctx */
function endWithBrowser(ctx) {
  ctx.session.maxAge = 'session';
  see(ctx, '/', 'The session ends when the browser closes.');
}

/** @param {Context} ctx */
function keepForADay(ctx) {
  ctx.session.maxAge = DAY;
  see(ctx, '/', 'The session outlives the browser, for up to a day.');
}

/** @param {Context} ctx */
export function logOut(ctx) {
  ctx.session = null;
  see(ctx, '/logged-out');
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
    createdAt: sessionInfo.createdAt,
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
