import { randomBytes, timingSafeEqual } from 'node:crypto';
import { field } from './form.js';

/** @import { Context, Middleware } from 'koa' */

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Lets a page load nothing but this app's own files, and no cache keep it: the next person at this browser could go
 * back to it.
 *
 * @type {Middleware}
 */
export function secureHeaders(ctx, next) {
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  return next();
}

/**
 * Refuses a request by which another site's page would change something in the visitor's name. `sameSite: 'lax'` keeps
 * the cookie from other sites already, but a site is wider than an origin: it takes in sibling domains and other ports.
 *
 * @type {Middleware}
 */
export function sameOriginOnly(ctx, next) {
  if (!isSafe(ctx.method) && !isSameOrigin(ctx)) ctx.throw(403, 'This form was sent by another site.');
  return next();
}

/**
 * Refuses a form that lacks the token of the visitor's session. It stands by itself: where a proxy drops the headers
 * that `sameOriginOnly` looks at, and for the sign-in, to which another site could bring an account of its own.
 *
 * @type {Middleware}
 */
export function tokenOnly(ctx, next) {
  if (!isSafe(ctx.method) && !hasToken(ctx)) {
    ctx.throw(403, 'This form belongs to a session that is over. Open the page anew, and try again.');
  }
  return next();
}

export function newToken() {
  return randomBytes(16).toString('base64url');
}

/** @param {Context} ctx */
function hasToken(ctx) {
  const given = Buffer.from(field(ctx, 'token'));
  const wanted = Buffer.from(ctx.session.token ?? '');
  return wanted.length > 0 && given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** @param {string} method */
function isSafe(method) {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/**
 * Every browser names the source of a POST by one of these headers. A client that sends neither is no browser, and
 * nobody's cookie comes with it unasked.
 *
 * @param {Context} ctx
 */
function isSameOrigin(ctx) {
  const site = ctx.get('Sec-Fetch-Site');
  if (site) return site === 'same-origin';
  const origin = ctx.get('Origin');
  return origin === '' || origin === `${ctx.protocol}://${ctx.host}`;
}
