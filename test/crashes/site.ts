import type Koa from 'koa';
import { type SessionStore, session } from 'sojourn';
import { bareApp, type Routes, router } from '../harness/app.js';

export interface SiteOptions {
  /** How many sessions an account may have; a further sign-in ends the oldest. */
  readonly maxSessions?: number | undefined;
  /** Without, the site does not know yet whose sessions are. @default true */
  readonly hasOwners?: boolean | undefined;
  /** ms that its clock is ahead. @default 0 */
  readonly ahead?: number | undefined;
}

/** The app that crashes, and, in another process and over a connection of its own, the one that says what is left. */
export function siteOn(store: SessionStore, { maxSessions, hasOwners = true, ahead = 0 }: SiteOptions) {
  const app: Koa = bareApp();
  const owner = hasOwners ? ((({ user }: { user?: string }) => user) as never) : undefined;
  const sessions = session<object>(app, { store, owner, maxSessions, clock: () => Date.now() + ahead });
  const routes: Routes = {
    visit: ctx => {
      ctx.session.mark = ctx.query.mark;
    },
    login: ctx => {
      ctx.session.mark = ctx.query.mark;
      ctx.session.user = ctx.query.as;
    },
    signout: ctx => {
      delete ctx.session.user;
    },
    logout: ctx => {
      ctx.session = null;
    },
    regenerate: ctx => ctx.session.regenerate(),
    end: async ({ query }) => String(await sessions.end(String(query.handle), { owner: String(query.as) })),
    'end-all': async ({ query }) =>
      String(await sessions.endAll(String(query.as), { except: query.except as string | undefined })),
    read: ctx => ({ ...ctx.session }),
    info: ctx => ctx.sessionInfo,
  };
  app.use(sessions).use(router(routes));
  return { app, sessions };
}
