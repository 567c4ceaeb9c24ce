import type { Context } from 'koa';
import type { ChunkCookies } from './chunk-cookies.js';
import type { Presented, Reading } from './credential.js';
import { isEqual, type SigningKeys, signatureOf } from './signing-keys.js';
import { cookiesIn, firstCookie, isSigning, isUntouched, keysOfApp } from './stock-cookies.js';

/** How many cookies of one name are tried. */
const MAX_CANDIDATES = 4;

/** Which texts need a valid signature. */
export type Signing = 'all' | 'none' | ((text: string) => boolean);

/** Reads the cookie of one name, and says whether it is authentic. */
export class CookieReader {
  readonly #name: string;
  readonly #signatureName: string;
  readonly #signing: Signing;
  readonly #chunks: ChunkCookies | undefined;

  /** @param chunks undefined where the cookie's value is always the text itself */
  constructor(name: string, signing: Signing, chunks: ChunkCookies | undefined) {
    this.#name = name;
    this.#signatureName = `${name}.sig`;
    this.#signing = signing;
    this.#chunks = chunks;
  }

  read(ctx: Context): Reading {
    const isStock = isUntouched(ctx);
    const value = cookieIn(ctx, this.#name, isStock);
    if (!value) return 'absent';
    const text = this.#textOf(ctx, value);
    if (text === undefined) return this.others(ctx)[0] ?? 'tampered';
    if (!this.#needsSignature(text)) return { value: text, isStale: false };
    const keys = signingKeysOf(ctx, isStock);
    if (!keys) return this.#readThrough(ctx);
    const signature = cookieIn(ctx, this.#signatureName, isStock);
    const isStale = stalenessOf(keys, { name: this.#name, value }, [signature]);
    return isStale === undefined ? (this.others(ctx)[0] ?? 'tampered') : { value: text, isStale };
  }

  /** Further authentic candidates, for a client that presents several under one name. */
  others(ctx: Context): readonly Presented[] {
    const values = cookiesNamed(ctx, this.#name);
    const signatures = cookiesNamed(ctx, this.#signatureName);
    if (values.length < 2 && signatures.length < 2) return [];
    return values.flatMap(value => {
      const text = this.#textOf(ctx, value);
      if (text === undefined) return [];
      if (!this.#needsSignature(text)) return { value: text, isStale: false };
      const keys = signingKeysOf(ctx, isUntouched(ctx));
      const isStale = keys && stalenessOf(keys, { name: this.#name, value }, signatures);
      return isStale === undefined ? [] : { value: text, isStale };
    });
  }

  /** The text that a cookie's value stands for; undefined if one of its chunks is missing. */
  #textOf(ctx: Context, value: string): string | undefined {
    return this.#chunks ? this.#chunks.textOf(ctx, value) : value;
  }

  #needsSignature(text: string): boolean {
    return typeof this.#signing === 'function' ? this.#signing(text) : this.#signing === 'all';
  }

  /** If the request's `ctx.cookies` does its own signing, its verdict counts. */
  #readThrough(ctx: Context): Reading {
    // Without keys, stock cookies cannot verify.
    if ('keys' in ctx.cookies && !ctx.cookies.keys) return 'tampered';
    const value = ctx.cookies.get(this.#name, { signed: true });
    const text = value ? this.#textOf(ctx, value) : undefined;
    return text === undefined ? 'tampered' : { value: text, isStale: false };
  }
}

/** A replaced `ctx.cookies` may answer null. */
function cookieIn(ctx: Context, name: string, isStock: boolean): string | null | undefined {
  return isStock ? firstCookie(ctx.req, name) : ctx.cookies.get(name, { signed: false });
}

/** A request's `ctx.cookies` may be anything with `get` and `set`; only a stock one shows its keys. */
function signingKeysOf(ctx: Context, isStock: boolean): SigningKeys | undefined {
  const known = isStock ? keysOfApp(ctx) : undefined;
  if (known) return known;
  const { keys } = ctx.cookies as { keys?: unknown };
  return isSigning(keys) ? keys : undefined;
}

/**
 * Whether the key that signed it is an older one than the newest; undefined if none of them signed it. What the newest
 * key signed takes one HMAC; only the rest needs Keygrip's own comparison (three HMACs per key).
 */
function stalenessOf(
  keys: SigningKeys,
  { name, value }: { readonly name: string; readonly value: string },
  signatures: readonly (string | null | undefined)[],
): boolean | undefined {
  const expected = signatureOf(keys, name, value);
  for (const signature of signatures) {
    if (signature && isEqual(signature, expected)) return false;
  }
  for (const signature of signatures) {
    if (signature && keys.verify(`${name}=${value}`, signature)) return true;
  }
  return undefined;
}

/** The values of the first few cookies of this name, in the order of the header. */
function cookiesNamed(ctx: Context, name: string): string[] {
  const values: string[] = [];
  for (const [found, value] of cookiesIn(ctx)) {
    if (found === name && values.push(value) === MAX_CANDIDATES) break;
  }
  return values;
}
