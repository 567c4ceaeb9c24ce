import { randomBytes } from 'node:crypto';
import { sealOf } from '../codec/codec.js';
import { SessionOptionsError } from '../errors.js';
import type { SessionData } from '../session/session.js';
import { givenOptions } from './given.js';
import { hasSessionStore, hasStore } from './kinds.js';
import type { SessionOptions } from './options.js';

const MINUTE = 60_000;

/** Only this very host, over HTTPS, on every path (RFC 6265bis section 4.1.3.2; ASVS 5.0, 3.3.1 to 3.3.3). */
const COOKIE = { key: '__Host-koa.sess', secure: true, sameSite: 'lax', path: '/', httpOnly: true } as const;

/** ASVS 5.0, 7.3.1 and 7.3.2. */
const DEADLINES = { idleTimeout: 30 * MINUTE, absoluteTimeout: 12 * 60 * MINUTE } as const;

/**
 * Returns the options with hardened values filled in; given ones stay as they are. The cookie is named
 * `__Host-koa.sess`, and is `secure`, `sameSite: 'lax'`, `path: '/'` and `httpOnly`; keys have 256 random bits.
 *
 * A session is over 30 minutes after its last use (`idleTimeout`) and 12 hours after it began (`absoluteTimeout`),
 * wherever it is kept; `Infinity` turns either off. A sojourn store sees only hashes of the keys (`hashKeys`); a
 * koa-session store sees the keys.
 *
 * A cookie session must be encrypted and authenticated: `strict({ ...sealed(keys) })`.
 * @throws SessionOptionsError for a cookie session without a seal
 */
export function strict<T extends object = SessionData>(options: SessionOptions<T> = {}): SessionOptions<T> {
  const given = givenOptions(options);
  return { ...COOKIE, ...DEADLINES, ...hardeningOf(given), ...given };
}

function hardeningOf(
  options: Pick<SessionOptions, 'store' | 'ContextStore' | 'prefix'>,
): Pick<SessionOptions, 'hashKeys' | 'genid'> {
  // The keys of a sojourn store have 256 random bits anyway.
  if (hasSessionStore(options)) return { hashKeys: true };
  if (hasStore(options))
    return { genid: () => (options.prefix ?? '') + randomBytes(32).toString('base64url') };
  if (sealOf(options)) return {};
  throw new SessionOptionsError(
    'strict(options): the data of a cookie session must be encrypted and authenticated. Give `...sealed(keys)`, or a `store`',
  );
}
