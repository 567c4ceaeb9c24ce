import { errorPage } from './pages/error.js';

/** @import { Middleware } from 'koa' */

/**
 * Gives an answer that has no page one: where there is nothing, and where a request was refused. What is the app's own
 * fault is left to Koa, which reports it and says no more than that.
 *
 * @type {Middleware}
 */
export async function errorPages(ctx, next) {
  try {
    await next();
    if (ctx.status === 404 && !ctx.body) ctx.throw(404, 'There is no page at this address.');
  } catch (error) {
    const { status, expose, message } = /** @type {{ status: number, expose?: boolean, message: string }} */ (
      error
    );
    if (!expose) throw error;
    ctx.status = status;
    ctx.body = errorPage(status, message);
  }
}
