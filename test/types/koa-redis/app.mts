// Beside the types of koa-session, which a koa-session store's types may bring along: those here count.
import Koa from 'koa';
import session, { type Session } from 'sojourn';

declare module 'sojourn' {
  interface SessionData {
    views?: number;
  }
}

const app = new Koa();
app.use(session(app));
app.use(ctx => {
  const current: Session = ctx.session;
  ctx.session.views = (ctx.session.views ?? 0) + 1;
  // @ts-expect-error Declared with another type.
  ctx.session.views = 'many';
  ctx.session = { views: 1 };
  ctx.session = null;
  ctx.sessionOptions.rolling = true;
  return current.save();
});
