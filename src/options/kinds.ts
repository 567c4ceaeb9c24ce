import { HASH_MARKER, REVOCATION_MARKER } from '../credential/session-key.js';
import { MAX_DELAY } from '../persistence/deadline-timer.js';
import { isCount, isDuration, isJsonObject } from '../session/record.js';
import type { SessionOptions } from './options.js';
import { isStandardSchema } from './schema.js';

export type OptionName = keyof SessionOptions;
type Check = (value: unknown) => boolean;

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isString = (value: unknown): value is string => typeof value === 'string';
const isPositive = (value: unknown): value is number => isDuration(value) && value > 0;
const isReservedPrefix = (prefix: string): boolean =>
  prefix.startsWith(HASH_MARKER) || prefix.startsWith(REVOCATION_MARKER);
const isDeadline = (value: unknown): boolean => isPositive(value) || value === Infinity;
const isLifetime = (value: unknown): boolean => value === 'session' || isDuration(value);
const isOneOf =
  (...words: unknown[]) =>
  (value: unknown): boolean =>
    words.includes(value);
/** Words that `cookies` accepts in any letter case. */
const isWordOf =
  (...words: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && words.includes(value.toLowerCase());
const isSameSite = isWordOf('strict', 'lax', 'none');
const hasMethods =
  (...names: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && names.every(name => isFunction(Reflect.get(value, name)));
const isKoaStore = hasMethods('get', 'set', 'destroy');
const isExpressSession = hasMethods('createSession', 'regenerate');
/**
 * Its methods take callbacks, and have the names of a koa-session store's, unless an app has put others in their place.
 */
export const isExpressStore = (value: unknown): boolean =>
  isExpressSession(value) && !Object.hasOwn(value as object, 'get');
/** Its methods identify a sojourn store. */
const isSessionStore = hasMethods('find', 'insert', 'update', 'touch', 'move', 'end');

type StoreOptions = Pick<SessionOptions, 'store' | 'ContextStore'>;

/** True where the sessions are kept in a store of any kind. */
export function hasStore({ store, ContextStore }: StoreOptions): boolean {
  return store !== undefined || ContextStore !== undefined;
}

/** True where they are kept in a sojourn store. `ContextStore` takes precedence over `store`. */
export function hasSessionStore({ store, ContextStore }: StoreOptions): boolean {
  return !ContextStore && isSessionStore(store);
}

/** True for a store that can list and end an account's sessions. */
export const knowsOwners: (value: unknown) => boolean = hasMethods('list', 'endOwned');

/** More than a token (RFC 6265bis section 4.1.1): browsers accept these, and koa-session apps use `koa:sess`. */
const COOKIE_NAME = /^[!-:<>-~]+$/;

/** What fits in one cookie is not split; above the maximum, every server would need a much higher header limit. */
const MIN_CHUNKED = 4097;
const MAX_CHUNKED = 65_536;

/** Each option's check, and its requirement in words. */
export const CHECKS: Record<OptionName, readonly [Check, string]> = {
  key: [
    value => isText(value) && COOKIE_NAME.test(value),
    'a cookie name: ASCII without spaces, `;` and `=`',
  ],
  maxAge: [isLifetime, "a number of ms, 0 or more, or 'session'"],
  maxage: [isLifetime, "a number of ms, 0 or more, or 'session'"],
  autoCommit: [isBoolean, 'true or false'],
  overwrite: [isBoolean, 'true or false'],
  httpOnly: [isBoolean, 'true or false'],
  signed: [isBoolean, 'true or false'],
  path: [isAttribute, 'a path without control characters and semicolons'],
  domain: [isDomain, 'a host name alone, as example.org: no scheme, no port, no path'],
  secure: [isOneOf(true, false, 'auto'), "true, false or 'auto'"],
  sameSite: [
    value => isSameSite(value) || isOneOf('auto', true, false, null)(value),
    "'strict', 'lax', 'none' or 'auto'",
  ],
  priority: [isWordOf('low', 'medium', 'high'), "'low', 'medium' or 'high'"],
  partitioned: [isBoolean, 'true or false'],
  rolling: [isBoolean, 'true or false'],
  renew: [isBoolean, 'true or false'],
  encode: [isFunction, 'a function (record) => text'],
  decode: [isFunction, 'a function text => record'],
  store: [
    value => isKoaStore(value) || isSessionStore(value),
    'a sojourn store, as redisStore(client), or an object with the methods get, set and destroy',
  ],
  ContextStore: [
    value => isFunction(value) && isKoaStore((value as { prototype: unknown }).prototype),
    'a class with the methods get, set and destroy',
  ],
  revocations: [
    isSessionStore,
    'a sojourn store (sojourn/redis, sojourn/sqlite ...), itself and not by asKoaStore()',
  ],
  externalKey: [isExternalKey, 'an object { get(ctx), set(ctx, key) }, and clear(ctx) if need be'],
  genid: [isFunction, 'a function ctx => key'],
  prefix: [
    value => isString(value) && !isReservedPrefix(value),
    `a string, and not begin with \`${HASH_MARKER}\` or \`${REVOCATION_MARKER}\`, which no client's key may`,
  ],
  valid: [isFunction, 'a function (ctx, data) => boolean'],
  migrate: [isFunction, 'a function data => data'],
  schema: [
    isStandardSchema,
    'a Standard Schema, version 1: zod from 3.24, valibot from 1.0, arktype from 2.0',
  ],
  beforeSave: [isFunction, 'a function (ctx, session)'],
  sessionTtl: [isPositive, 'a number of ms over 0'],
  lazy: [isBoolean, 'true or false'],
  idleTimeout: [isDeadline, 'a number of ms over 0, or Infinity for none'],
  absoluteTimeout: [isDeadline, 'a number of ms over 0, or Infinity for none'],
  touchAfter: [isDuration, 'a number of ms, 0 or more'],
  owner: [isFunction, 'a function data => account'],
  maxSessions: [
    value => isCount(value) || isLimit(value),
    "a number of sessions, 1 or more, or { limit, policy: 'end-oldest' or 'refuse' }",
  ],
  device: [isFunction, 'a function ctx => JSON'],
  onConflict: [
    value => isFunction(value) || isOneOf('merge', 'overwrite', 'refuse')(value),
    "'merge', 'overwrite', 'refuse', or a function (base, ours, theirs) => data",
  ],
  hashKeys: [value => isBoolean(value) || isHashing(value), 'true, false or { acceptPlain: true }'],
  skip: [isFunction, 'a function ctx => boolean'],
  storeTimeout: [isTimer, `a number of ms, 1 to ${MAX_DELAY}`],
  watchInterval: [isTimer, `a number of ms, 1 to ${MAX_DELAY}`],
  onStoreFailure: [isOneOf('throw', 'anonymous'), "'throw' or 'anonymous'"],
  oversize: [
    value => isOneOf('throw', 'chunk')(value) || isChunking(value),
    `'throw', 'chunk', or { chunk: bytes } with ${MIN_CHUNKED} to ${MAX_CHUNKED} bytes`,
  ],
  vary: [isBoolean, 'true or false'],
  clearSiteData: [isDirectives, "a list of names such as ['cookies', 'storage'], or '*'"],
  property: [
    value => isText(value) && !CONTEXT_MEMBERS.has(value),
    'a name that the context has no use for yet',
  ],
  clock: [isClock, 'a function that returns epoch ms, and no promise of them'],
};

/** Members that Koa assigns to every context, so no accessor may be there, and those that go with `session`. */
const CONTEXT_MEMBERS: ReadonlySet<string> = new Set([
  'app',
  'req',
  'res',
  'request',
  'response',
  'originalUrl',
  'state',
  'respond',
  'sessionInfo',
  'sessionOptions',
  'loadSession',
]);

function isTimer(value: unknown): boolean {
  return isPositive(value) && value <= MAX_DELAY;
}

function isChunking(value: unknown): boolean {
  if (!isJsonObject(value) || Object.keys(value).join() !== 'chunk') return false;
  const { chunk } = value;
  return Number.isInteger(chunk) && Number(chunk) >= MIN_CHUNKED && Number(chunk) <= MAX_CHUNKED;
}

function isClock(value: unknown): boolean {
  return typeof value === 'function' && Number.isFinite(value());
}

function isLimit(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { limit, policy = 'end-oldest', ...unknown } = value;
  return isCount(limit) && isOneOf('end-oldest', 'refuse')(policy) && Object.keys(unknown).length === 0;
}

function isHashing(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Object.keys(value).every(name => name === 'acceptPlain' && isBoolean(value.acceptPlain))
  );
}

function isAttribute(value: unknown): boolean {
  return typeof value === 'string' && /^[\x20-\x3a\x3c-\x7e]*$/.test(value);
}

/** As the `cookies` package accepts it. */
function isDomain(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^(\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*)?$/i.test(value)
  );
}

function isExternalKey(value: unknown): boolean {
  const { clear } = Object(value) as { readonly clear?: unknown };
  return hasMethods('get', 'set')(value) && (clear === undefined || clear === null || isFunction(clear));
}

/** The names in Clear-Site-Data (W3C Clear Site Data section 3.1, and Chromium's own additions). */
const DIRECTIVES: readonly unknown[] = [
  '*',
  'cache',
  'clientHints',
  'cookies',
  'executionContexts',
  'prefetchCache',
  'prerenderCache',
  'storage',
];

function isDirectives(value: unknown): boolean {
  const names = Array.isArray(value) ? value : [value];
  return names.length > 0 && names.every(name => DIRECTIVES.includes(name));
}
