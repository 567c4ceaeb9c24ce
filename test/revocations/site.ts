import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type Koa from 'koa';
import { type SessionManager, type SessionStore, session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { redisStore } from 'sojourn/redis';
import { sqliteStore } from 'sojourn/sqlite';
import { bareApp, type Routes, router } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import type { TestOptions } from '../harness/visit.js';
import { sqliteDatabase } from '../service/sqlite-database.js';
import { missing, startRedis } from '../stores/redis-servers.js';

/** The stores that are tried, each of them empty. */
export const STORES: Readonly<Record<string, (t: TestContext) => Promise<SessionStore>>> = {
  memory: async () => memoryStore(),
  SQLite: async t => {
    const folder = mkdtempSync(join(tmpdir(), 'revocations-'));
    const database = await sqliteDatabase(join(folder, 'revocations.db'));
    t.after(() => {
      database.close?.();
      rmSync(folder, { recursive: true });
    });
    return sqliteStore(database);
  },
  Redis: async t => {
    const server = await startRedis();
    const client = new Redis(server.port);
    t.after(async () => {
      client.disconnect();
      await server.stop();
    });
    return redisStore(client);
  },
};

/** Why a store is not tried here. */
export const skipOf = (store: string): string | false => store === 'Redis' && missing;

export const site: Routes = {
  visit: ctx => {
    ctx.session.cart = ['tea'];
  },
  login: ctx => {
    ctx.session.user = ctx.query.as ?? 'ann';
  },
  signout: ctx => {
    delete ctx.session.user;
  },
  logout: ctx => {
    ctx.session = null;
  },
  empty: ctx => {
    for (const name of Object.keys(ctx.session)) delete ctx.session[name];
  },
  write: ctx => {
    ctx.session.page = String(ctx.query.page);
  },
  regenerate: ctx => ctx.session.regenerate(),
  read: ctx => ({ ...ctx.session }),
  info: ctx => ctx.sessionInfo,
  '': ctx => ({ user: ctx.session.user ?? null }),
};

export interface Site {
  readonly app: Koa;
  readonly sessions: SessionManager<object>;
  readonly browser: Browser;
}

/** Serves an app of these routes whose cookie sessions can be ended. */
export async function siteWith(
  t: TestContext,
  store: SessionStore,
  options: TestOptions = {},
  routes: Routes = {},
): Promise<Site> {
  const app = bareApp();
  const owner = (data: { user?: string }) => data.user;
  const sessions = session<object>(app, { revocations: store, owner: owner as never, ...options });
  app.use(sessions).use(router({ ...site, ...routes }));
  return { app, sessions, browser: await serve(t, app) };
}

export interface Info {
  readonly owner?: string;
  readonly handle: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly available: boolean;
  readonly ended?: { readonly reason: string; readonly at: number };
}

export async function infoOf(browser: Browser): Promise<Info> {
  return (await browser.get('info')).json as Info;
}

export async function dataOf(browser: Browser): Promise<unknown> {
  return (await browser.get('read')).json;
}

/** A request that is held at a gate of the app's: `entered` once it is there, and let go by `open`. */
export function gate(): { readonly entered: Promise<void>; pass(): Promise<void>; open(): void } {
  const [entry, exit] = [deferred(), deferred()];
  const pass = () => {
    entry.resolve();
    return exit.promise;
  };
  return { entered: entry.promise, pass, open: exit.resolve };
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>(done => {
    resolve = done;
  });
  return { promise, resolve };
}
