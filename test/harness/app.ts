import { PassThrough } from 'node:stream';
import type { TestContext } from 'node:test';
import Koa from 'koa';
import type { Session, SessionInfo } from 'sojourn';
import type { CreateSession } from './packages.js';

/** A session whose data may be anything. */
export type AnySession = Session<object> & Record<string, unknown>;

/** Koa's context as the tests see it: they use names and values that no app's type would allow. */
export type Ctx = Omit<Koa.Context, 'session' | 'sessionOptions' | 'loadSession'> & {
  get session(): AnySession;
  set session(value: unknown);
  readonly sessionInfo: SessionInfo;
  readonly sessionOptions: Record<string, unknown>;
  loadSession(): Promise<AnySession>;
};

/** Answers one path. What it returns is the body, unless it set one. */
export type Handler = (ctx: Ctx) => unknown;

/** An app's paths, without the leading slash; the handler `''` serves those that are not named. */
export type Routes = Readonly<Record<string, Handler>>;

export const SECRET = 'the secret that signs the cookies of the tests';

/** An app that has keys, prints nothing, and has a session on every path. */
export function appWith(createSession: CreateSession, options: object, routes: Routes): Koa {
  const app = bareApp();
  app.use(createSession(app, options));
  app.use(router(routes));
  return app;
}

/** An app that has keys and prints nothing. */
export function bareApp(): Koa {
  const app = new Koa();
  app.keys = [SECRET];
  app.silent = true;
  return app;
}

export function router(routes: Routes): Koa.Middleware {
  return async context => {
    const ctx = context as unknown as Ctx;
    const handler = routes[ctx.path.slice(1)] ?? routes[''];
    if (!handler) return;
    const result = await handler(ctx);
    if (ctx.respond !== false && ctx.body === undefined) ctx.body = result ?? 'ok';
  };
}

/** Signs a visitor in and out, and says who it is. */
export const account: Routes = {
  login: ctx => {
    ctx.session.user = 'ann';
  },
  logout: ctx => {
    ctx.session = null;
  },
  '': ctx => ({ user: ctx.session?.user ?? null }),
};

/** The errors that reach an app's `error` listeners from now on. */
export function errorsOf(app: Koa): Error[] {
  const errors: Error[] = [];
  app.on('error', error => errors.push(error));
  return errors;
}

/** The payloads of an app's events of this name from now on. */
export function eventsOf(app: Koa, name: string): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [];
  app.on(name, event => events.push(event));
  return events;
}

/** A body of which the beginning is sent: the rest comes with `end`. */
export function beginBody(ctx: Ctx): PassThrough {
  const body = new PassThrough();
  ctx.body = body;
  body.write('first');
  return body;
}

/** The process's warnings from now on, until the test ends. */
export function warningsOf(t: TestContext): (Error & { code?: string })[] {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  t.after(() => process.off('warning', listen));
  return warnings;
}

/** Reads a form that was posted to `ctx.request.body`, as body parsers do. */
export const parseForm: Koa.Middleware = async (ctx, next) => {
  let text = '';
  for await (const chunk of ctx.req) text += chunk;
  Object.assign(ctx.request, { body: Object.fromEntries(new URLSearchParams(text)) });
  await next();
};
