import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** What signs cookies: a Keygrip, a replacement for one, or {@link signingKeys}. */
export interface SigningKeys {
  /** The signature by the newest key. */
  sign(data: string): string;
  /** True for a signature by any key. */
  verify(data: string, signature: string): boolean;
}

/** Signs two texts as if they were one. */
type Sign = (beginning: string, rest: string) => string;

/** SHA-1's block and digest (FIPS 180-4), in bytes. */
const BLOCK = 64;
const DIGEST = 20;

/**
 * Signs as Keygrip does with the same list of keys: HMAC-SHA-1 (RFC 2104) as base64url; the first key signs, all are
 * accepted, and changes that the app makes to the list take effect. It takes half of Keygrip's time.
 * @param keys `app.keys`; for a list that is empty or not all strings, undefined is returned
 */
export function signingKeys(keys: readonly unknown[]): SigningKeys | undefined {
  const known = madeOf.get(keys);
  if (known) return known;
  if (keys.length === 0 || !keys.every(key => typeof key === 'string')) return undefined;
  const made = new KeyList(keys as readonly string[]);
  madeOf.set(keys, made);
  return made;
}

/**
 * The signature of a cookie by the newest key: that of `name=value`, which need not be put together for our own keys.
 */
export function signatureOf(keys: SigningKeys, name: string, value: string): string {
  return keys instanceof KeyList ? keys.signPair(`${name}=`, value) : keys.sign(`${name}=${value}`);
}

class KeyList implements SigningKeys {
  readonly #keys: readonly string[];

  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  sign(data: string): string {
    return this.signPair('', data);
  }

  verify(data: string, signature: string): boolean {
    return this.#keys.some(key => isEqual(signature, signerOf(key)('', data)));
  }

  signPair(beginning: string, rest: string): string {
    return signerOf(this.#keys[0] as string)(beginning, rest);
  }
}

/** Compares without revealing by its timing how much of a signature was right. */
export function isEqual(presented: string, expected: string): boolean {
  if (presented.length !== expected.length) return false;
  // In UTF-16 both texts take the same number of bytes, and different texts stay different.
  const length = expected.length * 2;
  if (left.length !== length) [left, right] = [Buffer.alloc(length), Buffer.alloc(length)];
  left.write(presented, 'utf16le');
  right.write(expected, 'utf16le');
  return timingSafeEqual(left, right);
}

/** The buffers for comparing: an app's signatures all have one length. */
let left = Buffer.alloc(0);
let right = left;

const madeOf = new WeakMap<readonly unknown[], SigningKeys>();

/** Limits: an app may make up keys without end, and texts come from clients. */
const MAX_SIGNERS = 32;
const MAX_REMEMBERED = 1000;
const MAX_BEGINNINGS = 500;

const signerOf = remembering(MAX_SIGNERS, newSigner);

/** Memoises `make`; clears the cache once it holds `limit` entries. */
function remembering<K, V>(limit: number, make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return key => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size === limit) known.clear();
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

/** A stored session's key is signed again and again; a longer text is a cookie session's, and changes. */
const MAX_REMEMBERED_LENGTH = 128;

function newSigner(key: string): Sign {
  const isShortAscii = key.length <= BLOCK && Buffer.byteLength(key) === key.length;
  const sign = isShortAscii ? preparedSigner(key) : keygripSigner(key);
  const signShort = remembering(MAX_REMEMBERED, (text: string) => sign('', text));
  return (beginning, rest) =>
    beginning.length + rest.length > MAX_REMEMBERED_LENGTH
      ? sign(beginning, rest)
      : signShort(beginning + rest);
}

function keygripSigner(key: string): Sign {
  return (beginning, rest) =>
    createHmac('sha1', key)
      .update(beginning + rest)
      .digest('base64url');
}

/** UTF-8 takes at most this many bytes per UTF-16 code unit; no cookie that browsers keep is longer than this. */
const MAX_BYTES = 3;
const MAX_LENGTH = 4200;

/** What is hashed: a padded key, and the texts after it. To join them as strings would copy them all. */
const block = Buffer.alloc(BLOCK + MAX_LENGTH * MAX_BYTES);

/** Views of `block` by their length, since making one takes as much memory as a text. */
const beginningOf = remembering(MAX_BEGINNINGS, (length: number) => block.subarray(0, length));

/** HMAC written out: two one-shot hashes, over a key that was padded beforehand. */
function preparedSigner(key: string): Sign {
  const padded = Buffer.alloc(BLOCK);
  padded.write(key);
  const inner = padded.map(byte => byte ^ 0x36);
  const outer = Buffer.concat([padded.map(byte => byte ^ 0x5c), Buffer.alloc(DIGEST)]);
  const signLonger = keygripSigner(key);
  return (beginning, rest) => {
    if (beginning.length + rest.length > MAX_LENGTH) return signLonger(beginning, rest);
    block.set(inner);
    const middle = BLOCK + block.write(beginning, BLOCK);
    const end = middle + block.write(rest, middle);
    outer.write(hash('sha1', beginningOf(end), 'binary'), BLOCK, 'binary');
    return hash('sha1', outer, 'base64url');
  };
}
