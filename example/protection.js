/** @import { Context, Middleware } from 'koa' */

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Lets a page load nothing but this app's own style sheet and pictures, and run no script.
 *
 * @type {Middleware}
 */
export function secureHeaders(ctx, next) {
  ctx.set({
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
