import type { Context } from 'koa';
import type { Awaitable } from '../awaitable.js';

/** What a client presented. */
export interface Presented {
  /** The cookie's value, or the key that the app's `externalKey` read. */
  readonly value: string;
  /** Correctly signed, but by an older key: to be reissued. */
  readonly isStale: boolean;
}

/** A credential that was read: something authentic, nothing, or something whose signature is wrong. */
export type Reading = Presented | 'absent' | 'tampered';

/** How the credential travels. Reading never throws because of what a client sent. */
export interface Credential {
  /** True if it travels as a cookie. */
  readonly isCookie: boolean;
  /** The names of all cookies that it may set. */
  readonly cookieNames: readonly string[];
  /** @throws SessionOptionsError where the app lacks what this credential needs */
  requireUsable(ctx: Context): void;
  read(ctx: Context): Awaitable<Reading>;
  /** Further authentic candidates, for a client that presents several under one name. */
  others(ctx: Context): readonly Presented[];
  /**
   * @throws SessionOptionsError where the attributes forbid a credential on this request; SessionTooLargeError where
   * cookies cannot hold this one
   */
  requireWritable(ctx: Context, options: CookieOptions, issue?: Issue): void;
  /**
   * Hands a credential to the client.
   * @throws SessionTooLargeError where cookies cannot hold it
   */
  write(ctx: Context, issue: Issue, options: CookieOptions): Awaitable<void>;
  /** Clears it at the client. */
  clear(ctx: Context, attributes: CookieAttributes): Awaitable<void>;
  /** A cookie that travels beside it, and is cleared with it. */
  readonly stamp?: StampCookie;
}

/** A small cookie that tells when another cookie's session was last used. */
export interface StampCookie {
  readonly name: string;
  /** The correctly signed ones that the client presented. */
  read(ctx: Context): readonly string[];
  write: Credential['write'];
}

/** A credential that the client is to get. */
export interface Issue {
  readonly value: string;
  /** Epoch ms at which the client may forget it; undefined: when the browser closes. */
  readonly expiresAt: number | undefined;
  /** The session's data, where they travel in the credential itself. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** What becomes of a cookie session over 4096 bytes: an error, or chunks of up to so many bytes in total. */
export type Oversize = 'throw' | 'chunk' | { readonly chunk: number };

/** The options that concern the credential. */
export interface CookieOptions extends CookieAttributes {
  readonly oversize?: Oversize | undefined;
}

/** The attributes of a cookie (RFC 6265bis section 4.1.2), as the `cookies` package takes them. */
export interface CookieAttributes {
  /** The paths that the cookie is sent to. @default '/' */
  readonly path?: string | undefined;
  /** The domain whose hosts get the cookie, subdomains included. @default none: this host alone */
  readonly domain?: string | undefined;
  /**
   * Whether the cookie is for HTTPS only. With `true`, saving a session over plain HTTP throws a SessionOptionsError;
   * `'auto'`, like leaving it out, follows the request's protocol. @default none
   */
  readonly secure?: boolean | 'auto' | undefined;
  /** Keep the cookie from scripts (ASVS 5.0, 3.3.4). @default true */
  readonly httpOnly?: boolean | undefined;
  /**
   * Whether requests from other sites carry the cookie; `true` means `'strict'`. `'auto'` is `'none'` over HTTPS, and
   * `'lax'` over plain HTTP. @default none, which Chromium treats as `'lax'`
   */
  readonly sameSite?: 'strict' | 'lax' | 'none' | 'auto' | boolean | null | undefined;
  /** Which cookies Chromium drops last where there are too many. @default none */
  readonly priority?: 'low' | 'medium' | 'high' | undefined;
  /** A separate cookie for every site that embeds the app (CHIPS); it needs HTTPS. @default false */
  readonly partitioned?: boolean | undefined;
  /** Replace a cookie of the same name that this response sets already. @default true */
  readonly overwrite?: boolean | undefined;
  /** Sign the cookie with the keys of `ctx.cookies` (`app.keys`). @default true; false for a sealed cookie */
  readonly signed?: boolean | undefined;
}
