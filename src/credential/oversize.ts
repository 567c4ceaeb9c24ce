import { SessionTooLargeError } from '../errors.js';
import { CHUNK_OVERHEAD, chunkName, cut, MAX_CHUNKS, type Packed, readManifest } from './chunks.js';
import type { Issue, Oversize } from './credential.js';

/** What browsers keep of one cookie, name and value together (RFC 6265bis section 5.7; ASVS 5.0, 3.3.5). */
export const COOKIE_LIMIT: number = 4096;

/**
 * The total size of a session's cookies: nginx accepts 8 KB in one header line, which also holds the signature and the
 * app's other cookies.
 */
const DEFAULT_LIMIT = 7 * 1024;

/** What the `cookies` package writes as it is, and reads back unchanged. */
const PLAIN_VALUE = /^(?![ "])[ -:<-~]+(?<! )$/;

const NONE: Packed['chunks'] = [];

/** True for a value that a cookie of this name brings back as it was. */
export function fitsCookie(name: string, value: string): boolean {
  return PLAIN_VALUE.test(value) && name.length + value.length <= COOKIE_LIMIT;
}

/**
 * The cookies of a session whose main one has this name.
 * @throws SessionTooLargeError beyond what `oversize` allows
 */
export function pack(name: string, issue: Issue, oversize: Oversize = 'throw'): Packed {
  const { value, data } = issue;
  const size = sizeOf(name, value);
  if (size <= COOKIE_LIMIT) return { value: notManifest(value), chunks: NONE };
  // A key in place of data is not split: no store makes one of this size.
  if (oversize === 'throw' || !data) throw tooLargeForOne(size, issue);
  const limit = oversize === 'chunk' ? DEFAULT_LIMIT : oversize.chunk;
  const room = COOKIE_LIMIT - chunkName(name, MAX_CHUNKS).length - CHUNK_OVERHEAD;
  const count = Math.ceil(Buffer.byteLength(value) / room);
  if (room < 1 || count > MAX_CHUNKS) throw tooLargeForAll(size, limit, issue);
  const packed = cut(cookieText(value), count);
  const total = totalOf(name, packed);
  if (total > limit) throw tooLargeForAll(total, limit, issue);
  return packed;
}

/** A session's own text must not be mistaken for a manifest of chunks. */
function notManifest(value: string): string {
  if (!readManifest(value)) return value;
  throw new TypeError('option `encode`: a text of this form stands for chunks, and cannot be a session');
}

/** Better to fail before the first chunk is set than after it: no control characters, no semicolon, ISO-8859-1. */
function cookieText(value: string): string {
  if (/^[\t\x20-\x3a\x3c-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new TypeError('option `encode`: the text has characters that a cookie cannot hold');
}

function totalOf(name: string, { value, chunks }: Packed): number {
  return chunks.reduce(
    (total, chunk, index) => total + sizeOf(chunkName(name, index + 1), chunk),
    sizeOf(name, value),
  );
}

function sizeOf(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value);
}

function tooLargeForOne(size: number, { data }: Issue): SessionTooLargeError {
  const fix = data
    ? "keep less in the session, give a `store`, or set `oversize: 'chunk'`"
    : 'let `prefix` or `genid` make shorter keys';
  return tooLarge(
    `the session cookie would be ${size} bytes, and browsers drop a cookie over ${COOKIE_LIMIT}: ${fix}`,
    size,
    data,
  );
}

function tooLargeForAll(size: number, limit: number, { data }: Issue): SessionTooLargeError {
  return tooLarge(
    `the session's cookies would be ${size} bytes in all, and \`oversize\` allows ${limit}: keep less in the session, or give a \`store\``,
    size,
    data,
  );
}

function tooLarge(problem: string, size: number, data: Issue['data'] = {}): SessionTooLargeError {
  const fields = largestFields(data);
  // As JSON: a name with a line break in it would forge a line of the log.
  const told = fields.length > 0 ? `. Its largest fields: ${JSON.stringify(fields).slice(1, -1)}` : '';
  return new SessionTooLargeError(problem + told, { size, fields });
}

const MAX_FIELDS = 3;
/** An app's users may choose the names. */
const MAX_NAME_LENGTH = 64;

/** The names of the fields that take the most room. Their values do not belong in an error. */
function largestFields(data: Readonly<Record<string, unknown>>): string[] {
  const sizes = Object.entries(data).map(([name, value]) => ({ name, size: sizeOf(name, textOf(value)) }));
  return sizes
    .sort((a, b) => b.size - a.size)
    .slice(0, MAX_FIELDS)
    .map(({ name }) => name.slice(0, MAX_NAME_LENGTH));
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
