import Koa from 'koa';
import session from 'sojourn';
import { limitsBy } from './accounts/limits.js';
import { assets } from './assets.js';
import { tellEnding } from './endings.js';
import { errorPages } from './errors.js';
import { eventRoutes, liveEvents } from './events.js';
import { readForm } from './form.js';
import { sameOriginOnly, secureHeaders, tokenOnly } from './protection.js';
import { deviceRoutes } from './routes/devices.js';
import { passwordRoutes } from './routes/password.js';
import { sessionRoutes } from './routes/session.js';
import { signInRoutes } from './routes/sign-in.js';
import { SESSION } from './session-options.js';

/** @import { Context } from 'koa' */
/** @import { SessionManager, SessionStore } from 'sojourn' */
/** @import { Accounts } from './accounts/accounts.js' */
/** @import { Limits } from './accounts/limits.js' */

/**
 * Answers one method and path.
 *
 * @typedef {(ctx: Context) => unknown} Handler
 */

/**
 * What the routes work with.
 *
 * @typedef {object} Parts
 * @property {SessionManager} sessions
 * @property {Accounts} accounts
 * @property {Limits} limits
 * @property {() => number} clock
 */

/**
 * An app that shows its visitor's session, and lets accounts sign in and look after their devices.
 *
 * @param {object} options
 * @param {string[]} options.keys  Sign the cookie, the newest first.
 * @param {SessionStore} options.store  Where the sessions live.
 * @param {Accounts} options.accounts
 * @param {AbortSignal} [options.stopping]  Aborted when the server is to stop.
 * @param {() => number} [options.clock]  For tests.
 */
export function createApp({ keys, store, accounts, stopping, clock = Date.now }) {
  const app = new Koa({ keys });
  const sessions = session(app, { ...SESSION, store, clock });
  const routes = routesOf({ sessions, accounts, limits: limitsBy(clock), clock });
  app.use(secureHeaders);
  app.use(errorPages);
  app.use(sameOriginOnly);
  app.use(assets);
  app.use(liveEvents({ sessions, stopping }));
  app.use(sessions);
  app.use(tellEnding);
  app.use(readForm);
  app.use(tokenOnly);
  app.use(ctx => routes.get(`${ctx.method.replace('HEAD', 'GET')} ${ctx.path}`)?.(ctx));
  return app;
}

/**
 * @param {Parts} parts
 * @returns {Map<string, Handler>}
 */
function routesOf(parts) {
  const groups = [
    sessionRoutes,
    signInRoutes(parts),
    deviceRoutes(parts),
    passwordRoutes(parts),
    eventRoutes,
  ];
  return new Map(groups.flatMap(group => Object.entries(group)));
}
