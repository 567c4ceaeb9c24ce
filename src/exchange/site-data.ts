import type { Context } from 'koa';
import { keptCookies, keptHeaders } from './error-headers.js';

/** Adds names to the response's `Clear-Site-Data` header. */
export function clearSiteData(ctx: Context, names: readonly string[]): void {
  const kept = keptHeaders(ctx);
  kept.siteData = [...new Set([...kept.siteData, ...names])];
  tellSiteData(ctx);
}

/**
 * Sets the header, whenever it, or the cookies of sessions, have changed: a browser that is told to clear its cookies
 * also clears those of the same response.
 */
export function tellSiteData(ctx: Context): void {
  const { siteData } = keptHeaders(ctx);
  if (siteData.length === 0 || ctx.res.headersSent) return;
  const names = hasNewCookie(ctx) ? withoutCookies(siteData) : siteData;
  if (names.length === 0) ctx.res.removeHeader('Clear-Site-Data');
  else ctx.res.setHeader('Clear-Site-Data', names.map(name => `"${name}"`).join(', '));
}

function withoutCookies(names: readonly string[]): readonly string[] {
  const spelled = names.flatMap(name => (name === '*' ? ['cache', 'storage'] : name));
  return spelled.filter(name => name !== 'cookies');
}

/** What clears a cookie: no value, or the expiry that `cookies` gives, for a signature has a value even then. */
const CLEARS = /^[^=]*=;|expires=Thu, 01 Jan 1970/i;

/** True if the response sets a cookie of a session. */
function hasNewCookie(ctx: Context): boolean {
  return keptCookies(ctx).some(line => !CLEARS.test(line));
}
