import type { Context } from 'koa';
import { whenReady } from '../awaitable.js';
import { SessionOptionsError } from '../errors.js';
import { ChunkCookies } from './chunk-cookies.js';
import type { Packed } from './chunks.js';
import type { CookieAttributes, Credential, Reading, StampCookie } from './credential.js';
import { pack } from './oversize.js';
import { CookieReader, type Signing } from './read-cookie.js';
import { CookieWriter } from './set-cookie.js';
import { hasEmptyKey, isEncrypted } from './stock-cookies.js';

/** What the credential's cookie is like. */
interface CookieTraits {
  readonly name: string;
  readonly signing: Signing;
  /** True if the credential is the session itself, perhaps in several cookies. */
  readonly holdsData: boolean;
}

const NOTHING: Packed = { value: '', chunks: [] };

/** A credential that travels as a cookie, read and written with the request's own `ctx.cookies`. */
export function cookieCredential({ name, signing, holdsData }: CookieTraits): Credential {
  let isChecked = signing === 'none';
  const chunks = holdsData ? new ChunkCookies(name) : undefined;
  const reader = new CookieReader(name, signing, chunks);
  const writer = new CookieWriter();
  const set = (ctx: Context, packed: Packed, expiresAt: number | undefined, attributes: CookieAttributes) => {
    if (attributes.secure === true) requireEncrypted(ctx);
    const beside = chunks?.toSet(ctx, packed.chunks) ?? [];
    writer.set(ctx, { name, value: packed.value, expiresAt }, attributes);
    for (const [chunk, value] of beside) {
      const cookie = { name: chunk, value, expiresAt: value === '' ? 0 : expiresAt };
      writer.set(ctx, cookie, { ...attributes, signed: false });
    }
  };
  return {
    isCookie: true,
    cookieNames: [name, `${name}.sig`, ...(chunks?.names ?? [])],
    requireUsable: ctx => {
      if (!isChecked) isChecked = checkKeys(ctx, { signing, holdsData });
    },
    read: ctx => reader.read(ctx),
    others: ctx => reader.others(ctx),
    requireWritable: (ctx, { secure, oversize }, issue) => {
      if (secure === true) requireEncrypted(ctx);
      if (issue) pack(name, issue, oversize);
    },
    write: (ctx, issue, options) => set(ctx, pack(name, issue, options.oversize), issue.expiresAt, options),
    clear: (ctx, attributes) => set(ctx, NOTHING, 0, attributes),
  };
}

/** A credential with a second cookie, signed and set like its own, that tells when the session was last used. */
export function stampedCredential(credential: Credential, name: string, signing: Signing): Credential {
  const cookie = cookieCredential({ name, signing, holdsData: false });
  const stamp: StampCookie = {
    name,
    read(ctx) {
      const reading = cookie.read(ctx) as Reading;
      if (typeof reading !== 'object') return [];
      return [reading, ...cookie.others(ctx)].map(({ value }) => value);
    },
    write: cookie.write,
  };
  return {
    ...credential,
    stamp,
    cookieNames: [...credential.cookieNames, ...cookie.cookieNames],
    clear: (ctx, attributes) =>
      whenReady(credential.clear(ctx, attributes), () => cookie.clear(ctx, attributes)),
  };
}

/**
 * An app may set its keys after `session()`, but not after the first request.
 * @returns false if only this request's `ctx.cookies` knows what it signs with: another request may have Koa's own
 */
function checkKeys(ctx: Context, { signing, holdsData }: Omit<CookieTraits, 'name'>): boolean {
  const { keys } = ctx.app;
  // Where only some cookies are signed, an app may do without keys; but those that it has must be good.
  if (signing !== 'all' && !keys) return true;
  const fix = fixFor(signing, holdsData);
  if (!areGood(keys)) {
    if (!hasEmptyKey(ctx)) return false;
    throw new SessionOptionsError(
      typeof keys === 'string'
        ? 'option `signed`: `app.keys` is a text: set `app.keys = [secret]`'
        : `option \`signed\`: a key in \`app.keys\` is empty, or there is none. ${fix}`,
    );
  }
  if (signing !== 'all') return true;
  const cookies: object = ctx.cookies;
  if (!('keys' in cookies)) return false;
  if (cookies.keys) return true;
  throw new SessionOptionsError(
    `option \`signed\`: the session cookie is signed, and there are no keys. ${fix}`,
  );
}

/** An unset environment variable makes a key undefined or empty. */
function areGood(keys: unknown): boolean {
  if (!Array.isArray(keys)) return typeof keys !== 'string';
  return keys.length > 0 && keys.every(key => key !== undefined && key !== null && key.length !== 0);
}

function fixFor(signing: Signing, holdsData: boolean): string {
  if (signing !== 'all')
    return 'Set `app.keys = [secret]`, or leave it out: then no plain cookie is accepted';
  return holdsData
    ? 'Set `app.keys = [secret]`: with `signed: false` anybody could make up a session'
    : 'Set `app.keys = [secret]`, or `signed: false`';
}

/** Prefixes of names by which browsers hold a cookie to its attributes (RFC 6265bis section 4.1.3). */
const IS_HOST_ONLY = /^__host-/i;
const IS_SECURE = /^__(?:host|secure)-/i;

/** True if browsers drop a cookie of these attributes: not Secure on this request, or wider than its name allows. */
export function isDroppedByBrowsers(
  ctx: Context,
  {
    key = '',
    secure,
    sameSite,
    partitioned,
    domain,
    path = '/',
  }: CookieAttributes & { readonly key?: string },
): boolean {
  if (IS_HOST_ONLY.test(key) && (domain || path !== '/')) return true;
  const isNone =
    typeof sameSite === 'string' &&
    (sameSite.toLowerCase() === 'none' || (sameSite === 'auto' && (isEncrypted(ctx) ?? ctx.secure)));
  const mustBeSecure = isNone || partitioned === true || IS_SECURE.test(key);
  return mustBeSecure && (secure === false || isEncrypted(ctx) === false);
}

/** A Secure cookie on a plain HTTP request cannot work: explain the set-up. */
function requireEncrypted(ctx: Context): void {
  if (isEncrypted(ctx) !== false) return;
  throw new SessionOptionsError(
    'option `secure`: the cookie is for HTTPS only, and this request came over plain HTTP. Behind a proxy that ends ' +
      'TLS set `app.proxy = true` and have it send X-Forwarded-Proto; without TLS leave `secure` out, or set it to "auto" ' +
      '(in development with `strict()`, which sets it, give `secure: "auto"` and a `key` without __Host-)',
  );
}
