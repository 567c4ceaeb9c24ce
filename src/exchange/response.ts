import type { Context } from 'koa';
import { type Awaitable, isThenable } from '../awaitable.js';
import { isDroppedByBrowsers } from '../credential/cookie.js';
import type { Issue } from '../credential/credential.js';
import { SessionHeadersSentError } from '../errors.js';
import type { Config } from '../options/config.js';
import type { ResolvedOptions } from '../options/resolved.js';
import type { Saved } from '../persistence/persistence.js';
import { keepCookies, keptHeaders, NO_STORE } from './error-headers.js';
import { emitEvent } from './events.js';
import { clearSiteData, tellSiteData } from './site-data.js';

const SHARED_WARNING =
  'a response that sets the session cookie, or used a session with `externalKey`, says `public`, `s-maxage` or `max-age` ' +
  'in Cache-Control, and not `private`: a shared cache may hand it to others';

/** What lets a shared cache store a response (RFC 9111 section 3), Set-Cookie included. */
const IS_SHARED = /(?:^|[\s,])(?:public(?=$|[\s,;])|s-maxage="?0*[1-9])/i;

const IS_FRESH = /(?:^|[\s,])max-age="?0*[1-9]/i;

/** In a shared cache it overrides `max-age` (section 5.2.2.10). */
const IS_STALE_IF_SHARED = /(?:^|[\s,])s-maxage="?0+(?!\d)/i;

const IS_PRIVATE = /(?:^|[\s,])(?:private|no-store)(?:$|[\s,])/i;

const DROPPED_WARNING =
  'browsers drop the session cookie of this response: it is named __Host- and has a `domain`, or a `path` other than /; or it ' +
  'has to be Secure (SameSite=None, Partitioned, or named __Host- or __Secure-), and is not, since `secure` is false or the ' +
  'request came over plain HTTP. Behind a proxy that ends TLS set `app.proxy = true` and have it send X-Forwarded-Proto';

/** The one place that decides which headers the response gets. */
export class SessionResponse {
  readonly #ctx: Context;
  readonly #config: Config;
  #setsCredential = false;
  #isSharingTold = false;

  constructor(ctx: Context, config: Config) {
    this.#ctx = ctx;
    this.#config = config;
  }

  /** Sends the client what a commit has for it: a credential, the time of the last use, or nothing. */
  write(saved: Saved, options: Readonly<ResolvedOptions>): Awaitable<void> {
    const { credential } = this.#config;
    const { credentialExpiresAt: expiresAt, stamp } = saved;
    if (stamp !== undefined) {
      void credential.stamp?.write(this.#ctx, { value: stamp, expiresAt, data: undefined }, options);
      this.#credentialSet(options);
    }
    const issue = this.#issueOf(saved);
    if (!issue) return;
    const written = credential.write(this.#ctx, issue, options);
    if (isThenable(written)) return this.#onceSet(written, options);
    this.#credentialSet(options);
  }

  /** Clears the client's credential. */
  clear(options: Readonly<ResolvedOptions>): Awaitable<void> {
    const cleared = this.#config.credential.clear(this.#ctx, options);
    if (isThenable(cleared)) return this.#onceSet(cleared, options);
    this.#credentialSet(options);
  }

  async #onceSet(setting: Promise<void>, options: Readonly<ResolvedOptions>): Promise<void> {
    await setting;
    this.#credentialSet(options);
  }

  /** Sets `Clear-Site-Data`, if configured, after the app has ended a session. */
  clearSiteData({ clearSiteData: names }: Readonly<ResolvedOptions>): void {
    if (names !== undefined) clearSiteData(this.#ctx, [names].flat());
  }

  /** Tells caches that the response depends on the session, and warns if they may share one with a credential. */
  tellCaches({ vary }: Readonly<ResolvedOptions>, isUsed: boolean): void {
    if (!vary || this.#ctx.res.headersSent) return;
    const { isCookie } = this.#config.credential;
    if (isUsed && isCookie) {
      addVary(this.#ctx);
      keptHeaders(this.#ctx).vary = true;
    }
    const isPersonal = isUsed && !isCookie;
    if (isPersonal) this.#forbidStoring();
    if (this.#setsCredential || isPersonal) this.#warnOfSharing();
  }

  /**
   * @param saved what the client is to get, where that is known
   * @throws SessionHeadersSentError; SessionOptionsError where the attributes forbid a cookie on this request;
   * SessionTooLargeError
   */
  requireWritable(options: Readonly<ResolvedOptions>, saved?: Saved): void {
    this.requireUnsent();
    this.#config.credential.requireWritable(this.#ctx, options, saved && this.#issueOf(saved));
  }

  #issueOf({ credential: value, credentialExpiresAt: expiresAt, content }: Saved): Issue | undefined {
    if (value === undefined) return undefined;
    return { value, expiresAt, data: this.#config.persistence.keys ? undefined : content.data };
  }

  /** @throws SessionHeadersSentError if a credential can no longer be sent */
  requireUnsent(): void {
    if (!this.#ctx.res.headersSent) return;
    throw new SessionHeadersSentError(
      'the response is under way, and the session needs a cookie in it: change the session before the body is sent, or keep it in a store',
    );
  }

  #credentialSet(options: Readonly<ResolvedOptions>): void {
    const isFirst = !this.#setsCredential;
    this.#setsCredential = true;
    if (options.vary) this.#forbidStoring();
    const { isCookie, cookieNames } = this.#config.credential;
    if (!isCookie) return;
    const { siteData } = keepCookies(this.#ctx, cookieNames);
    if (siteData.length > 0) tellSiteData(this.#ctx);
    if (isFirst && isDroppedByBrowsers(this.#ctx, options)) this.#warn(DROPPED_WARNING);
  }

  #forbidStoring(): void {
    const { res } = this.#ctx;
    if (!res.hasHeader('cache-control')) res.setHeader('Cache-Control', NO_STORE);
    keptHeaders(this.#ctx).noStore = true;
  }

  #warnOfSharing(): void {
    const said = String(this.#ctx.res.getHeader('cache-control'));
    if (said === NO_STORE || this.#isSharingTold || IS_PRIVATE.test(said)) return;
    this.#isSharingTold = IS_SHARED.test(said) || (IS_FRESH.test(said) && !IS_STALE_IF_SHARED.test(said));
    if (this.#isSharingTold) this.#warn(SHARED_WARNING);
  }

  #warn(message: string): void {
    emitEvent('session:error', { handle: undefined, ctx: this.#ctx, error: new Error(message) });
  }
}

/** Most responses have no Vary yet. */
function addVary(ctx: Context): void {
  if (ctx.res.hasHeader('vary')) ctx.vary('Cookie');
  else ctx.res.setHeader('Vary', 'Cookie');
}
