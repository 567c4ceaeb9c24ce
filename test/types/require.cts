// CommonJS: `require('sojourn')` is the function itself, with every named export on it.
import Koa = require('koa');
import session = require('sojourn');

declare module 'sojourn' {
  interface SessionData {
    theme?: 'light' | 'dark';
  }
}

const app = new Koa();
app.use(session(app));
app.use(session(app, { key: 'a' }));
app.use(session({ key: 'b' }, app));
app.use(session.session(app));
app.use(session.createSession(app));
app.use(session.default(app));

app.use(ctx => {
  ctx.session.theme = 'dark';
  // @ts-expect-error Declared with another type.
  ctx.session.theme = 'blue';
  // @ts-expect-error Not declared.
  ctx.session.them;
  ctx.session = { theme: 'light' };
  ctx.session = null;
});

const options: session.SessionOptions = { key: 'c', maxAge: 'session' };
const data: session.SessionData = { theme: 'dark' };
const error: session.SessionError = new session.SessionOptionsError('wrong');
const sessions: session.SessionManager<{ user?: string }> = session<{ user?: string }>(app, { maxAge: 1000 });
const of = (ctx: Koa.Context): session.SessionAccess<{ user?: string }> => sessions.of(ctx);
app.use(ctx => of(ctx).session?.user);
export = { options, data, error };
