import { text } from 'node:stream/consumers';

/** @import { Context, Middleware } from 'koa' */

/** Bytes. No form of this site is longer. */
const LONGEST = 4096;

/**
 * Reads the form that a request sends, for `field`.
 *
 * @type {Middleware}
 */
export async function readForm(ctx, next) {
  if (ctx.method === 'POST') {
    // A browser says how long its form is. One that does not say, or is longer than the site's own, is refused unread.
    if (!(ctx.request.length <= LONGEST)) ctx.throw(413, 'This form is too long.');
    ctx.state.form = new URLSearchParams(await text(ctx.req));
  }
  return next();
}

/**
 * What the form says there; empty where it says nothing.
 *
 * @param {Context} ctx
 * @param {string} name
 * @returns {string}
 */
export function field(ctx, name) {
  return ctx.state.form?.get(name) ?? '';
}

/**
 * Answers a form with a redirect, so that a reload repeats nothing.
 *
 * @param {Context} ctx
 * @param {string} path
 * @param {string} [notice]  What the page there tells once.
 */
export function see(ctx, path, notice) {
  if (notice) ctx.session.notice = notice;
  ctx.status = 303;
  ctx.redirect(path);
}

/**
 * What the last form had to tell. It is told once.
 *
 * @param {Context} ctx
 */
export function takeNotice({ session }) {
  const { notice } = session;
  delete session.notice;
  return notice;
}
