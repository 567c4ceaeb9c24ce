import { decodeText, hexCodec } from './codec.js';
import { COOKIE, isInCookie, isSigned, type Mode } from './mode.js';
import { keygrip, type Presented } from './present.js';
import type { Held } from './recording-store.js';

/** What a presented credential stands for, worked out without either package. */
export interface Found {
  readonly is:
    | 'absent'
    /** No signature, or a wrong one. */
    | 'unauthentic'
    /** The cookie's text is no JSON; or not even what the app's `decode` takes. */
    | 'undecodable'
    | 'refused by decode'
    /** The store has nothing under the key, or nothing any more. */
    | 'missing'
    /** JSON, and no object: an array, a string, a number ... */
    | 'misshapen'
    /** An object whose bookkeeping fields have wrong types. */
    | 'miskept'
    | 'expired'
    | 'invalid'
    | 'live';
  /** Rightly signed, by a key that is not the newest. */
  readonly isOldSignature: boolean;
  /** The key in the store. */
  readonly key?: string;
  readonly record?: unknown;
}

interface Place {
  readonly mode: Mode;
  readonly keys: readonly number[];
  readonly held: ReadonlyMap<string, Held>;
  readonly at: number;
}

export function find(presented: Presented, place: Place): Found {
  const value = presented.externalKey ?? presented.cookies.find(([name]) => name === COOKIE)?.[1];
  if (!value) return { is: 'absent', isOldSignature: false };
  const index = isSigned(place.mode) ? signatureIndex(value, presented, place) : 0;
  if (index < 0) return { is: 'unauthentic', isOldSignature: false };
  return { isOldSignature: index > 0, ...look(value, place) };
}

function signatureIndex(value: string, { cookies }: Presented, { keys }: Place): number {
  const signature = cookies.find(([name]) => name === `${COOKIE}.sig`)?.[1];
  return signature ? keygrip(keys).index(`${COOKIE}=${value}`, signature) : -1;
}

function look(value: string, { mode, held, at }: Place): Omit<Found, 'isOldSignature'> {
  if (!isInCookie(mode)) return lookInStore(value, held.get(value), mode, at);
  if (mode.hasCodec && !isHexadecimal(value)) return { is: 'refused by decode' };
  try {
    const record: unknown = JSON.parse(decodeText(value, mode));
    return { is: judge(record, mode, at), record };
  } catch {
    return { is: 'undecodable' };
  }
}

function lookInStore(
  key: string,
  found: Held | undefined,
  mode: Mode,
  at: number,
): Omit<Found, 'isOldSignature'> {
  if (!found || (found.expiresAt ?? Infinity) <= at) return { is: 'missing', key };
  const record: unknown = JSON.parse(found.text);
  return record ? { is: judge(record, mode, at), key, record } : { is: 'missing', key };
}

function isHexadecimal(text: string): boolean {
  try {
    hexCodec.decode(text);
    return true;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}

function judge(record: unknown, { hasValid }: Mode, at: number): Found['is'] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'misshapen';
  const {
    _expire: expire = Infinity,
    _maxAge: maxAge = 0,
    _session: session = true,
    b,
  } = record as Record<string, unknown>;
  if (typeof expire !== 'number' || typeof maxAge !== 'number' || maxAge < 0 || session !== true)
    return 'miskept';
  if (expire <= at) return 'expired';
  return hasValid && b === 'x' ? 'invalid' : 'live';
}
