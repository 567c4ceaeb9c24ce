import type { StoredSession, Tombstone } from '../store.js';
import { COLUMNS, FORMAT } from './columns.js';
import type { Row } from './driver.js';
import type { Parameters } from './statement.js';
import { escapeText, unescapeText } from './text.js';

/** What an index of any database can hold, in bytes of UTF-8. MySQL truncates longer values, if so configured. */
const MAX_BYTES = { key: 1024, owner: 1024, handle: 255, version: 255, generation: 255 };

type Bounded = keyof typeof MAX_BYTES;

/**
 * The column values of a session.
 * @throws RangeError for one that is longer than its column.
 */
export function writtenBy(session: StoredSession): Parameters {
  const { data, version, generation, handle, owner, device, maxAge } = session;
  for (const name of ['owner', 'handle', 'version', 'generation'] as const) checkLength(name, session[name]);
  return {
    data,
    version,
    generation,
    handle,
    owner,
    device,
    authenticated_at: session.authenticatedAt === null ? null : instant(session.authenticatedAt),
    signed_in_at: instant(session.authenticatedAt ?? session.createdAt),
    max_age: maxAge === null ? null : String(maxAge),
    created_at: instant(session.createdAt),
    saved_at: instant(session.savedAt),
    last_seen_at: instant(session.lastSeenAt),
    expires_at: instant(session.expiresAt),
  };
}

/** What a tombstone keeps of a row. */
export function leftBy(row: Row): Parameters {
  const at = (name: Column) => row[COLUMNS.indexOf(name)];
  return {
    handle: textFrom(at('handle')) ?? null,
    owner: textFrom(at('owner')) ?? null,
    signed_in_at: integerFrom(at('authenticated_at')) ?? integerFrom(at('created_at')) ?? null,
    created_at: integerFrom(at('created_at')) ?? null,
    last_seen_at: integerFrom(at('last_seen_at')) ?? null,
    expires_at: integerFrom(at('expires_at')) ?? null,
  };
}

/** @throws RangeError where a value is longer than its column. */
export function checkLength(name: Bounded, value: string | null): void {
  if (value === null || !isTooLong(name, value)) return;
  throw new RangeError(
    `A session's ${name} may have ${MAX_BYTES[name]} bytes in a database, not ${sizeOf(value)}`,
  );
}

/** True for a value that no row can have. Most are too short to need counting: a code unit takes at most 5 bytes. */
export function isTooLong(name: Bounded, value: string): boolean {
  const most = MAX_BYTES[name];
  return value.length * 5 > most && sizeOf(value) > most;
}

function sizeOf(value: string): number {
  return Buffer.byteLength(escapeText(value));
}

/** A whole number that every database can hold: infinity becomes a very late time. Never earlier than given. */
export function instant(at: number): number {
  return Math.min(Math.ceil(at), Number.MAX_SAFE_INTEGER);
}

/**
 * The session or tombstone that a row holds.
 * @throws MalformedRow for a row that sojourn did not write, or that another release did.
 */
export function readRow(row: Row): StoredSession | Tombstone {
  const columns = Object.fromEntries(COLUMNS.map((name, index) => [name, row[index]])) as Columns;
  if (integer(columns, 'format') !== FORMAT) throw new MalformedRow('format', 'is of another release');
  const common = {
    handle: id(columns, 'handle'),
    owner: columns.owner === null ? null : id(columns, 'owner'),
    createdAt: integer(columns, 'created_at'),
    lastSeenAt: integer(columns, 'last_seen_at'),
    expiresAt: integer(columns, 'expires_at'),
  };
  const at = orNull(columns, 'ended_at', integer);
  if (at !== null) return { ended: { reason: text(columns, 'ended_reason'), at }, ...common };
  return {
    data: text(columns, 'data'),
    version: id(columns, 'version'),
    generation: id(columns, 'generation'),
    device: orNull(columns, 'device', text),
    authenticatedAt: orNull(columns, 'authenticated_at', integer),
    maxAge: orNull(columns, 'max_age', lifetime),
    savedAt: integer(columns, 'saved_at'),
    ...common,
  };
}

/** A text from a client's value (bytes, for MySQL). */
export function textFrom(value: unknown): string | undefined {
  if (typeof value === 'string') return unescapeText(value);
  if (value instanceof Uint8Array) return unescapeText(Buffer.from(value).toString('utf8'));
  return undefined;
}

/** A whole number from a client's value: many return 64-bit numbers as text. */
export function integerFrom(value: unknown): number | undefined {
  const digits = typeof value === 'number' || typeof value === 'bigint' ? String(value) : textFrom(value);
  const number = /^-?\d+$/.test(digits ?? '') ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A row that cannot be read. The message names only the column: a value could be a secret. */
export class MalformedRow extends Error {
  constructor(column: string, fault: string) {
    super(`A row of sessions cannot be read: its ${column} ${fault}`);
    this.name = 'MalformedRow';
  }
}

type Column = (typeof COLUMNS)[number];
type Columns = Record<Column, unknown>;

function text(columns: Columns, name: Column): string {
  return textFrom(columns[name]) ?? refuse(name, 'is no text');
}

/** Not every database ensures that a text is short enough to be written again. */
function id(columns: Columns, name: Column & Bounded): string {
  const value = text(columns, name);
  return isTooLong(name, value) ? refuse(name, 'is too long') : value;
}

function integer(columns: Columns, name: Column): number {
  return integerFrom(columns[name]) ?? refuse(name, 'is no whole number');
}

function lifetime(columns: Columns, name: Column): number | 'session' {
  const kept = text(columns, name);
  if (kept === 'session') return kept;
  return kept === '' || Number.isNaN(Number(kept)) ? refuse(name, 'is no lifetime') : Number(kept);
}

function orNull<T>(columns: Columns, name: Column, read: (columns: Columns, name: Column) => T): T | null {
  return columns[name] === null ? null : read(columns, name);
}

function refuse(name: Column, fault: string): never {
  throw new MalformedRow(name, fault);
}
