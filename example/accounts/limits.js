import { duration } from '../pages/format.js';
import { MINUTE } from '../session-options.js';
import { RateLimit } from './rate-limit.js';

/** @import { Context } from 'koa' */

/** @typedef {ReturnType<typeof limitsBy>} Limits */

/**
 * How often one may try: a person who has forgotten the password gets there, a program that guesses does not. It is
 * counted for each account, also for those that do not exist, and for each address, which may try many accounts.
 *
 * @param {() => number} clock
 */
export function limitsBy(clock) {
  return {
    account: new RateLimit({ burst: 5, interval: MINUTE, clock }),
    address: new RateLimit({ burst: 20, interval: MINUTE / 6, clock }),
    signUp: new RateLimit({ burst: 10, interval: MINUTE, clock }),
  };
}

/**
 * Counts that a password is tried, and answers how long to wait before it may be, in ms.
 *
 * @param {Limits} limits
 * @param {object} tried
 * @param {string} tried.name
 * @param {string} tried.ip
 */
export function countTry({ account, address }, { name, ip }) {
  return address.take(ip) || account.take(name);
}

/**
 * Answers 429, and what to say on the page.
 *
 * @param {Context} ctx
 * @param {number} wait  Ms.
 */
export function tooOften(ctx, wait) {
  ctx.status = 429;
  ctx.set('Retry-After', String(Math.ceil(wait / 1000)));
  return `That was tried too often. Try again in ${duration(wait)}.`;
}
