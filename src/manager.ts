import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { SessionOptionsError } from './errors.js';
import { emitOutside } from './exchange/events.js';
import type { Exchange } from './exchange/exchange.js';
import type { SessionInfo } from './exchange/info.js';
import { type OpenOptions, opener } from './exchange/open.js';
import type { OpenedSession } from './exchange/opened.js';
import type { KoaApp, SessionContext } from './koa.js';
import type { Config } from './options/config.js';
import type { ResolvedOptions } from './options/resolved.js';
import { type ListedSession, SessionDirectory, type SessionPage } from './persistence/directory.js';
import { RevocationDirectory } from './persistence/revocations/revocation-directory.js';
import { ownerText } from './session/owner.js';
import { type Session, type SessionData, SessionObject } from './session/session.js';

/** One of the app's sessions in one request, whatever its `property`. */
export interface SessionAccess<T extends object = SessionData> {
  /** Like `ctx.session`; null once it was ended, or where `skip` returns true. */
  get session(): Session<T> | null;
  set session(session: Session<T> | T | null);
  /** Like `ctx.sessionOptions`: this request's own copy, which the app may change before the commit. */
  readonly options: ResolvedOptions;
  /** Like `ctx.sessionInfo`. */
  readonly info: SessionInfo;
  /** Like `ctx.loadSession()`. @throws as that */
  load(): Promise<Session<T> | null>;
  /**
   * Commits now: for `autoCommit: false`, since an ended session is null and has no method for it. @throws as `save`
   */
  commit(): Promise<void>;
}

/** An account, as the option `owner` returns it. */
export type SessionOwner = string | number | bigint;

/** A session to spare: its handle, or a `ctx.session`. */
export type SparedSession = string | object | null | undefined;

/**
 * The middleware, and operations on its sessions, also outside a request: in a cron job or an administrator's script.
 * All except `of` and `open` need a sojourn store. With one as `revocations`, cookie sessions can be ended, but not
 * listed or counted: there is no record of them.
 * @throws SessionOptionsError where the store lacks a method that this needs; SessionStoreError where it fails
 */
export interface SessionManager<T extends object = SessionData>
  extends Middleware<unknown, SessionContext<T>> {
  /** This middleware's session of a request: for apps with several sessions. */
  of(ctx: Context): SessionAccess<T>;
  /**
   * The session of a plain request, such as a WebSocket's handshake, for as long as it lives: read-only, with a signal
   * that aborts when it ends, in whatever process. Null if the request has no live session, if `skip` returns true, or
   * if a page of a foreign origin made it (RFC 6455 section 10.2): `Origin`, if sent, must name the request's host, or
   * an origin that `options.origin` allows; without it, `Sec-Fetch-Site` must not name another site, except where a
   * link is followed. Opening changes no session and sets no cookie; like any load it may move a session to its hashed
   * key (`acceptPlain`), and delete an expired record of a koa-session store.
   * @throws SessionStoreError where the store fails, whatever `onStoreFailure` says; TypeError for a wrong `origin`
   */
  open(req: IncomingMessage, options?: OpenOptions): Promise<OpenedSession<T> | null>;
  /**
   * An account's live sessions, newest sign-in first (ASVS 5.0, 7.5.2). A page may have fewer than `limit`. Pass its
   * `next` as `after` to get the following page; the last page has no `next`.
   * @param page.limit @default 100
   * @throws TypeError for an `owner` that is no account, a `limit` that is no whole number of 1 or more, and an `after`
   * that is '' or no text
   */
  list(
    owner: SessionOwner,
    page?: { readonly limit?: number | undefined; readonly after?: string | undefined },
  ): Promise<SessionPage>;
  /**
   * Ends a session; false if no live one has this handle. With `owner`, another account's session is not found. Of
   * cookie sessions neither the owner nor whether one is live is known here: it records the end of any valid handle,
   * and returns true unless that was recorded before; with `owner` it affects only that account's session.
   * @param options.reason what `ctx.sessionInfo.ended` tells whoever presents the key. @default 'revoked'
   * @param options.owner left out: whoever it belongs to
   * @throws TypeError for a handle that is no text, for an `owner` that is no account, as undefined is none, and for a
   * `reason` that is '', 'rotated' or 'expired'
   */
  end(
    handle: string,
    options?: { readonly owner?: SessionOwner; readonly reason?: string | undefined },
  ): Promise<boolean>;
  /**
   * Ends all of an account's sessions that have begun by now, except those in `except`, and returns how many (ASVS 5.0,
   * 7.4.2, 7.4.3); 0 for cookie sessions, since their number is not known.
   * @param options.reason @default 'revoked'
   * @throws TypeError for an `owner` that is no account, an `except` that is neither a handle nor a session, and a
   * `reason` as in `end`
   */
  endAll(
    owner: SessionOwner,
    options?: {
      readonly except?: SparedSession | readonly SparedSession[];
      readonly reason?: string | undefined;
    },
  ): Promise<number>;
  /** How many sessions are live: an account's or, without an argument, all. @throws TypeError as `end` */
  count(owner?: SessionOwner): Promise<number>;
  /** All live sessions, unordered, fetched in batches as they are consumed. */
  all(): AsyncIterableIterator<ListedSession>;
  /** Deletes expired records, and returns how many; stores that need it also do so by themselves. */
  prune(): Promise<number>;
}

/** A request's session, as the app reaches it through the manager. */
export function accessTo<T extends object>(exchange: Exchange): SessionAccess<T> {
  return {
    get session() {
      return exchange.session as Session<T> | null;
    },
    set session(session) {
      exchange.session = session;
    },
    get options() {
      return exchange.ownOptions;
    },
    get info() {
      return exchange.info;
    },
    load: () => exchange.loadSession() as Promise<Session<T> | null>,
    commit: () => exchange.commit(),
  };
}

const PAGE = 100;
const REVOKED = 'revoked';

/** What the manager does outside a request. */
export function administration(app: KoaApp, config: Config): Omit<SessionManager, 'of'> {
  const report = (error: unknown): void => emitOutside(app, 'session:error', { handle: undefined, error });
  const tellOf = (handle: string, reason: string): void =>
    emitOutside(app, 'session:ended', { handle, reason });
  const directory = directoryOf(config, report);
  const listing = () => directory ?? refuse();
  return {
    open: opener(app, config) as SessionManager['open'],
    async list(owner, options = {}) {
      const { limit = PAGE, after } = checkNames(options, 'limit', 'after');
      return listing().list(accountOf(owner), { limit: checkLimit(limit), after: checkAfter(after) });
    },
    async end(handle, options = {}) {
      const { owner, reason = REVOKED } = checkNames(options, 'owner', 'reason');
      // What is undefined is the account of a visitor who is not signed in, and not everybody's.
      const account = 'owner' in options ? accountOf(owner) : undefined;
      const isEnded = await listing().end(checkHandle(handle), checkReason(reason), account);
      if (isEnded) tellOf(handle, reason);
      return isEnded;
    },
    async endAll(owner, options = {}) {
      const { except, reason = REVOKED } = checkNames(options, 'except', 'reason');
      const ended = await listing().endOwned(accountOf(owner), checkReason(reason), handlesOf(except));
      for (const handle of ended) tellOf(handle, reason);
      return ended.length;
    },
    count: async (...owner) => listing().count(owner.length === 0 ? undefined : accountOf(owner[0])),
    all: () => listing().all(),
    prune: async () => listing().prune(),
  };
}

function directoryOf(
  { directory, revocations, options: { owner, clock } }: Config,
  report: (error: unknown) => void,
): SessionDirectory | RevocationDirectory | undefined {
  if (directory) return new SessionDirectory(directory, report);
  return revocations && new RevocationDirectory(revocations, owner, { now: clock, report });
}

function refuse(): never {
  throw new SessionOptionsError(
    'option `store`: sessions can be listed and ended in a sojourn store alone (sojourn/redis, sojourn/sqlite ...); ' +
      'cookie sessions can be ended with one as `revocations`',
  );
}

/** @throws TypeError for what is not an account: sessions without an owner do not form one */
function accountOf(owner: SessionOwner | undefined): string {
  const account = ownerText(owner);
  if (account !== null) return account;
  throw new TypeError('an account is wanted: a string, a number or a bigint');
}

/** @throws TypeError for a misspelt name: a condition that is not seen must not widen what is done */
function checkNames<Options extends object>(options: Options, ...names: (keyof Options & string)[]): Options {
  const stranger = Object.keys(options).find(name => !(names as readonly string[]).includes(name));
  if (stranger === undefined) return options;
  throw new TypeError(`\`${stranger}\` is none of: ${names.join(', ')}`);
}

function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new TypeError('`limit` is a number of sessions, 1 or more');
}

function checkAfter(after: string | undefined): string | undefined {
  if (after === undefined || (typeof after === 'string' && after !== '')) return after;
  throw new TypeError('`after` is the `next` of the page before, and left out for the first page');
}

/** It may come straight from a request, and a database could read an object as a query. */
function checkHandle(handle: string): string {
  if (typeof handle === 'string') return handle;
  throw new TypeError('a handle is wanted: a string, such as `list` returns');
}

/** `rotated` and `expired` are reserved: with them the library reports replaced keys and passed deadlines. */
function checkReason(reason: string): string {
  if (typeof reason === 'string' && reason !== '' && reason !== 'rotated' && reason !== 'expired')
    return reason;
  throw new TypeError("`reason` is a text that is not empty, and neither 'rotated' nor 'expired'");
}

/** A session that has not been saved yet has no handle, and cannot be ended anyway. */
function handlesOf(except: SparedSession | readonly SparedSession[]): string[] {
  return [except].flat().flatMap(spared => {
    if (typeof spared === 'string') return spared;
    if (spared === undefined || spared === null) return [];
    if (SessionObject.is(spared)) return SessionObject.handleOf(spared) ?? [];
    throw new TypeError('`except` is a handle or a `ctx.session`, or a list of them');
  });
}
