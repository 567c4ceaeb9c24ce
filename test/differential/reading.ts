import type { Mismatch } from './compare.js';
import type { CookieLine, Described } from './describe.js';
import { COOKIE } from './mode.js';
import type { Call } from './recording-store.js';

/** Reads the traces that a step left: records, calls, cookie lines, errors. */

export type Fields = Readonly<Record<string, unknown>>;

/** A record's data, without the bookkeeping. */
export function dataOf(record: unknown): Fields {
  if (typeof record !== 'object' || record === null) return {};
  return Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('_')));
}

export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function isEmpty(data: Fields): boolean {
  return Object.keys(data).length === 0;
}

/** A line that takes a cookie from the client. */
export function isClearing(line: unknown): boolean {
  return (line as CookieLine | undefined)?.attributes?.expires === 'Thu, 01 Jan 1970 00:00:00 GMT';
}

/** The record in a cookie line, a cookie's value, a call or what a store holds. */
export function recordIn(evidence: unknown): Fields {
  const { value, record, text } = (evidence ?? {}) as { value?: string; record?: Fields; text?: string };
  if (record) return record;
  const json = typeof evidence === 'string' ? evidence : (value ?? text ?? '');
  try {
    return JSON.parse(json) ?? {};
  } catch {
    return {};
  }
}

/** The text that a store holds. */
export function textIn(held: unknown): unknown {
  return (held as { text?: string } | undefined)?.text;
}

export function isCall(item: unknown, name: string): item is Call {
  return (item as Call | undefined)?.call === name;
}

/** A call that hands a session over to be kept, or its key to the client. */
export function isSaving(call: unknown): boolean {
  return ['set', 'beforeSave', 'externalKey.set'].some(name => isCall(call, name));
}

/** The same data; but koa-session gave them a day to live. */
export function isDayInstead(koa: unknown, ours: unknown): boolean {
  const theirs = recordIn(koa);
  return theirs._maxAge === 86_400_000 && isSame(dataOf(theirs), dataOf(recordIn(ours)));
}

/** koa-session saved these very data under this key before, or ran the hook before. */
export function isRepeated(item: unknown, calls: readonly Call[]): boolean {
  const repeats = ({ call, key, record }: Call): boolean =>
    isCall(item, call) &&
    key === item.key &&
    (call === 'beforeSave' || isSame(dataOf(record), dataOf(item.record)));
  return isSaving(item) && calls.filter(repeats).length > 1;
}

/** The two say the same of a save, but for `changed`. */
export function isOtherFlag(koa: unknown, ours: unknown): boolean {
  if (!isCall(koa, 'set')) return false;
  return isSame({ ...koa, maxAge: asTtl(koa.maxAge), changed: !koa.changed }, ours);
}

/** What a browser session's record lives in a store, in ms. */
export function asTtl(maxAge: unknown): unknown {
  return maxAge === 'session' ? 86_400_000 : maxAge;
}

export function isKey(sight: unknown): boolean {
  return typeof sight === 'string' && sight.includes('<key ');
}

export function isDestroyed(key: unknown, { calls }: Described): boolean {
  return calls.some(call => isCall(call, 'destroy') && call.key === key);
}

/** The first thing in which two orders of calls are not the same: the old record destroyed, the new one written. */
export function isDestroyedFirst(koa: readonly string[], ours: readonly string[]): boolean {
  const first = koa.findIndex((call, index) => call !== ours[index]);
  return /^destroy/.test(koa[first] ?? '') && /^set/.test(ours[first] ?? '');
}

/** What koa-session answers where the store fails, and what sojourn does. */
export function isStoreError(
  { koa, ours }: Pick<Mismatch, 'koa' | 'ours'>,
  verb: string | undefined,
): boolean {
  return (
    koa === `Error: the store failed at ${verb}` &&
    ours === `SessionStoreError: the session store failed at \`${verb}\`: the store failed at ${verb}`
  );
}

/** RFC 6265bis section 5.7: name and value together. The value is shown decoded. */
export function isCookieTooLarge({ cookies, dropped }: Described): boolean {
  return [...cookies, ...dropped].some(({ name, value }) => name === COOKIE && value.length > 3000);
}

export function isCookieSet({ cookies, dropped }: Described): boolean {
  return [...cookies, ...dropped].some(({ name }) => name === COOKIE);
}

/** The app's own failure, or its mistake. */
export function isAppsError(error: unknown): boolean {
  return error === 'Error: the app failed' || error === ASSIGNED_NO_OBJECT;
}

export const ASSIGNED_NO_OBJECT = 'TypeError: a session can only be set to an object, or to null to end it';
