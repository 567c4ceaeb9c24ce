import type { Context } from 'koa';
import type { Awaitable } from '../awaitable.js';
import type { CookieAttributes, Oversize } from '../credential/credential.js';
import type { ExternalKey } from '../credential/external-key.js';
import type { Merge } from '../session/merge.js';
import type { MaxAge } from '../session/record.js';
import type { Session, SessionData } from '../session/session.js';
import type { KoaSessionStore, SessionStore } from '../stores/store.js';
import type { StandardSchema } from './schema.js';

/** What becomes of a session that two requests changed concurrently. */
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
  /**
   * Commit after the app's middleware; otherwise the app calls `await ctx.session.manuallyCommit()`, or `await
   * sessions.of(ctx).commit()`, which also carries out `ctx.session = null`. @default true
   */
  readonly autoCommit?: boolean | undefined;
  /**
   * Set the cookie again, with a fresh lifetime, on every response whose request loaded a session, or, with
   * `touchAfter`, at most that often. In a cookie session this resends the data: a slow response can undo an
   * overlapping request's change or logout.
   * @default false
   */
  readonly rolling?: boolean | undefined;
  /** Like `rolling`, but only once less than half of the lifetime is left. @default false */
  readonly renew?: boolean | undefined;
  /**
   * Turns a cookie session's record into text. Give `decode` too. It must be synchronous.
   * @default base64 of JSON
   */
  readonly encode?:
    | ((record: Record<string, unknown>, context: { readonly name: string }) => string)
    | undefined;
  /**
   * Reads the record from a cookie's text. A `SyntaxError` means that the text is not a record: the visitor gets a new
   * session. Any other error clears the cookie and fails the request. With `lazy` it may be asynchronous.
   * @default base64 of JSON
   */
  readonly decode?: ((text: string, context: { readonly name: string }) => unknown) | undefined;
  /** Keeps the data outside the cookie, which then holds a random key. @default none */
  readonly store?: SessionStore | KoaSessionStore | undefined;
  /** A class of koa-session stores: a `new ContextStore(ctx)` for each request that needs one. @default none */
  readonly ContextStore?: (new (ctx: Context) => KoaSessionStore) | undefined;
  /** Where the key travels instead of the cookie; needs a store. @default none */
  readonly externalKey?: ExternalKey | undefined;
  /** Makes a key; `prefix` is then ignored. @default UUID v4, or 256 random bits for a sojourn store */
  readonly genid?: ((ctx: Context) => Awaitable<string>) | undefined;
  /** Put before a generated key. @default none */
  readonly prefix?: string | undefined;
  /**
   * Return false to refuse the session: the visitor gets a new one. It must not change the data. In a cookie session a
   * promise is awaited only with `lazy`.
   * @default none
   */
  readonly valid?: ((ctx: Context, data: T) => Awaitable<boolean>) | undefined;
  /**
   * Brings data of an older shape up to date on load, before `schema` and `valid` see them: it returns the data, or
   * changes them in place. It is called for every session that is loaded, including those of the newest shape. The
   * result is saved with the session's next save. In a cookie session a promise is awaited only with `lazy`.
   * @default none
   */
  // biome-ignore lint/suspicious/noExplicitAny: the data of an older release have a type that no longer exists
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that changes what it gets returns nothing
  readonly migrate?: ((data: any) => Awaitable<T | void>) | undefined;
  /**
   * A Standard Schema (zod, valibot, arktype ...) that the data must fit, in the form that JSON keeps. Data that do not
   * are refused on load, with the event `session:invalid`, and the visitor gets a new session; committing them throws a
   * `SessionInvalidError`, with the schema's issues as its `cause`. The schema only checks, and changes nothing:
   * defaults go into `migrate`. An empty new session is not saved, and need not fit. In a cookie session a promise is
   * awaited only with `lazy`.
   * @default none
   */
  readonly schema?: StandardSchema | undefined;
  /**
   * Runs before a save, and may still change the session. It must not save it: that throws a TypeError, or, after an
   * `await` in this function, waits forever. @default none
   */
  readonly beforeSave?: ((ctx: Context, session: Session<T>) => Awaitable<void>) | undefined;

  /**
   * A sojourn store that remembers which cookie sessions were ended early, so that a cookie that was copied, or that a
   * slow response sets again, is useless after a logout (ASVS 5.0, 7.4.1). `sessions.end()` ends one by its handle,
   * and with the option `owner`, `sessions.endAll()` ends all of an account's. Each request with a cookie then asks
   * the store before the app runs (with `lazy`, when it loads the session): one round trip. A session that was neither
   * ended nor regenerated has no row there.
   *
   * Endings are remembered for `absoluteTimeout`, at most and by default 400 days, plus a day. So that no cookie
   * outlives that memory, a cookie is refused 400 days after it was saved, whatever its `maxAge` (koa-session's
   * `'session'` cookies carry no time, and are refused only with `absoluteTimeout` or `idleTimeout`). Raising
   * `absoluteTimeout` later can revive sessions that were ended before.
   *
   * The cookie must be signed or sealed. `storeTimeout` and `onStoreFailure` apply to this store; a row that it cannot
   * read is a failure too. A store that drops rows, as when it is full, lets ended sessions live again. @default none
   */
  readonly revocations?: SessionStore | undefined;

  /**
   * How long a store keeps a `maxAge: 'session'` record, in ms: after its last use, in a koa-session store after its
   * last save. @default 86400000 (one day)
   */
  readonly sessionTtl?: number | undefined;
  /**
   * Load nothing until `await ctx.loadSession()`; `ctx.session` before that throws `SessionNotLoadedError`, and a
   * request that does not load the session neither rolls it nor counts as a use. @default false
   */
  readonly lazy?: boolean | undefined;
  /**
   * ms without use after which the session is over (ASVS 5.0, 7.3.1), whatever the cookie says. A cookie session must
   * then be signed or sealed, and gets a second, small cookie for the time of the last use: `<key>.at`. In a
   * koa-session store a use is recorded by rewriting the record. `Infinity` means none, and overrides what `strict()`
   * filled in. @default none
   */
  readonly idleTimeout?: number | undefined;
  /**
   * ms after its creation when the session is over, however active (ASVS 5.0, 7.3.2). A cookie session must then be
   * signed or sealed. `Infinity` means none. @default none
   */
  readonly absoluteTimeout?: number | undefined;
  /**
   * The minimum time in ms between two recorded uses, so that a burst of requests costs one write. A deadline counts
   * from the last recorded use: it may come up to this much early, but never late. `rolling` is not throttled unless
   * this is given; then, in a sojourn store, a use that an opened session records also counts.
   * @default one tenth of `idleTimeout` (or of `sessionTtl`, for a session that ends with the browser), at most 60000
   */
  readonly touchAfter?: number | undefined;
  /**
   * The account that the data belong to: a non-empty string, a number or a bigint (0 counts), or null or undefined for
   * no account. The data have the form that JSON keeps. A change of the account is a sign-in or a sign-out: in the same
   * commit the session gets a new key, and in a sojourn store a new handle, so that the old key is useless afterwards
   * (session fixation; ASVS 5.0, 7.2.4). Earlier cookies of a cookie session are useless only with `revocations`.
   * Sessions that are live when the option is switched on carry on as they are. @default none
   */
  readonly owner?: ((data: T) => string | number | bigint | null | undefined) | undefined;
  /**
   * How many live sessions an account may have, checked atomically with the sign-in: with `'end-oldest'` the one that
   * signed in first is ended, and its next request finds `'displaced'` in `ctx.sessionInfo.ended.reason`; with
   * `'refuse'` the sign-in fails with a `SessionLimitError` (409), and the visitor's session stays as it was. A plain
   * number means `'end-oldest'`. Needs `owner` and a sojourn store. @default none
   */
  readonly maxSessions?:
    | number
    | { readonly limit: number; readonly policy?: 'end-oldest' | 'refuse' | undefined }
    | undefined;
  /**
   * What to remember about the client when an account signs in, as JSON, for a list of the user's devices:
   * `ctx => ({ ip: ctx.ip, agent: ctx.get('user-agent') })`. Needs `owner` and a sojourn store. @default none
   */
  readonly device?: ((ctx: Context) => unknown) | undefined;
  /**
   * What to do if two requests changed one session concurrently in a sojourn store: `'merge'` by top-level key,
   * `'overwrite'`, `'refuse'` with a SessionConflictError (409), or your own function, which may be asynchronous. If
   * the other request signed in or out, regenerated, or replaced all data, this one's changes are dropped; only an
   * `update()` is applied to data that were replaced.
   * @default 'merge'
   */
  readonly onConflict?: ConflictPolicy | undefined;
  /**
   * A sojourn store sees only a SHA-256 of the key, so that a leaked database holds no usable session.
   * `{ acceptPlain: true }` also finds sessions that are stored under plain keys, and moves them. @default false
   */
  readonly hashKeys?: boolean | { readonly acceptPlain?: boolean } | undefined;
  /** Return true for a request without a session (static files, health checks): `ctx.session` is null. @default none */
  readonly skip?: ((ctx: Context) => boolean) | undefined;
  /** ms after which a call to the store counts as failed. @default none */
  readonly storeTimeout?: number | undefined;
  /**
   * How often, in ms, the store is asked whether the sessions that `sessions.open` returned are still live (a sojourn
   * store about all of them at once). For a store that reports endings itself (Redis, PostgreSQL) this is only a safety
   * net: it is asked every 30 s, or at this interval if that is longer. @default 1000
   */
  readonly watchInterval?: number | undefined;
  /**
   * When the store fails to load a session: `'throw'` a `SessionStoreError` (503), or continue as `'anonymous'` with an
   * empty session that cannot be written, leaving the client's cookie alone. A failed save of changes is still a 503.
   * @default 'throw'
   */
  readonly onStoreFailure?: 'throw' | 'anonymous' | undefined;
  /**
   * What to do with a cookie session over 4096 bytes (name and value), which browsers drop: `'throw'` a
   * `SessionTooLargeError`, or `'chunk'` it into several cookies, `<key>.1` and so on, up to 7 KB in total, or with
   * `{ chunk: bytes }` up to that total, 4097 to 65536. By default nginx refuses a header line over 8 KB, and Node
   * headers over 16 KB: beyond that a user cannot even log out. Chunked sessions are read whatever this option says.
   * @default 'throw'
   */
  readonly oversize?: Oversize | undefined;
  /**
   * Set `Vary: Cookie` on a response that used the session, and `Cache-Control: private, no-store` on one that sets the
   * cookie, or, with `externalKey`, on every one that used the session, unless the app sets its own. @default true
   */
  readonly vary?: boolean | undefined;
  /** What `Clear-Site-Data` lists when a session is ended by `null`, e.g. `['cookies', 'storage']`. @default none */
  readonly clearSiteData?: string | readonly string[] | undefined;
  /** The session's name on `ctx`: one app can have several, with different keys and stores. @default 'session' */
  readonly property?: string | undefined;
  /** Epoch ms, for tests. @default Date.now */
  readonly clock?: (() => number) | undefined;
}
