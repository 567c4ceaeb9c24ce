import { newToken } from './protection.js';

/** @import { Context } from 'koa' */

/**
 * What every page needs to know of its visitor.
 *
 * @typedef {object} Visitor
 * @property {string | undefined} name  Who is signed in.
 * @property {string} token  For the page's forms.
 * @property {string} path  Where the visitor is.
 */

/**
 * @param {Context} ctx
 * @returns {Visitor}
 */
export function visitorOf({ session, path }) {
  session.token ??= newToken();
  return { name: session.user?.name, token: session.token, path };
}
