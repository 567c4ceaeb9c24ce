import { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { CookieAttributes } from './credential.js';
import { signatureOf } from './signing-keys.js';
import { isEncrypted, isUntouched, keysOfApp } from './stock-cookies.js';

/** A cookie to be set. */
export interface NewCookie {
  readonly name: string;
  readonly value: string;
  /** Epoch ms; undefined: when the browser closes. */
  readonly expiresAt: number | undefined;
}

/** What follows the value in a Set-Cookie line: the attributes, with an expiry among them. */
class Template {
  readonly #before: string;
  readonly #after: string;
  #last = { second: Number.NaN, text: '' };

  constructor(before: string, after: string) {
    this.#before = before;
    this.#after = after;
  }

  /** An HTTP date (RFC 9110, 5.6.7) has whole seconds: most responses reuse the last text. */
  at(expiresAt: number | undefined): string {
    if (expiresAt === undefined) return this.#before;
    const second = Math.floor(expiresAt / 1000);
    if (this.#last.second !== second) {
      this.#last = { second, text: this.#before + expiryText(expiresAt) + this.#after };
    }
    return this.#last.text;
  }
}

/**
 * Writes cookies with the request's own `ctx.cookies`. What that wrote for the configured attributes becomes the
 * template of later lines, as long as `ctx.cookies` would be Koa's own: the same attributes need not be checked and
 * assembled for each response.
 */
export class CookieWriter {
  /** Keyed by what else the line depends on: whether the request is encrypted, and whether the cookie has an expiry. */
  readonly #templates = new Map<number, Template>();
  #templatesOf: CookieAttributes | undefined;

  set(ctx: Context, cookie: NewCookie, attributes: CookieAttributes): void {
    if (cookie.value === '' || !this.#isConfigured(attributes) || !isUntouched(ctx)) {
      setByCookies(ctx, cookie, attributes);
      return;
    }
    const kind = (ctx.secure ? 2 : 0) + (cookie.expiresAt === undefined ? 1 : 0);
    const template = this.#templates.get(kind);
    if (template && setByTemplate(ctx, cookie, template, attributes.signed !== false)) return;
    setByCookies(ctx, cookie, attributes);
    const learned = template ?? templateOf(ctx, cookie);
    if (learned) this.#templates.set(kind, learned);
  }

  /** The configured options never change; a request's own copy may. */
  #isConfigured(attributes: CookieAttributes): boolean {
    if (this.#templatesOf === attributes) return true;
    if (!Object.isFrozen(attributes)) return false;
    this.#templates.clear();
    this.#templatesOf = attributes;
    return true;
  }
}

/** False if the template does not cover this case. */
function setByTemplate(
  ctx: Context,
  { name, value, expiresAt }: NewCookie,
  template: Template,
  isSigned: boolean,
): boolean {
  const { res } = ctx;
  const keys = isSigned ? keysOfApp(ctx) : undefined;
  if ((isSigned && !keys) || !isChecked(res, value) || res.hasHeader('set-cookie')) return false;
  const attributes = template.at(expiresAt);
  const line = `${name}=${value}${attributes}`;
  const lines = keys ? [line, `${name}.sig=${signatureOf(keys, name, value)}${attributes}`] : [line];
  res.setHeader('Set-Cookie', lines);
  return true;
}

/**
 * True if Node itself rejects what a cookie may not contain: a `ServerResponse` rejects all but a semicolon, which is
 * looked for here; an HTTP/2 response rejects nothing.
 */
function isChecked(res: Context['res'], value: string): boolean {
  return res instanceof ServerResponse && !value.includes(';');
}

function templateOf({ res }: Context, { name, value, expiresAt }: NewCookie): Template | undefined {
  const pair = `${name}=${value}`;
  // The last one is this cookie's: with `overwrite: false` an earlier save may have set the same value.
  const line = [res.getHeader('Set-Cookie')].flat().findLast(text => String(text).startsWith(`${pair};`));
  if (line === undefined) return undefined;
  const attributes = String(line).slice(pair.length);
  if (expiresAt === undefined) return new Template(attributes, '');
  const [before, after, ...more] = attributes.split(expiryText(expiresAt)) as [string, ...string[]];
  return after !== undefined && more.length === 0 ? new Template(before, after) : undefined;
}

function expiryText(expiresAt: number): string {
  return new Date(expiresAt).toUTCString();
}

/** One literal, since the `cookies` package iterates over it; undefined values must not replace its defaults. */
function setByCookies(
  ctx: Context,
  { name, value, expiresAt }: NewCookie,
  attributes: CookieAttributes,
): void {
  const { path = '/', httpOnly = true, secure, sameSite } = attributes;
  ctx.cookies.set(name, value, {
    path,
    httpOnly,
    domain: attributes.domain,
    secure: secure === 'auto' ? undefined : secure,
    sameSite: sameSite === 'auto' ? ((isEncrypted(ctx) ?? ctx.secure) ? 'none' : 'lax') : sameSite,
    priority: attributes.priority,
    partitioned: attributes.partitioned,
    overwrite: attributes.overwrite,
    signed: attributes.signed,
    ...lifetimeOf(ctx, expiresAt),
  } as object);
}

/**
 * The package cookies takes the expiry, which the app's clock decides. Another `ctx.cookies` may know `maxAge` alone,
 * as koa-session gives it: by the real clock, and false for what is cleared.
 */
function lifetimeOf({ cookies }: Context, expiresAt: number | undefined): object {
  if (expiresAt === undefined) return {};
  const expires = new Date(expiresAt);
  if ('keys' in cookies) return { expires };
  return { expires, maxAge: expiresAt === 0 ? false : expiresAt - Date.now() };
}
