import type { Context } from 'koa';
import type { Awaitable } from '../awaitable.js';
import type { CookieAttributes, Oversize } from '../credential/credential.js';
import type { ExternalKey } from '../credential/external-key.js';
import type { Merge } from '../session/merge.js';
import type { MaxAge } from '../session/record.js';
import type { Session, SessionData } from '../session/session.js';
import type { KoaSessionStore, SessionStore } from '../stores/store.js';
import type { StandardSchema } from './schema.js';

/** What becomes of a session that two requests changed at once. */
export type ConflictPolicy = 'merge' | 'overwrite' | 'refuse' | Merge;

/** The options of `session()`. All durations are milliseconds. */
export interface SessionOptions<T extends object = SessionData> extends CookieAttributes {
  /** The cookie's name. @default 'koa.sess' */
  readonly key?: string | undefined;
  /**
   * The session's lifetime in ms from its last save, or `'session'`: until the browser closes (a store then keeps it
   * for `sessionTtl`). Browsers cap it at 400 days (RFC 6265bis section 5.5).
   * @default 86400000 (one day)
   */
  readonly maxAge?: MaxAge | undefined;
  /** @deprecated the old spelling of `maxAge` */
  readonly maxage?: MaxAge | undefined;
  /** Commit after the app's middleware; else the app calls `await ctx.session.manuallyCommit()`. @default true */
  readonly autoCommit?: boolean | undefined;
  /**
   * Set the cookie anew, with a fresh lifetime, on every response of a session that was loaded. In a cookie session
   * that sends the data again: a slow request's response can undo an overlapping one's change, or logout.
   * @default false
   */
  readonly rolling?: boolean | undefined;
  /** As `rolling`, only once less than half of the lifetime is left. @default false */
  readonly renew?: boolean | undefined;
  /**
   * How a cookie session's record becomes text. Give `decode` with it. It may not be asynchronous.
   * @default base64 of JSON
   */
  readonly encode?:
    | ((record: Record<string, unknown>, context: { readonly name: string }) => string)
    | undefined;
  /**
   * The record in a cookie's text. A `SyntaxError` means that the text is no record: the visitor gets a new session.
   * Any other error clears the cookie and is the request's. With `lazy` it may be asynchronous. @default none
   */
  readonly decode?: ((text: string, context: { readonly name: string }) => unknown) | undefined;
  /** Keeps the data outside the cookie, which then holds a random key. @default none */
  readonly store?: SessionStore | KoaSessionStore | undefined;
  /** A class of koa-session stores: `new ContextStore(ctx)` for every request that needs it. @default none */
  readonly ContextStore?: (new (ctx: Context) => KoaSessionStore) | undefined;
  /** Where the key travels instead of the cookie; needs a store. @default none */
  readonly externalKey?: ExternalKey | undefined;
  /** Makes a key; `prefix` is then ignored. @default UUID v4, or 256 random bits for a sojourn store */
  readonly genid?: ((ctx: Context) => Awaitable<string>) | undefined;
  /** Put before a generated key. @default none */
  readonly prefix?: string | undefined;
  /**
   * False refuses the session: the visitor gets a new one. It looks at the data, and must not change them. In a cookie
   * session it is awaited only with `lazy`.
   * @default none
   */
  readonly valid?: ((ctx: Context, data: T) => Awaitable<boolean>) | undefined;
  /**
   * Brings data of an older shape up to date when they are loaded, before `schema` and `valid` see them: it returns the
   * data, or changes those that it gets. It is given every session that is loaded, those of the newest shape too. What
   * it made is saved with the session's next save. In a cookie session it is awaited only with `lazy`.
   * @default none
   */
  // biome-ignore lint/suspicious/noExplicitAny: the data of an older release have a type that no longer exists
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes what it gets returns nothing
  readonly migrate?: ((data: any) => Awaitable<T | void>) | undefined;
  /**
   * A Standard Schema (zod, valibot, arktype ...) that the data must fit, as JSON keeps them. Those that do not are
   * refused when they are loaded, as `session:invalid`: the visitor gets a new session; and a commit of them throws a
   * `SessionInvalidError`, with the schema's issues as its `cause`. The schema checks and changes nothing: defaults go
   * into `migrate`. An empty new session, which is not saved, need not fit. In a cookie session it is awaited only with
   * `lazy`.
   * @default none
   */
  readonly schema?: StandardSchema | undefined;
  /**
   * Runs before a save, and may still change the session. It must not save it: that throws a TypeError, or, after an
   * `await` of its own, waits for ever. @default none
   */
  readonly beforeSave?: ((ctx: Context, session: Session<T>) => Awaitable<void>) | undefined;

  /**
   * A sojourn store that remembers which cookie sessions were ended before their time, so that a cookie that was copied,
   * or that a slow response sets again, is of no use after a logout (ASVS 5.0, 7.4.1). `sessions.end()` ends one by its
   * handle, and with `owner` `sessions.endAll()` ends all of an account. Each request with a cookie then asks the
   * store, before the app runs: one round trip. Nothing is kept there of a session that lives.
   *
   * What was ended is remembered for `absoluteTimeout`, or 400 days without one, and a day longer. So that no cookie
   * outlives that memory, a cookie is refused 400 days after it was saved, whatever its `maxAge` (a `'session'` cookie
   * of koa-session's tells no time, and is refused only with `absoluteTimeout` or `idleTimeout`). Raising
   * `absoluteTimeout` later can let sessions that were ended before come back.
   *
   * The cookie must be signed or sealed. `storeTimeout` and `onStoreFailure` hold for this store; what it cannot read is
   * a failure too. A store that drops rows, as one that is full, lets ended sessions live again. @default none
   */
  readonly revocations?: SessionStore | undefined;

  /** How long a store keeps a `maxAge: 'session'` record after its last use, in ms. @default 86400000 (one day) */
  readonly sessionTtl?: number | undefined;
  /**
   * Fetch nothing until `await ctx.loadSession()`; `ctx.session` before that throws `SessionNotLoadedError`, and a
   * request that does not load neither rolls nor counts as use. @default false
   */
  readonly lazy?: boolean | undefined;
  /**
   * ms without use after which the session is over (ASVS 5.0, 7.3.1), whatever the cookie says. A cookie session must
   * be signed or sealed for it, and then has a second, small cookie for the time of the last use: `<key>.at`. In a
   * koa-session store a use is recorded by writing the record anew. `Infinity`, which takes back what `strict()` filled
   * in, is none. @default none
   */
  readonly idleTimeout?: number | undefined;
  /**
   * ms after its creation at which the session is over, however active (ASVS 5.0, 7.3.2). A cookie session must be
   * signed or sealed for it. `Infinity` is none. @default none
   */
  readonly absoluteTimeout?: number | undefined;
  /**
   * The last use is recorded at most this often, in ms, so that a burst of requests costs one write. A deadline
   * counts from the last recorded use: it may come this much early, and never late. `rolling` is not throttled
   * unless this is given.
   * @default one tenth of `idleTimeout` (or of `sessionTtl`, for a session that ends with the browser), at most 60000
   */
  readonly touchAfter?: number | undefined;
  /**
   * The account that the data belong to: a string that is not empty, or a number or bigint (0 counts), or null or
   * undefined for nobody's. A change of it is a sign-in or a sign-out: the session gets a new key, and in a sojourn store
   * a new handle, in the same commit, so that no key from before is of use after (fixation; ASVS 5.0, 7.2.4). Sessions
   * that are live when the option is switched on are taken over as they are. @default none
   */
  readonly owner?: ((data: T) => string | number | bigint | null | undefined) | undefined;
  /**
   * How many live sessions an account may have, counted and enforced in one step with the sign-in: with `'end-oldest'`
   * the one that signed in first gives way, and its next request finds `ctx.sessionInfo.ended.reason` to be `'displaced'`;
   * with `'refuse'` the sign-in fails with a `SessionLimitError` (409), and the visitor's session stays as it was. A
   * number alone is the limit of `'end-oldest'`. Needs `owner`, and a sojourn store. @default none
   */
  readonly maxSessions?:
    | number
    | { readonly limit: number; readonly policy?: 'end-oldest' | 'refuse' | undefined }
    | undefined;
  /**
   * What is remembered of the client when an account signs in, as JSON, for a list of one's devices:
   * `ctx => ({ ip: ctx.ip, agent: ctx.get('user-agent') })`. Needs `owner`, and a sojourn store. @default none
   */
  readonly device?: ((ctx: Context) => unknown) | undefined;
  /**
   * When two requests changed one session at once, in a sojourn store: `'merge'` by top-level key, `'overwrite'`,
   * `'refuse'` with a SessionConflictError (409), or a function of one's own. Nothing is ever carried over from one
   * identity to another: if the other request signed in or out, this one's changes are dropped.
   * @default 'merge'
   */
  readonly onConflict?: ConflictPolicy | undefined;
  /**
   * A sojourn store sees only a SHA-256 of the key, so that a leaked database holds no usable session.
   * `{ acceptPlain: true }` also finds sessions that are kept under plain keys, and moves them. @default false
   */
  readonly hashKeys?: boolean | { readonly acceptPlain?: boolean } | undefined;
  /** True: this request has no session, and `ctx.session` is null (static files, health checks). @default none */
  readonly skip?: ((ctx: Context) => boolean) | undefined;
  /** ms after which a store's call counts as failed. @default none */
  readonly storeTimeout?: number | undefined;
  /**
   * How often the store is asked whether the sessions that `sessions.open` gave out are still live, in ms: all of them at
   * once, in a sojourn store. Of one that tells by itself (Redis, PostgreSQL) that is only a safety net: it is asked every
   * 30 s, or as often as this says if that is less often. @default 1000
   */
  readonly watchInterval?: number | undefined;
  /**
   * When the store fails to load a session: `'throw'` a `SessionStoreError` (503), or go on as `'anonymous'` with an
   * empty session that cannot be written, the client's cookie left alone. A failed save is 503 all the same.
   * @default 'throw'
   */
  readonly onStoreFailure?: 'throw' | 'anonymous' | undefined;
  /**
   * A cookie session over 4096 bytes (name and value), which browsers drop: `'throw'` a `SessionTooLargeError`; or
   * `'chunk'` it over several cookies, `<key>.1` and so on, up to 7 KB in all, or `{ chunk: bytes }` in all, 4097 to 65536.
   * By default nginx refuses a header line over 8 KB, and Node headers over 16: with a session beyond them a user can
   * not even log out. What was written in chunks is read whatever this says.
   * @default 'throw'
   */
  readonly oversize?: Oversize | undefined;
  /**
   * Say `Vary: Cookie` on a response that used the session, and `Cache-Control: private, no-store` on one that sets
   * the cookie, unless the app said otherwise. @default true
   */
  readonly vary?: boolean | undefined;
  /** What `Clear-Site-Data` names when a session is ended by `null`, as `['cookies', 'storage']`. @default none */
  readonly clearSiteData?: string | readonly string[] | undefined;
  /** The session's name on `ctx`: one app can have several, with different keys and stores. @default 'session' */
  readonly property?: string | undefined;
  /** Epoch ms, for tests. @default Date.now */
  readonly clock?: (() => number) | undefined;
}
