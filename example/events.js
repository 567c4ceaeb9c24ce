import { describeEnding } from './endings.js';

/** @import { Context, Middleware } from 'koa' */
/** @import { SessionManager } from 'sojourn' */

const PATH = '/events';

/** Ms. Proxies drop a connection on which nothing is said for a minute. */
const HEARTBEAT = 25_000;

/**
 * Server-sent events for the pages of who is signed in: one event, `ended`, when the session ends. It goes before the
 * middleware of the sessions, for an open page is no use of a session: left alone, it must come to its idle deadline.
 *
 * @param {object} options
 * @param {SessionManager} options.sessions
 * @param {AbortSignal | undefined} options.stopping  Ends the streams: they would hold up a server that is to stop.
 * @returns {Middleware}
 */
export function liveEvents({ sessions, stopping }) {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' || ctx.path !== PATH) return next();
    const opened = await sessions.open(ctx.req);
    // Nobody is signed in any more: the route below knows why.
    if (!opened?.owner) {
      opened?.close();
      return next();
    }
    // The page was left while its session was looked up.
    if (ctx.res.destroyed) return opened.close();
    const stream = eventStream(ctx);
    const { signal } = opened;
    whenAborted(signal, () => stream.end(endedEvent(signal.reason.reason)));
    const stop = () => stream.end();
    stopping?.addEventListener('abort', stop);
    const heartbeat = setInterval(() => stream.write(':\n\n'), HEARTBEAT).unref();
    stream.once('close', () => {
      opened.close();
      clearInterval(heartbeat);
      stopping?.removeEventListener('abort', stop);
    });
  };
}

export const eventRoutes = {
  /** @param {Context} ctx  Of a page that missed the end of its session: the computer was asleep, say. */
  [`GET ${PATH}`]: ctx => {
    eventStream(ctx).end(endedEvent(ctx.sessionInfo.ended?.reason));
  },
};

/**
 * Written by hand: to Koa, a page that is left would be a body that broke off.
 *
 * @param {Context} ctx
 */
function eventStream(ctx) {
  ctx.respond = false;
  ctx.status = 200;
  ctx.set({
    'Content-Type': 'text/event-stream',
    // What has ended leaves no connection behind, which would hold up a server that is to stop.
    Connection: 'close',
    // nginx would keep events back, to send many at once.
    'X-Accel-Buffering': 'no',
  });
  // Ms after which the browser comes back, where the connection was lost.
  ctx.res.write('retry: 1000\n\n');
  return ctx.res;
}

/** @param {string | undefined} reason */
function endedEvent(reason) {
  return `event: ended\ndata: ${JSON.stringify(describeEnding(reason))}\n\n`;
}

/**
 * @param {AbortSignal} signal
 * @param {() => void} callback
 */
function whenAborted(signal, callback) {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
}
