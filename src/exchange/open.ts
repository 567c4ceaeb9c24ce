import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { Config } from '../options/config.js';
import { SessionWatch } from '../persistence/session-watch.js';
import { emitOutside, type KoaApp } from './events.js';
import { loadPresented, type Visit } from './load.js';
import { type OpenedSession, open } from './opened.js';
import { type AllowedOrigins, isAllowedOrigin } from './origin.js';
import { askSkip } from './settings.js';

/** How a session is opened. */
export interface OpenOptions {
  /**
   * Origins besides the app's own whose pages may open the session: `'https://app.example.com'`, a list, or a function
   * that is asked about a foreign one. @default none
   */
  readonly origin?: AllowedOrigins | undefined;
}

/** Opens sessions of an app's plain requests. */
export function opener(
  app: KoaApp,
  config: Config,
): (req: IncomingMessage, options?: OpenOptions) => Promise<OpenedSession<object> | null> {
  const watch = new SessionWatch({
    source: config.persistence.endings,
    interval: config.options.watchInterval,
    now: () => config.options.clock(),
    report: error => emitOutside(app, 'session:error', { handle: undefined, error }),
  });
  return async (req, { origin } = {}) => {
    // The app's own context: its keys, its proxy settings, and what the app has added to it apply.
    const ctx = app.createContext(req, new ServerResponse(req)) as Context;
    if (!isAllowedOrigin(ctx, origin) || askSkip(config.options, ctx)) return null;
    config.credential.requireUsable(ctx);
    const visit = visitOf(ctx, config);
    const { heard } = watch;
    const { loaded, presented } = await loadPresented(visit);
    if (!loaded || !presented) return null;
    return open({ loaded, credential: presented.value, visit, watch, heard });
  };
}

/** A request that is only read: it has no response to write to, and no session to save. */
function visitOf(ctx: Context, config: Config): Visit {
  const { options } = config;
  return {
    ctx,
    config,
    maxAge: options.maxAge,
    rolling: options.rolling === true,
    now: () => options.clock(),
    report: error => emitOutside(ctx.app, 'session:error', { handle: undefined, error }),
    newKey: unwritable,
    adaptKey: unwritable,
    requireWritable: unwritable,
    discard: () => {},
  };
}

function unwritable(): never {
  throw new Error('an opened session is read-only');
}
