import { SessionOptionsError } from '../errors.js';
import type { KoaSessionStore } from './store.js';

/** What is used of a store for express-session. */
export interface ExpressSessionStore {
  get(key: string, callback: (error?: unknown, record?: unknown) => void): unknown;
  // Such stores take their own idea of a session, of which only the cookie matters: an `ExpressRecord` will do.
  set(key: string, record: never, callback: (error?: unknown) => void): unknown;
  destroy(key: string, callback: (error?: unknown) => void): unknown;
}

/** A record with what such stores read its lifetime off. */
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

type Record = { [name: string]: unknown };

/**
 * Any store for express-session, as a koa-session store: connect-redis, connect-pg-simple and the like. It keeps
 * koa-session's records, with the `cookie` beside them off which such stores read a lifetime.
 *
 * `touch` is not used: it leaves the record as it is, and the record has its own expiry within it.
 * @throws SessionOptionsError for what is no such store.
 */
export function fromExpressStore(store: ExpressSessionStore): KoaSessionStore {
  for (const method of ['get', 'set', 'destroy'] as const) {
    if (typeof Object(store)[method] === 'function') continue;
    throw new SessionOptionsError(
      `fromExpressStore: give a store for express-session; this has no ${method}().`,
    );
  }
  return {
    get: async key => withoutCookie(await answerOf(done => store.get(key, done))),
    set: (key, record, maxAge) => answerOf(done => store.set(key, withCookie(record, maxAge) as never, done)),
    destroy: key => answerOf(done => store.destroy(key, done)),
  };
}

/**
 * What a method answers by its callback. Some stores throw, or answer with a promise that rejects, instead: that is
 * their answer too. One that never answers is waited for; `storeTimeout` bounds that.
 */
function answerOf(method: (done: (error?: unknown, answer?: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const returned = method((error, answer) => (error ? reject(error) : resolve(answer)));
    Promise.resolve(returned).catch(reject);
  });
}

/** Data of the app's own under the name `cookie` step aside. */
function withCookie(record: Record, maxAge: number): ExpressRecord {
  const { cookie, ...rest } = record;
  const aside = cookie === undefined ? {} : { _cookie: cookie };
  return { ...rest, ...aside, cookie: { maxAge, originalMaxAge: maxAge, expires: dateAfter(maxAge) } };
}

function withoutCookie(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record;
  const { cookie, _cookie, ...rest } = record as Record;
  return _cookie === undefined ? rest : { ...rest, cookie: _cookie };
}

/** `Date` ends in the year 275760. */
function dateAfter(ms: number): Date {
  return new Date(Math.min(Date.now() + ms, 8.64e15));
}
