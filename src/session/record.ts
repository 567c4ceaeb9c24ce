/**
 * koa-session's record format, which cookies and koa-session stores hold: the data as they are, plus bookkeeping fields
 * whose names begin with `_`. Records pass between koa-session 6 or 7 and sojourn in both directions, so the format
 * carries no version.
 */

/** The app's data: whatever JSON can hold. */
export type Data = Record<string, unknown>;

/** A lifetime in ms, or until the browser closes. */
export type MaxAge = number | 'session';

/** One session's bookkeeping, as koa-session's format carries it. */
export interface Bookkeeping {
  /** Epoch ms at which the session is over. */
  readonly expiresAt?: number | undefined;
  /** The lifetime that this session was last given. */
  readonly maxAge?: MaxAge | undefined;
  /**
   * Epoch ms at which the session began. This and the following fields are ours, present only if a deadline needs them.
   */
  readonly createdAt?: number | undefined;
  /** Epoch ms of the last use, where the expiry does not tell it. */
  readonly lastSeenAt?: number | undefined;
  /** The session's public name, a random id. */
  readonly handle?: string | undefined;
  /** How often the session was regenerated, where older cookies can be revoked. */
  readonly rotations?: number | undefined;
}

/** A record that was read, with its own fields apart from the app's. */
export interface KoaRecord extends Bookkeeping {
  readonly raw: Data;
  /** True if `raw` holds the app's data under their own names and in order, beside nothing but known bookkeeping. */
  readonly isPlain: boolean;
}

/**
 * Names that koa-session loses, or fails on, when it finds them in a record: like names with an underscore, they go
 * under `_data`. The names of its methods are not among them: data of such a name hide the method there, and survive.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'toJSON',
  'length',
  'populated',
  'maxAge',
  'externalKey',
  'isNew',
]);

const UNDERSCORE = 95;

/**
 * Checks what a client or a store presented: a record, or undefined for anything else (not an object, an array, a
 * bookkeeping field of a wrong type).
 */
export function readRecord(value: unknown): KoaRecord | undefined {
  if (!isDataObject(value)) return undefined;
  const { _expire: expiresAt, _maxAge: maxAge, _session: session, _data: nested } = value;
  const { _created: createdAt, _seen: lastSeenAt, _handle: handle, _rotations: rotations } = value;
  if (!isAbsentOr(isInstant, expiresAt) || !isAbsentOr(isDuration, maxAge)) return undefined;
  if (!isAbsentOr(isTrue, session) || !isAbsentOr(isJsonObject, nested)) return undefined;
  if (!isAbsentOr(isInstant, createdAt) || !isAbsentOr(isInstant, lastSeenAt)) return undefined;
  if (!isAbsentOr(isHandle, handle) || !isAbsentOr(isCount, rotations)) return undefined;
  return {
    raw: value,
    expiresAt,
    maxAge: session ? 'session' : maxAge,
    createdAt,
    lastSeenAt,
    handle,
    rotations,
    isPlain: hasOnlyBookkeeping(value),
  };
}

/** A shallow copy of the app's data in a record, without our own fields. */
export function dataOf({ raw, isPlain }: KoaRecord): Data {
  if (isPlain) {
    const { _expire, _maxAge, _session, _created, _seen, _handle, _rotations, ...data } = raw;
    return data;
  }
  const data: Data = {};
  for (const name of Object.keys(raw)) {
    if (name.charCodeAt(0) !== UNDERSCORE || name === '__proto__') define(data, name, raw[name]);
  }
  const nested = raw._data as Data | undefined;
  if (nested) for (const name of Object.keys(nested)) define(data, name, nested[name]);
  return data;
}

/** The record of these data. */
export function toRecord(data: Data, bookkeeping: Bookkeeping): Data {
  const record: Data = {};
  let nested: Data | undefined;
  for (const name of Object.keys(data)) {
    let target = record;
    if (isReserved(name)) {
      nested ??= {};
      target = nested;
    }
    define(target, name, data[name]);
  }
  if (nested) record._data = nested;
  if (bookkeeping.maxAge === 'session') {
    record._session = true;
  } else {
    record._expire = bookkeeping.expiresAt;
    record._maxAge = bookkeeping.maxAge;
  }
  return Object.assign(record, ownFieldsOf(bookkeeping));
}

/**
 * The record's JSON in two pieces, of which the first is the data's JSON where the names allow it: that saves a second
 * stringify.
 */
export function toRecordText(
  data: Data,
  json: string,
  bookkeeping: Bookkeeping,
): [head: string, tail: string] {
  for (const name in data) if (isReserved(name)) return [JSON.stringify(toRecord(data, bookkeeping)), ''];
  return [json.slice(0, -1), (json === '{}' ? '' : ',') + suffixOf(bookkeeping)];
}

/**
 * The JSON of the data alone but for its closing brace, cut from the record's JSON if that is written as we (and
 * koa-session) do it.
 */
export function cutDataText(recordText: string, record: KoaRecord): string | undefined {
  if (!record.isPlain) return undefined;
  const suffix = suffixOf(record);
  if (!recordText.endsWith(suffix)) return undefined;
  const end = recordText.length - suffix.length;
  if (end === 1) return '{';
  return recordText[end - 1] === ',' ? recordText.slice(0, end - 1) : undefined;
}

function suffixOf(bookkeeping: Bookkeeping): string {
  const { maxAge, expiresAt } = bookkeeping;
  const own = ownFieldsOf(bookkeeping);
  const end = own ? `,${JSON.stringify(own).slice(1)}` : '}';
  return maxAge === 'session'
    ? `"_session":true${end}`
    : `"_expire":${expiresAt}${lifetimeText(maxAge)}${end}`;
}

let lastLifetime: { readonly maxAge: number | undefined; readonly text: string } | undefined;

/** Most sessions have the same lifetime. */
function lifetimeText(maxAge: number | undefined): string {
  if (!lastLifetime || lastLifetime.maxAge !== maxAge)
    lastLifetime = { maxAge, text: `,"_maxAge":${maxAge}` };
  return lastLifetime.text;
}

/** The bookkeeping that koa-session does not know: it ignores these fields, and drops them when it saves. */
export function ownFieldsOf({ createdAt, lastSeenAt, handle, rotations }: Bookkeeping): Data | undefined {
  if (createdAt === undefined && lastSeenAt === undefined && handle === undefined) return undefined;
  return {
    ...(createdAt !== undefined && { _created: createdAt }),
    ...(lastSeenAt !== undefined && { _seen: lastSeenAt }),
    ...(handle !== undefined && { _handle: handle }),
    // Never present without a handle.
    ...(rotations !== undefined && { _rotations: rotations }),
  };
}

function isReserved(name: string): boolean {
  return name.charCodeAt(0) === UNDERSCORE || RESERVED.has(name);
}

function hasOnlyBookkeeping(record: Data): boolean {
  for (const name in record) {
    if (name.charCodeAt(0) !== UNDERSCORE || name === '_expire' || name === '_maxAge') continue;
    if (!RARER_FIELDS.has(name)) return false;
  }
  return true;
}

const RARER_FIELDS: ReadonlySet<string> = new Set(['_session', '_created', '_seen', '_handle', '_rotations']);

/** Defines instead of assigning: a name such as `__proto__` is data like any other. */
function define(target: Data, name: string, value: unknown): void {
  if (name in target) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[name] = value;
  }
}

function isAbsentOr<T>(check: (value: unknown) => value is T, value: unknown): value is T | undefined {
  return value === undefined || check(value);
}

/** True for what can be a session's data: no list, promise, Date, Map or Buffer, of which JSON would keep little. */
export function isDataObject(value: unknown): value is Data {
  return isJsonObject(value) && Object.prototype.toString.call(value) === '[object Object]';
}

/** True for what JSON calls an object. */
export function isJsonObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The greatest instant that a JavaScript date can hold, in epoch ms. */
const MAX_INSTANT = 8.64e15;

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= MAX_INSTANT;
}

/** True for a number of ms that a lifetime can have. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_INSTANT / 2;
}

/** True for a possible handle: text that a cookie can hold as it is. */
export function isHandle(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
}

/** True for a whole number of at least one. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isTrue(value: unknown): value is true {
  return value === true;
}
