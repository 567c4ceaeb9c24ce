import type { Context } from 'koa';

/*
 * Koa's error handler removes every header before it responds, including the session's cookie: the store would be
 * written, but the browser would never get the key. So, while this request's `ctx.onerror` runs, `res.getHeaderNames()`
 * does not list the headers that the session set. The error itself is never touched: it may be shared between requests,
 * and is logged.
 */

/** What the session set on a response. */
interface KeptHeaders {
  /** The names of cookies. */
  cookies: readonly string[];
  vary: boolean;
  noStore: boolean;
  /** What Clear-Site-Data is to name. */
  siteData: readonly string[];
  /** The handler that was there before. */
  readonly onerror: Context['onerror'];
}

const NONE: readonly string[] = [];

const KEPT = Symbol.for('sojourn.kept-headers');

/** The headers of this response that its error handler must keep; the app's own are not our concern. */
export function keptHeaders(ctx: Context): KeptHeaders {
  const found = (ctx as { [KEPT]?: KeptHeaders })[KEPT];
  if (found) return found;
  const kept: KeptHeaders = {
    cookies: NONE,
    vary: false,
    noStore: false,
    siteData: NONE,
    onerror: ctx.onerror,
  };
  (ctx as { [KEPT]?: KeptHeaders })[KEPT] = kept;
  ctx.onerror = onerror;
  return kept;
}

/** Keeps these cookies beside those of other sessions of the same request. */
export function keepCookies(ctx: Context, names: readonly string[]): KeptHeaders {
  const kept = keptHeaders(ctx);
  if (kept.cookies === NONE) kept.cookies = names;
  else if (kept.cookies !== names) kept.cookies = [...new Set([...kept.cookies, ...names])];
  return kept;
}

/** The Set-Cookie lines of the sessions. */
export function keptCookies(ctx: Context): string[] {
  const lines = [ctx.res.getHeader('Set-Cookie') ?? []].flat().map(String);
  const names = new Set(keptHeaders(ctx).cookies);
  return lines.filter(line => names.has(line.slice(0, line.indexOf('='))));
}

/** Replaces this request's `ctx.onerror`. */
function onerror(this: Context, error: Error): void {
  const kept = keptHeaders(this);
  // Koa also calls it at the end of every response.
  if (this.res.headersSent) kept.onerror.call(this, error);
  else withKeptHeaders(this, kept, () => kept.onerror.call(this, error));
}

export const NO_STORE = 'private, no-store';

function withKeptHeaders(ctx: Context, kept: KeptHeaders, handle: () => void): void {
  const { res } = ctx;
  const values = valuesOf(ctx, kept);
  for (const [name, value] of values) res.setHeader(name, value);
  const { getHeaderNames, setHeader } = res;
  res.getHeaderNames = () => getHeaderNames.call(res).filter(name => !values.has(name));
  // The error's own headers must not replace ours.
  res.setHeader = (name, value) => setHeader.call(res, name, join(name.toLowerCase(), values, value));
  try {
    handle();
  } finally {
    res.getHeaderNames = getHeaderNames;
    res.setHeader = setHeader;
  }
}

type HeaderValue = number | string | readonly string[];

function valuesOf(ctx: Context, kept: KeptHeaders): Map<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  const own = keptCookies(ctx);
  if (own.length > 0) values.set('set-cookie', own);
  if (kept.vary) values.set('vary', 'Cookie');
  if (kept.noStore) values.set('cache-control', NO_STORE);
  const siteData = kept.siteData.length > 0 && ctx.res.getHeader('Clear-Site-Data');
  if (siteData) values.set('clear-site-data', String(siteData));
  return values;
}

function join(name: string, values: ReadonlyMap<string, string | string[]>, added: HeaderValue): HeaderValue {
  const own = values.get(name);
  if (own === undefined) return added;
  if (name === 'set-cookie') return [...new Set([...own, ...[added].flat().map(String)])];
  return name === 'vary' ? `${own}, ${added}` : (own as string);
}
