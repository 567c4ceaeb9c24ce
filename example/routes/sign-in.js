import { nameFault, normalizedName, passwordFault } from '../accounts/credentials.js';
import { countTry, tooOften } from '../accounts/limits.js';
import { displaceOlder } from '../accounts/one-device.js';
import { endingOf } from '../endings.js';
import { field, see } from '../form.js';
import { signInPage, signUpPage } from '../pages/sign-in.js';
import { newToken } from '../protection.js';
import { visitorOf } from '../visitor.js';

/** @import { Context } from 'koa' */
/** @import { Account } from '../accounts/accounts.js' */
/** @import { Handler, Parts } from '../app.js' */
/** @import { Errors, SignIn } from '../pages/sign-in.js' */

/** The same whichever is wrong, lest it tell who has an account. */
const WRONG = 'This name and this password do not belong together.';

/**
 * Signing in, and signing up.
 *
 * @param {Parts} parts
 * @returns {Record<string, Handler>}
 */
export function signInRoutes({ sessions, accounts, limits }) {
  return {
    'GET /sign-in': ctx => show(ctx, signInPage),
    'GET /sign-up': ctx => show(ctx, signUpPage),

    async 'POST /sign-in'(ctx) {
      const name = nameIn(ctx);
      const wait = countTry(limits, { name, ip: ctx.ip });
      if (wait > 0) return refuse(ctx, signInPage, { form: tooOften(ctx, wait) });
      const account = await accounts.authenticate(name, field(ctx, 'password'));
      if (!account || !(await admit(ctx, account))) return refuse(ctx, signInPage, { form: WRONG });
      limits.account.forget(name);
      see(ctx, '/devices', `You are signed in as ${account.name}.`);
    },

    // That a name is taken cannot be kept from whoever wants it, only be asked slowly. Where accounts are e-mail
    // addresses, give the same answer to both, and say the rest in a message to that address.
    async 'POST /sign-up'(ctx) {
      const [name, password] = [nameIn(ctx), field(ctx, 'password')];
      const faults = { name: nameFault(name), password: passwordFault(password) };
      if (faults.name || faults.password) return refuse(ctx, signUpPage, faults);
      const wait = limits.signUp.take(ctx.ip);
      if (wait > 0) return refuse(ctx, signUpPage, { form: tooOften(ctx, wait) });
      const account = await accounts.create(name, password);
      if (!account) return refuse(ctx, signUpPage, { name: 'This name is taken. Choose another one.' });
      await admit(ctx, account);
      see(ctx, '/devices', `Welcome, ${account.name}. You are signed in.`);
    },
  };

  /**
   * Signs in whoever has shown the account's password; false where that has been changed meanwhile. The session is
   * saved first, under a new key, and the account is looked at again after that: so a change of the account either is
   * seen here, or finds this session in the account's list.
   *
   * @param {Context} ctx
   * @param {Account} shown  The account as it was when the password was checked.
   */
  async function admit(ctx, shown) {
    const user = { id: shown.id, name: shown.name };
    // What a visitor kept is theirs after the sign-in too; what another account kept is not.
    const kept = ctx.session.user ? {} : ctx.session.toJSON();
    ctx.session = { ...kept, user, token: newToken() };
    await ctx.session.save();
    const account = accounts.find(shown.id);
    if (account?.password !== shown.password) {
      delete ctx.session.user;
      return false;
    }
    if (account.oneDevice) await displaceOlder(sessions, account.id);
    return true;
  }
}

/** @param {Context} ctx */
function nameIn(ctx) {
  return normalizedName(field(ctx, 'name'));
}

/**
 * @param {Context} ctx
 * @param {(view: SignIn) => string} page
 */
function show(ctx, page) {
  if (ctx.session.user) return see(ctx, '/devices');
  ctx.body = page({ visitor: visitorOf(ctx), notice: endingOf(ctx)?.text });
}

/**
 * Shows the form again, with what is wrong. What a person has typed stays, but for the password.
 *
 * @param {Context} ctx
 * @param {(view: SignIn) => string} page
 * @param {Errors} errors
 */
function refuse(ctx, page, errors) {
  if (ctx.status !== 429) ctx.status = 422;
  ctx.body = page({ visitor: visitorOf(ctx), name: field(ctx, 'name'), errors });
}
