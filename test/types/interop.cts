// CommonJS written with `import`, as TypeScript and Babel compile it.
import Koa from 'koa';
import session, {
  createSession,
  type Session,
  type SessionData,
  SessionError,
  SessionStoreError,
} from 'sojourn';

const app = new Koa();
app.use(session(app)).use(createSession(app));
app.use(session<{ user?: string }>(app)).use(ctx => {
  const user: string | undefined = ctx.session.user;
  ctx.body = user;
});

export function themeOf(current: Session): SessionData['theme'] {
  return current.theme;
}

export function statusOf(error: unknown): number | undefined {
  if (error instanceof SessionStoreError) return error.status;
  return error instanceof SessionError ? 500 : undefined;
}
