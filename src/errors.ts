/**
 * The errors that sojourn throws, besides TypeErrors for arguments of a wrong type. Switch on `code`, which is stable;
 * the message says how to fix the problem. No message or property contains a usable key.
 */

/** The stable codes. */
export type SessionErrorCode =
  | 'ERR_SESSION_OPTIONS'
  | 'ERR_SESSION_STORE'
  | 'ERR_SESSION_CONFLICT'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_HEADERS_SENT'
  | 'ERR_SESSION_NOT_LOADED'
  | 'ERR_SESSION_INVALID'
  | 'ERR_SESSION_ENDED';

/**
 * An app can hold the ESM and the CommonJS copy of this file at once. Both share the brand, so that `instanceof` works
 * across them.
 */
const brand: unique symbol = Symbol.for('sojourn.error') as never;

/** The base of all errors below. */
export class SessionError extends Error {
  declare readonly code: SessionErrorCode;
  /** The HTTP status that Koa responds with, if the error reaches it. */
  declare readonly status?: number;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!ownClasses.has(this)) return Function.prototype[Symbol.hasInstance].call(this, value);
    if (!isBranded(value)) return false;
    return this === SessionError || value.code === this.prototype.code;
  }
}

/** A mistake in the options, found at startup if possible; the message names the option and the fix. */
export class SessionOptionsError extends SessionError {}

/** The store failed or did not answer in time; `cause` is the store's own error, with keys hidden. Status 503. */
export class SessionStoreError extends SessionError {}

/** Other requests changed the session meanwhile, and `onConflict` is `'refuse'` or the retries ran out. Status 409. */
export class SessionConflictError extends SessionError {}

/** The account has as many live sessions as `maxSessions` allows, and the policy is `'refuse'`. Status 409. */
export class SessionLimitError extends SessionError {}

/** The cookie would exceed what browsers keep (RFC 6265bis: 4096 bytes of name and value) or what `oversize` allows. */
export class SessionTooLargeError extends SessionError {
  /** The total bytes of the session's cookies, names and values. */
  declare readonly size?: number;
  /** The names of the session's largest fields, largest first; long names are cut. */
  declare readonly fields?: readonly string[];

  constructor(message: string, { size, fields, ...options }: ErrorOptions & TooLarge = {}) {
    super(message, options);
    if (size !== undefined) Object.assign(this, { size, fields });
  }
}

/** Size and largest fields. */
export interface TooLarge {
  readonly size?: number;
  readonly fields?: readonly string[];
}

/** The response's headers are sent, so a cookie that the session needs can no longer be set. */
export class SessionHeadersSentError extends SessionError {}

/** With `lazy`, `ctx.session` was used before `await ctx.loadSession()`. */
export class SessionNotLoadedError extends SessionError {}

/** The data do not fit the `schema`; `cause` is the schema's list of issues. */
export class SessionInvalidError extends SessionError {}

/** The abort reason of an opened session's signal: the session is over. It is never thrown. */
export class SessionEndedError extends SessionError {
  /** As in `ctx.sessionInfo.ended`: `revoked`, `displaced`, `logout`, `rotated`, `expired`, `idle`, `absolute` ... */
  declare readonly reason: string;
  /** When, in epoch ms. */
  declare readonly at: number;

  constructor({ reason, at }: { readonly reason: string; readonly at: number }) {
    super(`the session is over: ${reason}`);
    Object.assign(this, { reason, at });
  }
}

function isBranded(value: unknown): value is { code?: unknown } {
  return typeof value === 'object' && value !== null && brand in value;
}

const ownClasses = new Set<unknown>([SessionError]);

/** `name`, `code` and `status` are on the prototype, so that an instance prints only its message and cause. */
function define(
  errorClass: { name: string; prototype: SessionError },
  code: SessionErrorCode,
  status?: number,
): void {
  Object.defineProperty(errorClass.prototype, 'name', {
    value: errorClass.name,
    configurable: true,
    writable: true,
  });
  Object.defineProperty(errorClass.prototype, 'code', { value: code, enumerable: true });
  if (status !== undefined) {
    // Koa writes the status that it responded with back to the error.
    Object.defineProperty(errorClass.prototype, 'status', {
      value: status,
      writable: true,
      enumerable: true,
    });
  }
  ownClasses.add(errorClass);
}

define(SessionOptionsError, 'ERR_SESSION_OPTIONS');
define(SessionStoreError, 'ERR_SESSION_STORE', 503);
define(SessionConflictError, 'ERR_SESSION_CONFLICT', 409);
define(SessionLimitError, 'ERR_SESSION_LIMIT', 409);
define(SessionTooLargeError, 'ERR_SESSION_TOO_LARGE');
define(SessionHeadersSentError, 'ERR_SESSION_HEADERS_SENT');
define(SessionNotLoadedError, 'ERR_SESSION_NOT_LOADED');
define(SessionInvalidError, 'ERR_SESSION_INVALID');
define(SessionEndedError, 'ERR_SESSION_ENDED');
