import type { MaxAge } from '../session/record.js';
import type { SessionOptions } from './options.js';

const ONE_DAY = 86_400_000;

/** koa-session's defaults, and ours. */
export const DEFAULTS: SessionOptions = {
  key: 'koa.sess',
  maxAge: ONE_DAY,
  autoCommit: true,
  overwrite: true,
  httpOnly: true,
  signed: true,
  rolling: false,
  renew: false,
  sessionTtl: ONE_DAY,
  lazy: false,
  onConflict: 'merge',
  hashKeys: false,
  onStoreFailure: 'throw',
  watchInterval: 1000,
  oversize: 'throw',
  vary: true,
  property: 'session',
};

/** Options that apply to all requests, and cannot be changed for one. */
export const FIXED_OPTIONS = [
  'key',
  'signed',
  'maxage',
  'encode',
  'decode',
  'store',
  'ContextStore',
  'externalKey',
  'genid',
  'prefix',
  'valid',
  'schema',
  'migrate',
  'revocations',
  'sessionTtl',
  'lazy',
  'idleTimeout',
  'absoluteTimeout',
  'touchAfter',
  'owner',
  'maxSessions',
  'device',
  'hashKeys',
  'skip',
  'storeTimeout',
  'watchInterval',
  'property',
  'clock',
] as const;

type FixedOption = (typeof FIXED_OPTIONS)[number];

/**
 * The options of one middleware, with defaults. In a request's own copy, the app may change those that are not fixed.
 */
export type ResolvedOptions = {
  -readonly [name in Exclude<keyof SessionOptions, FixedOption>]: SessionOptions<never>[name];
} & {
  readonly [name in FixedOption]: SessionOptions<never>[name];
} & {
  readonly key: string;
  maxAge: MaxAge;
  readonly sessionTtl: number;
  readonly property: string;
  readonly watchInterval: number;
  readonly clock: () => number;
};
