import type { Context, Next } from 'koa';
import { currentExchange, defineOnContext, setCurrentExchange } from './exchange/context.js';
import { Exchange } from './exchange/exchange.js';
import { isSameSession, requireOwnCookie, warnOfIgnored } from './exchange/neighbours.js';
import type { KoaApp } from './koa.js';
import { accessTo, administration, type SessionManager } from './manager.js';
import { configure } from './options/config.js';
import type { SessionOptions } from './options/options.js';
import type { SessionData } from './session/session.js';

/**
 * Session middleware for a Koa app: `session(app)`, `session(app, options)` or `session(options, app)`.
 * @throws TypeError without an app; SessionOptionsError for a mistake in the options
 */
export function createSession<T extends object = SessionData>(
  app: KoaApp,
  options?: SessionOptions<T>,
): SessionManager<T>;
export function createSession<T extends object = SessionData>(
  options: SessionOptions<T>,
  app: KoaApp,
): SessionManager<T>;
export function createSession<T extends object = SessionData>(
  first: KoaApp | SessionOptions<T>,
  second?: KoaApp | SessionOptions<T>,
): SessionManager<T> {
  const [app, options] = isApp(first) ? [first, second] : [second, first];
  if (!isApp(app)) throw new TypeError('session() needs the Koa app: session(app), session(app, options)');
  const config = configure(options as SessionOptions<never> | undefined);
  const slot = Symbol('sojourn.exchange');
  const open = (ctx: Context): Exchange => (ctx[slot] ??= new Exchange(ctx, config));
  defineOnContext(app.context as Context, config.options.property, open);
  requireOwnCookie(app, config);
  const middleware = (ctx: Context, next: Next) => {
    // A sub-app runs on its parent's context.
    if (!(config.options.property in ctx)) defineOnContext(ctx, config.options.property, open);
    const outer = currentExchange(ctx, config.options.property);
    if (!outer) return handle(open(ctx), next);
    if (!isSameSession(outer.config, config)) {
      return handle(open(ctx), next).finally(() => setCurrentExchange(ctx, outer));
    }
    // An app may hand one request to its middleware twice, after an internal redirect.
    if (outer.isOver && outer.config === config) return handle(outer, next);
    if (outer.config !== config) warnOfIgnored(config, outer.config);
    ctx[slot] = outer;
    return next();
  };
  return Object.assign(middleware, administration(app, config), {
    of: (ctx: Context) => accessTo<T>(open(ctx)),
  }) as unknown as SessionManager<T>;
}

/** One request from start to end: load the session, let the app work with it, commit the result. */
async function handle(exchange: Exchange, next: Next): Promise<void> {
  const { ctx, config } = exchange;
  setCurrentExchange(ctx, exchange);
  exchange.isOver = false;
  try {
    config.credential.requireUsable(ctx);
    const loading = config.isEager ? exchange.load() : undefined;
    if (loading) await loading;
    await next();
  } catch (error) {
    await exchange.tryToCommit();
    exchange.leave(false);
    throw error;
  }
  try {
    const finished = exchange.finish();
    if (finished) await finished;
  } finally {
    exchange.leave(isSentLater(ctx));
  }
}

/** True for a body that is sent after the middleware is done: the app may still change the session meanwhile. */
function isSentLater({ body, respond }: Context): boolean {
  if (typeof body !== 'object' || body === null) return respond === false;
  // What Koa treats as a stream need not be one of Node's.
  const isStream = typeof (body as { pipe?: unknown }).pipe === 'function';
  return isStream || WEB_BODIES.has(Object.prototype.toString.call(body)) || respond === false;
}

/** Recognised by tag, since a test environment may have its own globals, or none (jsdom has no `Response`). */
const WEB_BODIES: ReadonlySet<string> = new Set([
  '[object ReadableStream]',
  '[object Response]',
  '[object Blob]',
  '[object File]',
]);

function isApp(value: unknown): value is KoaApp {
  return typeof (value as KoaApp | undefined)?.use === 'function';
}
