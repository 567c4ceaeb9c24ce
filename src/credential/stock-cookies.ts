import type { Context } from 'koa';
import { isUnwantedPromise } from '../awaitable.js';
import { type SigningKeys, signingKeys } from './signing-keys.js';

/*
 * Koa creates a request's `ctx.cookies` from `app.keys` on first access. Whatever is there counts: a replacement, its
 * keys, its `secure`. But if nobody has accessed it yet, and nothing replaced it, it is known what Koa would create,
 * and the session's cookie is read and signed without it.
 */

/** True while `ctx.cookies` does not exist, and Koa itself would create it. */
export function isUntouched(ctx: Context): boolean {
  const { context } = ctx.app;
  const slot = slots.get(context) ?? learnSlot(context);
  if (slot === null || (ctx as Record<symbol, unknown>)[slot] !== undefined) return false;
  return !Object.hasOwn(context, 'cookies') && !Object.hasOwn(ctx, 'cookies');
}

/** Whether the request came encrypted, by Koa or by what `ctx.cookies` was told; undefined where neither says. */
export function isEncrypted(ctx: Context): boolean | undefined {
  const { secure } = isUntouched(ctx) ? ctx : (ctx.cookies as { secure?: boolean });
  return secure;
}

/** The keys that Koa's `ctx.cookies` would have; undefined where it would have none, or if they are not known. */
export function keysOfApp({ app }: Context): SigningKeys | undefined {
  const keys = app.keys as Partial<SigningKeys> | readonly unknown[] | undefined;
  if (Array.isArray(keys)) return signingKeys(keys);
  return isSigning(keys) ? keys : undefined;
}

/**
 * True if one of the keys of this request's `ctx.cookies` is none, as with Koa's where one in `app.keys` is. Others may
 * have been given only those of them that are good.
 */
export function hasEmptyKey(ctx: Context): boolean {
  if (isUntouched(ctx)) return true;
  const { keys } = ctx.cookies as { keys?: Partial<SigningKeys> };
  if (typeof keys?.verify !== 'function') return false;
  try {
    const answer: unknown = keys.verify('', signingKeys([''])?.sign('') ?? '');
    return !isUnwantedPromise(answer) && answer === true;
  } catch {
    // A key in the list is none.
    return true;
  }
}

/**
 * True for keys that sign and verify as Keygrip does. Others may answer with an index, or a promise: then -1 is a no.
 */
export function isSigning(keys: unknown): keys is SigningKeys {
  if (typeof keys !== 'object' || keys === null) return false;
  const prototype: object | null = Object.getPrototypeOf(keys);
  // Koa makes a Keygrip for each request: to ask each one would cost as much as a signature.
  const kind = prototype === null || prototype === Object.prototype ? keys : prototype;
  const known = signing.get(kind);
  if (known !== undefined) return known;
  try {
    const isAlike = isKeygrip(keys);
    signing.set(kind, isAlike);
    return isAlike;
  } catch {
    // One without a usable key tells nothing of its class.
    return false;
  }
}

/** What is known of the keys' class, or of a plain object. */
const signing = new WeakMap<object, boolean>();

function isKeygrip(keys: Partial<SigningKeys>): boolean {
  if (typeof keys.sign !== 'function' || typeof keys.verify !== 'function') return false;
  const answer: unknown = keys.verify('a text', 'no signature of it');
  return !isUnwantedPromise(answer) && answer === false;
}

/** The first cookie of a name in the request's header, as the `cookies` package finds it. */
export function firstCookie({ headers: { cookie } }: Context['req'], name: string): string | undefined {
  if (cookie === undefined) return undefined;
  for (let at = cookie.indexOf(name); at !== -1; at = cookie.indexOf(name, at + 1)) {
    const from = at + name.length + 1;
    if (cookie[from - 1] !== '=' || !beginsPair(cookie, at)) continue;
    const end = cookie.indexOf(';', from);
    const value = end === -1 ? cookie.slice(from) : cookie.slice(from, end);
    return value.startsWith('"') ? value.slice(1, -1) : value || undefined;
  }
  return undefined;
}

const SPACE = 32;
const SEMICOLON = 59;

/** True if only spaces stand between this place and the pair before. */
function beginsPair(cookie: string, at: number): boolean {
  let before = at - 1;
  while (cookie.charCodeAt(before) === SPACE) before--;
  return before === -1 || cookie.charCodeAt(before) === SEMICOLON;
}

/**
 * All cookies in the request's header, as name and value, in their order, and as the `cookies` package finds them: only
 * spaces before a name do not count. To a browser, a name with any other blank before `__Host-` has no such prefix.
 */
export function* cookiesIn({ req }: Context): Generator<readonly [name: string, value: string]> {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const value = pair.slice(equals + 1);
    yield [pair.slice(0, equals).replace(/^ +/, ''), value.startsWith('"') ? value.slice(1, -1) : value];
  }
}

/** The symbol under which Koa keeps what it created, by the app's `context`; null if unknown. */
const slots = new WeakMap<object, symbol | null>();

function learnSlot(context: object): symbol | null {
  const slot = findSlot(context);
  slots.set(context, slot);
  return slot;
}

function findSlot(context: object): symbol | null {
  const getter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), 'cookies')?.get;
  const parts = { req: {}, res: {}, app: {}, request: {} };
  const trial: Record<symbol, unknown> = Object.assign(Object.create(null), parts);
  try {
    const made = getter?.call(trial);
    const [slot, ...others] = Object.getOwnPropertySymbols(trial);
    return slot !== undefined && others.length === 0 && trial[slot] === made ? slot : null;
  } catch {
    return null;
  }
}
