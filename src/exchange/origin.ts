import type { Context } from 'koa';
import { isUnwantedPromise } from '../awaitable.js';

/** Which origins may open a session, besides the app's own. */
export type AllowedOrigins = string | readonly string[] | ((origin: string) => boolean);

/**
 * Whether the page that made this request may open its visitor's session. A browser may send the cookie with a
 * WebSocket's handshake from any site, but names the site in `Origin` (RFC 6455 section 10.2). It sends none with an
 * image's request, say, but tells that another site's page made it (W3C Fetch Metadata). A link may be followed from
 * anywhere.
 * @throws TypeError for an `allowed` that names no origin
 */
export function isAllowedOrigin(ctx: Context, allowed: AllowedOrigins | undefined): boolean {
  const isListed = check(allowed);
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = ctx.req.headers;
  if (origin === undefined) return !/^(?:cross|same)-site$/.test(String(site)) || mode === 'navigate';
  return isOwn(origin, ctx) || isListed(origin);
}

/**
 * The origin has a scheme, host and port, and nothing else; a scheme's default port may be written or left out. A
 * request that looks plain may have come through a proxy that ended TLS; an encrypted one is not from a plain page.
 */
function isOwn(origin: string, { host, secure }: Context): boolean {
  const page = parse(origin);
  if (!page || host === '' || page.href !== `${page.protocol}//${page.host}/`) return false;
  if (page.protocol !== 'https:' && (secure || page.protocol !== 'http:')) return false;
  return page.host === parse(`${page.protocol}//${host}`)?.host;
}

function check(allowed: AllowedOrigins | undefined): (origin: string) => boolean {
  if (typeof allowed === 'function') return origin => isAllowed(allowed(origin));
  const origins = (allowed === undefined ? [] : [allowed].flat()).map(serialized);
  return origin => origins.includes(origin);
}

function isAllowed(answer: unknown): boolean {
  if (isUnwantedPromise(answer)) throw new TypeError('`origin` must answer at once, and returned a promise');
  return answer === true;
}

/** As a browser writes it (RFC 6454 section 6.2): without a path, and in lower case. */
function serialized(text: unknown): string {
  const url = typeof text === 'string' ? parse(text) : undefined;
  if (url?.origin && url.origin !== 'null' && `${url.origin}/` === url.href) return url.origin;
  throw new TypeError(
    "`origin` names origins, as 'https://app.example.com', or is a function origin => boolean",
  );
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
