// A plain Koa app: `ctx.session` is typed wherever a context is, its data by declaration merging.
import Koa from 'koa';
import session, {
  createSession,
  session as named,
  type Session,
  type SessionData,
  type SessionErrorCode,
  type SessionEvent,
  type SessionInfo,
} from 'sojourn';

declare module 'sojourn' {
  interface SessionData {
    views?: number;
    user?: { readonly id: string };
  }
}

const app = new Koa();
app.use(session(app));
app.use(session(app, { key: 'a' }));
app.use(session({ key: 'b' }, app));
app.use(named(app));
app.use(createSession(app));
// @ts-expect-error An app is needed.
session({ key: 'c' });

app.use(async (ctx, next) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1;
  const id: string | undefined = ctx.session.user?.id;
  ctx.body = { id, ...ctx.session };
  await next();
});

app.use(ctx => {
  // @ts-expect-error Not declared.
  ctx.session.vews;
  // @ts-expect-error Declared with another type.
  ctx.session.views = '1';
  // @ts-expect-error Declared as read-only.
  if (ctx.session.user) ctx.session.user.id = 'x';
});

app.use(ctx => {
  ctx.session = { views: 1 };
  ctx.session = { views: 1, maxAge: 5000 };
  ctx.session = { maxAge: 'session' };
  ctx.session = null;
  // @ts-expect-error Not declared.
  ctx.session = { vews: 1 };
  // @ts-expect-error Declared with another type.
  ctx.session = { views: '1' };
  // @ts-expect-error A session is an object or null.
  ctx.session = 'text';
  // @ts-expect-error A session is an object or null.
  ctx.session = 5;
  // @ts-expect-error null ends a session.
  ctx.session = undefined;
});

app.use(async ctx => {
  const isNew: boolean = ctx.session.isNew;
  const count: number = ctx.session.length;
  const populated: boolean = ctx.session.populated;
  const lifetime: number | 'session' = ctx.session.maxAge;
  const key: string | undefined = ctx.session.externalKey;
  ctx.session.maxAge = 'session';
  ctx.session.maxAge = 60_000;
  ctx.session.maxAge = null;
  ctx.session.maxAge = undefined;
  await ctx.session.save();
  await ctx.session.regenerate();
  await ctx.session.manuallyCommit();
  await ctx.session.commit();
  await ctx.session.touch();
  ctx.session.save(error => void error);
  const isLive: boolean = await ctx.session.update(data => {
    data.views = (data.views ?? 0) + 1;
  });
  const data: SessionData = ctx.session.toJSON();
  // @ts-expect-error Known only to the library.
  ctx.session.isNew = false;
  // @ts-expect-error A number of ms.
  ctx.session.maxAge = '1d';
  return [isNew, count, populated, lifetime, key, isLive, data];
});

app.use(async ctx => {
  const info: SessionInfo = ctx.sessionInfo;
  const available: boolean = info.available;
  const ended: { readonly reason: string } | undefined = info.ended;
  const loaded: Session = await ctx.loadSession();
  ctx.sessionOptions.domain = 'example.org';
  ctx.sessionOptions.maxAge = 1000;
  // @ts-expect-error For reading.
  ctx.sessionInfo.available = true;
  // @ts-expect-error A cookie's domain is text.
  ctx.sessionOptions.domain = 5;
  return [available, ended, loaded.views];
});

app.on('session:ended', ({ handle, reason, ctx }: SessionEvent) => {
  const told: (string | undefined)[] = [handle, reason, ctx?.path];
  return told;
});

/** Callers switch on the code. */
export function isTooLate(code: SessionErrorCode): boolean {
  // @ts-expect-error No code of ours.
  if (code === 'ERR_SESSION') return false;
  return code === 'ERR_SESSION_HEADERS_SENT';
}

/** A context that is passed on by its type. */
export function viewsOf(ctx: Koa.Context | Koa.ParameterizedContext | Koa.ExtendableContext): number {
  return ctx.session.views ?? 0;
}
