import { accountOnly } from '../accounts/account-only.js';
import { passwordFault } from '../accounts/credentials.js';
import { countTry, tooOften } from '../accounts/limits.js';
import { field, see } from '../form.js';
import { confirmPage, passwordPage } from '../pages/password.js';
import { MINUTE } from '../session-options.js';
import { visitorOf } from '../visitor.js';

/** @import { Context } from 'koa' */
/** @import { Handler, Parts } from '../app.js' */
/** @import { PasswordForm } from '../pages/password.js' */

/** Ms for which it is not asked again who is there. */
const TRUST = 5 * MINUTE;

/**
 * A new password. Whoever has not just given the old one is asked for it first: it may be another person at an
 * unlocked computer (ASVS 5.0, 7.5.1).
 *
 * @param {Parts} parts
 * @returns {Record<string, Handler>}
 */
export function passwordRoutes({ sessions, accounts, limits, clock }) {
  return {
    'GET /confirm': accountOnly(accounts, ctx => {
      ctx.body = confirmPage({ visitor: visitorOf(ctx) });
    }),

    'POST /confirm': accountOnly(accounts, async (ctx, { name }) => {
      const wait = countTry(limits, { name, ip: ctx.ip });
      if (wait > 0) return refuse(ctx, confirmPage, tooOften(ctx, wait));
      const isRight = await accounts.authenticate(name, field(ctx, 'password'));
      if (!isRight) return refuse(ctx, confirmPage, 'This is not your password.');
      limits.account.forget(name);
      ctx.session.confirmedAt = clock();
      // A key that was copied before is worth nothing after (ASVS 5.0, 7.2.4).
      await ctx.session.regenerate();
      see(ctx, '/password');
    }),

    'GET /password': accountOnly(accounts, ctx => {
      if (!isConfirmed(ctx)) return see(ctx, '/confirm');
      ctx.body = passwordPage({ visitor: visitorOf(ctx) });
    }),

    'POST /password': accountOnly(accounts, async (ctx, { id }) => {
      if (!isConfirmed(ctx)) return see(ctx, '/confirm');
      const fault = passwordFault(field(ctx, 'password'));
      if (fault) return refuse(ctx, passwordPage, fault);
      await accounts.changePassword(id, field(ctx, 'password'));
      await sessions.endAll(id, { except: ctx.session, reason: 'password-changed' });
      await ctx.session.regenerate();
      see(ctx, '/devices', 'Your password is changed, and all other devices are signed out.');
    }),
  };

  /** @param {Context} ctx */
  function isConfirmed({ session, sessionInfo }) {
    const lastProof = Math.max(sessionInfo.authenticatedAt ?? 0, session.confirmedAt ?? 0);
    return clock() - lastProof < TRUST;
  }
}

/**
 * @param {Context} ctx
 * @param {(view: PasswordForm) => string} page
 * @param {string} error
 */
function refuse(ctx, page, error) {
  if (ctx.status !== 429) ctx.status = 422;
  ctx.body = page({ visitor: visitorOf(ctx), error });
}
