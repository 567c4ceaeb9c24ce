import { sealOf } from '../codec/codec.js';
import { fitsCookie } from '../credential/oversize.js';
import { HASH_MARKER } from '../credential/session-key.js';
import { SessionOptionsError } from '../errors.js';
import { isAsKoaStore } from '../persistence/koa/as-koa-store.js';
import { CHECKS, hasSessionStore, hasStore, isExpressStore, knowsOwners, type OptionName } from './kinds.js';
import type { SessionOptions } from './options.js';
import { DEFAULTS } from './resolved.js';

/** @throws SessionOptionsError for a mistake that can be seen before the first request */
export function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as OptionName] : undefined;
    if (!check) refuseTypo(name);
    else if (!check[0](value)) fail(name, `must be ${check[1]}`);
  }
  checkCookie(options as SessionOptions);
  checkTogether(options as SessionOptions);
}

/** What browsers silently drop (RFC 6265bis sections 4.1.2 and 4.1.3). */
function checkCookie({ key = '', secure, sameSite, domain, path, partitioned }: SessionOptions): void {
  const prefix = /^__(host|secure)-/i.exec(key)?.[0];
  if (prefix && secure === false)
    fail('secure', `must not be false: a cookie named ${prefix} has to be Secure`);
  if (prefix?.toLowerCase() === '__host-') {
    if (domain) fail('domain', 'must be left out: a cookie named __Host- has none');
    if (path !== undefined && path !== '/') fail('path', "must be '/' for a cookie named __Host-");
  }
  if (secure !== false) return;
  if (typeof sameSite === 'string' && /^(none|auto)$/i.test(sameSite)) {
    fail(
      'secure',
      "must not be false: browsers drop a SameSite=None cookie that is not Secure. Leave it out, or set 'auto'",
    );
  }
  if (partitioned) fail('secure', 'must not be false: browsers drop a Partitioned cookie that is not Secure');
}

const NEED_A_STORE = ['externalKey', 'sessionTtl'] as const;

/** A `revocations` store is enough for these. */
const NEED_ANY_STORE = ['storeTimeout', 'onStoreFailure'] as const;

/** What koa-session stores and cookies cannot support. */
const NEED_OUR_STORE = ['onConflict', 'hashKeys', 'maxSessions', 'device'] as const;

/** Options that concern an account's sessions. */
const NEED_AN_OWNER = ['maxSessions', 'device'] as const;

/** Options that rely on fields of the record itself. */
const NEED_AUTHENTICITY = ['idleTimeout', 'absoluteTimeout', 'revocations'] as const;

function checkTogether(options: SessionOptions): void {
  checkTouchAfter(options);
  for (const name of NEED_OUR_STORE) {
    if (isAskedFor(options, name) && !hasSessionStore(options)) {
      fail(
        name,
        'needs a sojourn store (sojourn/redis, sojourn/sqlite ...): give one as `store`, or leave it out',
      );
    }
  }
  checkAuthenticity(options);
  checkCodec(options);
  for (const name of NEED_AN_OWNER) {
    if (!isAskedFor(options, name)) continue;
    if (!options.owner) fail(name, 'needs `owner`: say by it whose a session is, as `data => data.user?.id`');
    if (!knowsOwners(options.store))
      fail(name, 'needs a store that knows owners: one with `list` and `endOwned`');
  }
  if (hasStore(options)) {
    checkBesideStore(options);
    return;
  }
  for (const name of options.revocations ? NEED_A_STORE : [...NEED_A_STORE, ...NEED_ANY_STORE]) {
    if (isAskedFor(options, name)) fail(name, 'needs a `store`: give one, or leave it out');
  }
}

/** Refuses what is for cookie sessions only, and would be silently ignored here. */
function checkBesideStore(options: SessionOptions): void {
  if (isExpressStore(options.store))
    fail('store', 'is a store of express-session: wrap it in `fromExpressStore(store)` of sojourn/express');
  if (options.revocations)
    fail(
      'revocations',
      'is for cookie sessions: in a `store` what is ended stays ended anyway. Leave one out',
    );
  if (isAskedFor(options, 'oversize'))
    fail('oversize', 'is for cookie sessions: beside a `store` the cookie holds a key alone. Leave it out');
  if (sealOf(options))
    fail(
      'store',
      'is not sealed by `...sealed(keys)`: give it the seal, redisStore(client, { codec: sealed(keys) })',
    );
  checkPrefix(options);
}

/** No session could be saved under it. */
function checkPrefix(options: SessionOptions): void {
  const { key: name = '', prefix = '', genid, externalKey } = options;
  if (hasSessionStore(options) && prefix.endsWith(HASH_MARKER))
    fail('prefix', `must not end with \`${HASH_MARKER}\`, which no client's key may have there`);
  if (genid || externalKey || fitsCookie(name, `${prefix}key`)) return;
  fail('prefix', 'must be what a cookie can hold: ASCII without `;`, no space or quote at its beginning');
}

function checkTouchAfter({
  touchAfter = 0,
  idleTimeout = Infinity,
  rolling,
  sessionTtl = DEFAULTS.sessionTtl,
  ...options
}: SessionOptions): void {
  if (touchAfter >= idleTimeout)
    fail('touchAfter', 'must be less than `idleTimeout`: no use would be recorded');
  const maxAge = options.maxAge ?? options.maxage ?? DEFAULTS.maxAge;
  if (rolling && touchAfter > 0 && touchAfter >= Number(maxAge))
    fail('touchAfter', 'must be less than `maxAge` with `rolling`: no use would be recorded');
  if (hasStore(options) && maxAge === 'session' && touchAfter > 0 && touchAfter >= Number(sessionTtl))
    fail('touchAfter', 'must be less than `sessionTtl`: no use would be recorded');
}

/**
 * The time that a deadline counts from, and the handle that a session is ended by, must come back as they were saved.
 */
function checkAuthenticity(options: SessionOptions): void {
  const { store, ContextStore, signed } = options;
  const name = NEED_AUTHENTICITY.find(option => (options[option] ?? Infinity) !== Infinity);
  if (!name || ContextStore) return;
  if (isAsKoaStore(store)) fail(name, 'needs the store itself: give it as `store`, without asKoaStore()');
  if (store || signed !== false || sealOf(options)) return;
  fail(
    name,
    'needs a cookie that cannot be forged: leave `signed` on, or give `...sealed(keys)` or a `store`',
  );
}

/** The app's own codec would never be called beside a seal. */
function checkCodec(options: SessionOptions): void {
  const codec = sealOf(options)?.codec;
  if (!codec) return;
  const { encode, decode } = options;
  if (encode && encode !== codec.encode) fail('encode', OVER_A_SEAL);
  if (decode && decode !== codec.decode) fail('decode', OVER_A_SEAL);
}

const OVER_A_SEAL = 'does nothing beside `...sealed(keys)`, which is a codec itself: leave one of them out';

/** An explicitly given default does not count. */
function isAskedFor(options: SessionOptions, name: OptionName): boolean {
  return options[name] !== undefined && options[name] !== DEFAULTS[name];
}

function fail(name: string, problem: string): never {
  throw new SessionOptionsError(`option \`${name}\` ${problem}`);
}

/** Plausible names that would be ignored, and what to use instead. */
const MISTAKEN: Readonly<Record<string, string>> = {
  cookie:
    'does not exist: its attributes are options themselves, `session({ secure: true, sameSite: "lax" }, app)`',
  codec: 'is for stores: for a cookie session spread the seal, `session({ ...sealed(keys) }, app)`',
  encrypt: 'does not exist: spread a seal, `session({ ...sealed(keys) }, app)`',
  keys: 'does not exist: cookies are signed with `app.keys`',
  secret: 'does not exist: cookies are signed with `app.keys`',
  secureProxy: 'does not exist: behind a proxy that ends TLS set `app.proxy = true`, and here `secure: true`',
  strict: 'does not exist: it is a function, `session(strict({ ... }), app)`',
};

/** As in koa-session, unknown names are ignored; one that is close to an option's is a typo. */
function refuseTypo(name: string): void {
  const mistake = Object.hasOwn(MISTAKEN, name) ? MISTAKEN[name] : undefined;
  if (mistake) fail(name, mistake);
  const lower = name.toLowerCase();
  const meant = Object.keys(CHECKS).find(
    option => editDistance(lower, option.toLowerCase()) <= (option.length > 5 ? 2 : 1),
  );
  if (meant) fail(name, `does not exist: did you mean \`${meant}\`?`);
}

/** The edit distance, in which two swapped neighbours count as one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (beforePrevious[j - 2] ?? Infinity) + 1 : Infinity;
      row.push(Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, substitution, swap));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] as number;
}
