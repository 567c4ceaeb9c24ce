import { see } from '../form.js';

/** @import { Context } from 'koa' */
/** @import { Account, Accounts } from './accounts.js' */
/** @import { Handler } from '../app.js' */

/**
 * A handler for who is signed in; all others are sent to sign in. An account that was deleted is signed out.
 *
 * @param {Accounts} accounts
 * @param {(ctx: Context, account: Account) => unknown} handler
 * @returns {Handler}
 */
export function accountOnly(accounts, handler) {
  return ctx => {
    const { user } = ctx.session;
    const account = user && accounts.find(user.id);
    if (account) return handler(ctx, account);
    if (user) ctx.session = null;
    return see(ctx, '/sign-in');
  };
}
