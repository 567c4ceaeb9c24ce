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
  /** What Clear-Site-Data names. */
  siteData: readonly string[];
  /** The names of the sessions' cookies that are set and not cleared again: a browser would clear them too. */
  newCookies: readonly string[];
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
    newCookies: NONE,
    onerror: ctx.onerror,
  };
  (ctx as { [KEPT]?: KeptHeaders })[KEPT] = kept;
  ctx.onerror = onerror;
  return kept;
}

/** Keeps these cookies beside those of other sessions of the same request. */
export function keepCookies(ctx: Context, names: readonly string[]): void {
  const kept = keptHeaders(ctx);
  kept.cookies = withNames(kept.cookies, names);
}

function withNames(names: readonly string[], more: readonly string[]): readonly string[] {
  return names === NONE || names === more ? more : [...new Set([...names, ...more])];
}

/** Has the browser clear this. */
export function clearSiteData(ctx: Context, names: readonly string[]): void {
  const kept = keptHeaders(ctx);
  kept.siteData = withNames(kept.siteData, names);
  tellSiteData(ctx, kept);
}

/** This session's cookie is set. */
export function keepNewCookie(ctx: Context, names: readonly string[]): void {
  const kept = keptHeaders(ctx);
  kept.newCookies = withNames(kept.newCookies, names);
  if (kept.siteData !== NONE) tellSiteData(ctx, kept);
}

/** This session's cookie is about to be cleared. */
export function dropNewCookie(ctx: Context, names: readonly string[]): void {
  const kept = keptHeaders(ctx);
  kept.newCookies = kept.newCookies.filter(name => !names.includes(name));
  if (kept.siteData !== NONE) tellSiteData(ctx, kept);
}

function tellSiteData({ res }: Context, kept: KeptHeaders): void {
  if (res.headersSent) return;
  const text = siteDataText(kept);
  if (text === '') res.removeHeader('Clear-Site-Data');
  else res.setHeader('Clear-Site-Data', text);
}

/** A browser that is told to clear its cookies also clears those of the same response. */
function siteDataText({ siteData, newCookies }: KeptHeaders): string {
  const spared = siteData
    .flatMap(name => (name === '*' ? ['cache', 'storage'] : name))
    .filter(name => name !== 'cookies');
  return (newCookies.length > 0 ? spared : siteData).map(name => `"${name}"`).join(', ');
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
  const lines = [ctx.res.getHeader('Set-Cookie') ?? []].flat().map(String);
  const names = new Set(kept.cookies);
  const own = lines.filter(line => names.has(line.slice(0, line.indexOf('='))));
  if (own.length > 0) values.set('set-cookie', own);
  if (kept.vary) values.set('vary', 'Cookie');
  if (kept.noStore) values.set('cache-control', NO_STORE);
  const siteData = siteDataText(kept);
  if (siteData !== '') values.set('clear-site-data', siteData);
  return values;
}

function join(name: string, values: ReadonlyMap<string, string | string[]>, added: HeaderValue): HeaderValue {
  const own = values.get(name);
  if (own === undefined) return added;
  if (name === 'set-cookie') return [...own, ...[added].flat().map(String)];
  return name === 'vary' ? `${own}, ${added}` : (own as string);
}
