import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type Koa from 'koa';
import { type OpenedSession, type OpenOptions, type SessionManager, session } from 'sojourn';
import { bareApp, type Routes, router } from '../harness/app.js';
import { Browser, type Visit } from '../harness/browser.js';
import type { TestOptions } from '../harness/visit.js';

type Data = { user?: string; cart?: { items: string[] } };

/** An app whose sessions can be opened over HTTP, and a visitor of it. */
export interface Site {
  readonly app: Koa;
  readonly sessions: SessionManager<Data>;
  readonly browser: Browser;
  /** Opens the session of this browser, by a request that Koa does not see. */
  open(browser?: Browser, options?: OpenOptions, visit?: Visit): Promise<OpenedSession<Data> | null>;
}

export const ROUTES: Routes = {
  login: async ctx => {
    await ctx.loadSession();
    ctx.session.user = ctx.query.as ?? 'ann';
  },
  logout: ctx => {
    ctx.session = null;
  },
  empty: ctx => {
    delete ctx.session.user;
  },
  change: ctx => {
    ctx.session.changed = true;
  },
  regenerate: ctx => ctx.session.regenerate(),
  info: ctx => ctx.sessionInfo,
  read: ctx => ({ ...ctx.session }),
};

/** The request that is to be opened comes with its own path, whose answer tells nothing. */
export async function siteWith(t: TestContext, options: TestOptions, app: Koa = bareApp()): Promise<Site> {
  const sessions = session<Data>(app, {
    owner: data => data.user,
    watchInterval: 100,
    ...(options as object),
  });
  app.use(sessions).use(router(ROUTES));
  const requests: IncomingMessage[] = [];
  const handle = app.callback();
  const server = createServer((req, res) => {
    if (req.url !== '/open') {
      void handle(req, res);
      return;
    }
    requests.push(req);
    res.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    app,
    sessions,
    browser,
    open: async (from = browser, how = {}, visit = {}) => {
      const { cookies } = await from.get('open', visit);
      if (cookies.length > 0) throw new Error('opening set a cookie');
      const opened = await sessions.open(requests.pop() as IncomingMessage, how);
      t.after(() => opened?.close());
      return opened;
    },
  };
}

/** An account's session, open. */
export async function signedIn(site: Site, as = 'ann', browser: Browser = site.browser) {
  await browser.get(`login?as=${as}`);
  const opened = await site.open(browser);
  if (!opened) throw new Error('the session was not opened');
  return opened;
}

/** Why a session's signal was aborted; undefined where that has not come to pass after so many ms. */
export async function endOf(
  { signal }: { signal: AbortSignal },
  patience = 2000,
): Promise<string | undefined> {
  const waiting = new AbortController();
  if (!signal.aborted) {
    await Promise.race([
      once(signal, 'abort', { signal: waiting.signal }).catch(() => {}),
      delay(patience, undefined, { signal: waiting.signal }).catch(() => {}),
    ]);
    waiting.abort();
  }
  return signal.reason?.reason;
}
