import type { SessionInfo } from './exchange/info.js';
import type { ResolvedOptions } from './options/resolved.js';
import type { MaxAge } from './session/record.js';
import type { Session, SessionData } from './session/session.js';

export type { KoaApp } from './exchange/events.js';

/** What may be assigned to `ctx.session`: new data that replace all, optionally with a lifetime; or null to end it. */
export type SessionAssignment<T extends object = SessionData> =
  | (object & T & { maxAge?: MaxAge })
  | Session<T>
  | null;

/** What the middleware puts on Koa's context. */
export interface SessionContext<T extends object = SessionData> {
  /** The session: the app's data as plain properties. Null once it was ended, and where `skip` returns true. */
  get session(): Session<T>;
  set session(session: SessionAssignment<T>);
  /** Facts about the session besides its data. Reading it never throws. */
  readonly sessionInfo: SessionInfo;
  /** This request's own copy of the options, which the app may change before the commit. */
  readonly sessionOptions: ResolvedOptions;
  /**
   * Loads a `lazy` session, and returns `ctx.session`: null where `skip` returns true.
   * @throws SessionStoreError (not with `onStoreFailure: 'anonymous'`); what the app's own functions throw (`skip`,
   * `externalKey.get`, `decode`, `migrate`, `schema`, `valid`); TypeError or SessionOptionsError for what they may not
   * return
   */
  loadSession(): Promise<this['session']>;
}

/** The one place that augments Koa, for ECMAScript modules and CommonJS alike. */
declare module 'koa' {
  interface ExtendableContext extends SessionContext {
    // Again, since an own member outranks what `@types/koa-session` (a dependency of `@types/koa-redis`) adds to Koa's
    // BaseContext under the same name.
    get session(): Session;
    set session(session: SessionAssignment);
    readonly sessionOptions: ResolvedOptions;
  }
}
