import { SessionOptionsError } from '../errors.js';
import type { KoaSessionStore } from './store.js';

/** What we use of an express-session store. */
export interface ExpressSessionStore {
  get(key: string, callback: (error?: unknown, record?: unknown) => void): unknown;
  // Such stores have their own type of session, of which only the cookie matters: an `ExpressRecord` will do.
  set(key: string, record: never, callback: (error?: unknown) => void): unknown;
  destroy(key: string, callback: (error?: unknown) => void): unknown;
}

/** A record with what such stores read its lifetime from. */
interface ExpressRecord {
  readonly cookie: ExpressCookie;
  readonly [name: string]: unknown;
}

interface ExpressCookie {
  /** Ms. */
  readonly maxAge: number;
  readonly originalMaxAge: number;
  readonly expires: Date;
}

type SessionRecord = { [name: string]: unknown };

/**
 * Makes a koa-session store of any express-session store: connect-redis, connect-pg-simple and the like. It keeps
 * koa-session's records, plus the `cookie` from which such stores read a lifetime.
 *
 * `touch` is not used: it leaves the record unchanged, and the record contains its own expiry.
 * @throws SessionOptionsError for anything else.
 */
export function fromExpressStore(store: ExpressSessionStore): KoaSessionStore {
  for (const method of ['get', 'set', 'destroy'] as const) {
    if (typeof Object(store)[method] === 'function') continue;
    throw new SessionOptionsError(
      `fromExpressStore: give a store for express-session; this has no ${method}().`,
    );
  }
  return {
    get: async key => withoutCookie(await answerOf(done => store.get(key, done)).catch(requireAbsent)),
    set: (key, record, maxAge) => answerOf(done => store.set(key, withCookie(record, maxAge) as never, done)),
    destroy: key => answerOf(done => store.destroy(key, done)),
  };
}

/**
 * The result that a method gives to its callback. Some stores throw, or return a promise that rejects, instead: that
 * counts, too. A store that never answers is waited for; `storeTimeout` limits that.
 */
function answerOf(method: (done: (error?: unknown, answer?: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const returned = method((error, answer) => (error ? reject(error) : resolve(answer)));
    Promise.resolve(returned).catch(reject);
  });
}

/**
 * Stores of files call back with this error where there is no session; express-session takes it like that, too. But so
 * does a database whose Unix socket is not there.
 */
function requireAbsent(error: unknown): undefined {
  const { code, syscall } = Object(error);
  if (code !== 'ENOENT' || syscall === 'connect') throw error;
}

/** The app's own `cookie` is kept as `_cookie` meanwhile. */
function withCookie(record: SessionRecord, maxAge: number): ExpressRecord {
  const { cookie, ...rest } = record;
  const aside = cookie === undefined ? {} : { _cookie: cookie };
  return { ...rest, ...aside, cookie: { maxAge, originalMaxAge: maxAge, expires: dateAfter(maxAge) } };
}

function withoutCookie(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record;
  const { cookie, _cookie, ...rest } = record as SessionRecord;
  return _cookie === undefined ? rest : { ...rest, cookie: _cookie };
}

/** `Date` ends in the year 275760. */
function dateAfter(ms: number): Date {
  return new Date(Math.min(Date.now() + ms, 8.64e15));
}
