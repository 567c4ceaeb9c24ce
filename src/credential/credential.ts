import type { Context } from 'koa';

/** What a client presented. */
export interface Presented {
  /** The cookie's value, or the key that the app's `externalKey` read. */
  readonly value: string;
  /** Rightly signed, but by an older key: to be issued anew. */
  readonly isStale: boolean;
}

/** A credential that was read: something authentic, nothing, or something whose signature is wrong. */
export type Reading = Presented | 'absent' | 'tampered';

/** Where the credential travels. Reading never throws on what a client sent; writing is the one place for headers. */
export interface Credential {
  /** True if it travels as a cookie. */
  readonly isCookie: boolean;
  /** The names of all cookies that it may set. */
  readonly cookieNames: readonly string[];
  /** @throws SessionOptionsError where the app lacks what this credential needs */
  requireUsable(ctx: Context): void;
  read(ctx: Context): Reading | Promise<Reading>;
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
  write(ctx: Context, issue: Issue, options: CookieOptions): void | Promise<void>;
  /** Takes it from the client. */
  clear(ctx: Context, attributes: CookieAttributes): void | Promise<void>;
  /** What travels beside it, and is taken from the client with it. */
  readonly stamp?: StampCookie;
}

/** A small cookie that says when the session of another was last used. */
export interface StampCookie {
  readonly name: string;
  /** The rightly signed ones that the client presented. */
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

/** What becomes of a cookie session over 4096 bytes: an error, or chunks of so many bytes in all. */
export type Oversize = 'throw' | 'chunk' | { readonly chunk: number };

/** What of the options concerns the credential. */
export interface CookieOptions extends CookieAttributes {
  readonly oversize?: Oversize | undefined;
}

/** The attributes of a cookie, as the `cookies` package takes them; `auto` follows the request's protocol. */
export interface CookieAttributes {
  readonly path?: string | undefined;
  readonly domain?: string | undefined;
  readonly secure?: boolean | 'auto' | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly sameSite?: 'strict' | 'lax' | 'none' | 'auto' | boolean | null | undefined;
  readonly priority?: 'low' | 'medium' | 'high' | undefined;
  readonly partitioned?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  readonly signed?: boolean | undefined;
}
