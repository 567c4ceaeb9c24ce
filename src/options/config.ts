import type { Context } from 'koa';
import { isUnwantedPromise, whenReady } from '../awaitable.js';
import { sealOf } from '../codec/codec.js';
import { cookieCredential } from '../credential/cookie.js';
import type { Credential } from '../credential/credential.js';
import { externalKeyCredential } from '../credential/external-key.js';
import { COOKIE_LIMIT, fitsCookie } from '../credential/oversize.js';
import {
  generateHandle,
  generateSessionKey,
  generateUuid,
  storedForms,
  withOwnerTag,
} from '../credential/session-key.js';
import { SessionOptionsError } from '../errors.js';
import type { DirectorySettings } from '../persistence/directory.js';
import { KoaStorePersistence } from '../persistence/koa/koa-store.js';
import type { KeyPolicy, Persistence } from '../persistence/persistence.js';
import type { Revocations } from '../persistence/revocations/revocations.js';
import { StorePersistence } from '../persistence/store/in-store.js';
import type { StoredKeys } from '../persistence/store/store-client.js';
import type { StoredLifetime } from '../persistence/store/stored-session.js';
import type { KoaSessionStore, SessionLimit, SessionStore } from '../stores/store.js';
import { checkOptions } from './check.js';
import { cookieSession } from './cookie-session.js';
import { recordDeadlines, touchAfterOf } from './deadlines.js';
import { givenOptions } from './given.js';
import { hasSessionStore, hasStore } from './kinds.js';
import type { SessionOptions } from './options.js';
import { DEFAULTS, type ResolvedOptions } from './resolved.js';

/** One middleware's options, checked and resolved. It is immutable, and shared by all requests. */
export interface Config {
  readonly options: Readonly<ResolvedOptions>;
  readonly persistence: Persistence;
  readonly credential: Credential;
  /** True if the session must be loaded before the app runs. */
  readonly isEager: boolean;
  /** For operations outside a request; only sojourn stores support them. */
  readonly directory: DirectorySettings | undefined;
  /** The same for cookie sessions, where a store remembers the ended ones. */
  readonly revocations: Revocations | undefined;
}

/** @throws SessionOptionsError naming the option and the fix. The caller's object is never changed. */
export function configure(asked: SessionOptions<never> | null | undefined): Config {
  const given = givenOptions(asked);
  checkOptions(given);
  const seal = sealOf(given);
  const options = resolve(given, seal !== undefined);
  const isStored = hasStore(options);
  const parts = isStored ? storedSession(options) : cookieSession(options, seal);
  return {
    options,
    ...parts,
    isEager: (isStored || parts.revocations !== undefined) && options.lazy !== true,
    directory: hasSessionStore(options) ? directoryOf(options) : undefined,
  };
}

function storedSession(options: ResolvedOptions) {
  return {
    credential: keyCredential(options),
    persistence: storePersistence(options),
    revocations: undefined,
  };
}

function keyCredential({ externalKey, key, signed }: ResolvedOptions): Credential {
  return externalKey
    ? externalKeyCredential(externalKey)
    : cookieCredential({ name: key, signing: signed === false ? 'none' : 'all', holdsData: false });
}

function resolve(given: SessionOptions<never>, isSealed: boolean): Readonly<ResolvedOptions> {
  // Looked up on each call: a test may replace it.
  const options: Record<string, unknown> = { ...DEFAULTS, clock: () => Date.now() };
  // A sealed cookie needs no signature.
  if (isSealed && !hasStore(given)) options.signed = false;
  for (const [name, value] of Object.entries(given)) {
    // An infinite deadline is the same as none.
    if (value !== Infinity) options[name] = value;
  }
  if (given.maxage !== undefined) options.maxAge = acceptMaxage(given);
  return Object.freeze(options) as Readonly<ResolvedOptions>;
}

function acceptMaxage({ maxAge, maxage }: SessionOptions<never>): unknown {
  process.emitWarning(
    'the session option `maxage` is spelt `maxAge`',
    'DeprecationWarning',
    'SOJOURN_DEP0001',
  );
  return maxAge ?? maxage;
}

function storePersistence(options: ResolvedOptions): Persistence {
  const { store, sessionTtl, storeTimeout: timeout } = options;
  if (hasSessionStore(options)) return ownPersistence(options, store as SessionStore);
  const keys = { generate: generatorOf(options, () => (options.prefix ?? '') + generateUuid()) };
  const deadlines = recordDeadlines(options);
  const { owner } = options;
  return new KoaStorePersistence({ store: storeOf(options), keys, sessionTtl, timeout, deadlines, owner });
}

function directoryOf(options: ResolvedOptions): DirectorySettings {
  const { store, storeTimeout: timeout, clock } = options;
  return { store: store as SessionStore, lifetime: lifetimeOf(options), timeout, clock };
}

function lifetimeOf(options: ResolvedOptions): StoredLifetime {
  const { maxAge, sessionTtl, idleTimeout, absoluteTimeout, rolling = false } = options;
  return { maxAge, sessionTtl, idleTimeout, absoluteTimeout, rolling };
}

function ownPersistence(options: ResolvedOptions, store: SessionStore): Persistence {
  const { sessionTtl, idleTimeout } = options;
  return new StorePersistence({
    store,
    keys: storedKeys(options),
    lifetime: lifetimeOf(options),
    touchAfter: idleTimeout && touchAfterOf(options, idleTimeout),
    touchBrowserSessionAfter: touchAfterOf(options, Math.min(sessionTtl, idleTimeout ?? sessionTtl)),
    timeout: options.storeTimeout,
    owner: options.owner,
    limit: limitOf(options),
    device: ctx => deviceText(options.device?.(ctx as Context)),
  });
}

function limitOf({ maxSessions }: ResolvedOptions): SessionLimit | undefined {
  if (maxSessions === undefined) return undefined;
  const { limit, policy = 'end-oldest' } =
    typeof maxSessions === 'number' ? { limit: maxSessions } : maxSessions;
  return { limit, policy };
}

function deviceText(device: unknown): string | null {
  if (isUnwantedPromise(device))
    throw new TypeError('option `device` must answer at once, and returned a promise');
  return JSON.stringify(device ?? null) ?? null;
}

function storedKeys(options: ResolvedOptions): StoredKeys {
  const { prefix = '' } = options;
  return {
    generate: generatorOf(options, previous => generateSessionKey(prefix, previous)),
    forOwner: (key, owner) => (options.genid ? key : withOwnerTag(key, prefix, owner)),
    generateHandle: key => generateHandle(key, prefix),
    storedAs: key => storedForms(key, options),
  };
}

function generatorOf(
  options: ResolvedOptions,
  generate: (previous?: string) => string,
): KeyPolicy['generate'] {
  const { genid } = options;
  if (!genid) return (_ctx, previous) => generate(previous);
  // Called on the options, as koa-session does: it may look at them as `this`.
  return ctx => whenReady(genid.call(options, ctx as Context), key => checkKey(key, options));
}

/** A number counts too, as in koa-session. */
function checkKey(made: unknown, { externalKey, key: name }: ResolvedOptions): string {
  const key = typeof made === 'number' || typeof made === 'bigint' ? String(made) : made;
  if (typeof key !== 'string' || key === '') {
    throw new SessionOptionsError(
      `option \`genid\` must return a key, a string that is not empty, and returned ${typeof key}`,
    );
  }
  if (externalKey || fitsCookie(name, key)) return key;
  throw new SessionOptionsError(
    `option \`genid\` must return what a cookie can hold: ASCII without \`;\`, no space at either end, no quote at its beginning, and ${COOKIE_LIMIT} bytes with the cookie's name`,
  );
}

function storeOf({ store, ContextStore }: ResolvedOptions): (ctx: unknown) => KoaSessionStore {
  if (!ContextStore) return () => store as KoaSessionStore;
  const stores = new WeakMap<object, KoaSessionStore>();
  return ctx => {
    const found = stores.get(ctx as Context);
    if (found) return found;
    const created = new ContextStore(ctx as Context);
    stores.set(ctx as Context, created);
    return created;
  };
}
