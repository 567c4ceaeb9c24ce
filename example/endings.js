import { see } from './form.js';
import { endedPage } from './pages/ended.js';
import { duration } from './pages/format.js';
import { SESSION } from './session-options.js';

/** @import { Context, Middleware } from 'koa' */

/**
 * Why a session is over, for people.
 *
 * @typedef {object} Ending
 * @property {string} title
 * @property {string} text
 */

/** @type {Map<string, Ending>} */
const ENDINGS = new Map([
  [
    'displaced',
    {
      title: 'Signed in on another device',
      text: 'Your account is set to one device at a time, and it was signed in on another one. If that was not you, sign in and choose a new password.',
    },
  ],
  [
    'revoked',
    {
      title: 'Signed out from another device',
      text: 'One of your other devices signed this one out. If that was not you, sign in and choose a new password.',
    },
  ],
  [
    'password-changed',
    {
      title: 'Your password was changed',
      text: 'A new password signs out every device but the one on which it was chosen. Sign in with the new one.',
    },
  ],
  [
    'idle',
    {
      title: 'Your session has ended',
      text: `It was not used for ${duration(SESSION.idleTimeout)}. What is left alone is closed, so that nobody else goes on with it.`,
    },
  ],
  [
    'absolute',
    { title: 'Your session has ended', text: 'However much it is used, a session lasts for a day.' },
  ],
  ['expired', { title: 'Your session has ended', text: 'It had come to the end of its lifetime.' }],
  ['logout', { title: 'Logged out', text: 'You logged out of this session, here or in another tab.' }],
]);

/** For a page whose session is no longer there, and left no reason. */
const UNKNOWN = { title: 'You are signed out', text: 'This page belongs to a session that is over.' };

/** @param {string | undefined} reason */
export function describeEnding(reason) {
  return ENDINGS.get(reason ?? '') ?? UNKNOWN;
}

/**
 * Why the session that the visitor came with is over. The reasons that are left out tell of a cookie that is forged, or
 * not of this server, or replaced by a newer one: nobody was signed out by it, and the visitor is a new one.
 *
 * @param {Context} ctx
 */
export function endingOf({ sessionInfo }) {
  return ENDINGS.get(sessionInfo.ended?.reason ?? '');
}

/** Where one goes on from a session that is over. */
const WAYS_ON = new Set(['/sign-in', '/sign-up', '/start', '/logged-out', '/events']);

/**
 * Answers with the reason, whatever was asked for, for as long as the browser presents the session that is over: a
 * reload and every other tab tell it too. It is presented until there is a new one in its place.
 *
 * @type {Middleware}
 */
export function tellEnding(ctx, next) {
  const { ended } = ctx.sessionInfo;
  // A form of the session that is over would be refused for its token. Its page says why, and has a new one.
  if (ended && ctx.method === 'POST' && WAYS_ON.has(ctx.path)) return see(ctx, ctx.path);
  const ending = endingOf(ctx);
  if (!ended || !ending || WAYS_ON.has(ctx.path)) return next();
  ctx.status = 403;
  ctx.body = endedPage({ ...ending, ...ended });
}
