import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type Koa from 'koa';

/** Koa's context of a request that brought this `Cookie` header, without a server. */
export function contextOf(app: Koa, cookie?: string, { isEncrypted = false } = {}): Koa.Context {
  const socket = Object.assign(new Socket(), { encrypted: isEncrypted });
  const req = new IncomingMessage(socket);
  if (cookie !== undefined) req.headers.cookie = cookie;
  return app.createContext(req, new ServerResponse(req));
}

/** The same where the app has asked for `ctx.cookies` before. */
export function touchedContextOf(...request: Parameters<typeof contextOf>): Koa.Context {
  const ctx = contextOf(...request);
  ctx.cookies.get('any');
  return ctx;
}

/** The `Set-Cookie` lines of the response, so far. */
export function linesOf({ res }: Koa.Context): string[] {
  return [res.getHeader('set-cookie') ?? []].flat() as string[];
}
