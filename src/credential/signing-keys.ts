import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** What signs cookies: a Keygrip, a replacement for one, or {@link signingKeys}. */
export interface SigningKeys {
  /** The signature by the newest key. */
  sign(data: string): string;
  /** True for a signature by any key. */
  verify(data: string, signature: string): boolean;
}

type Sign = (data: string) => string;

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
  const made: SigningKeys = {
    sign: data => signerOf(keys[0] as string)(data),
    verify: (data, signature) => keys.some(key => isEqual(signature, signerOf(key as string)(data))),
  };
  madeOf.set(keys, made);
  return made;
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
const signers = new Map<string, Sign>();

/** A limit, in case an app makes up keys without end. */
const MAX_SIGNERS = 32;

function signerOf(key: string): Sign {
  const known = signers.get(key);
  if (known) return known;
  if (signers.size === MAX_SIGNERS) signers.clear();
  const signer = newSigner(key);
  signers.set(key, signer);
  return signer;
}

function newSigner(key: string): Sign {
  const isShortAscii = key.length <= BLOCK && Buffer.byteLength(key) === key.length;
  return remembering(isShortAscii ? preparedSigner(key) : keygripSigner(key));
}

function keygripSigner(key: string): Sign {
  return data => createHmac('sha1', key).update(data).digest('base64url');
}

/** A stored session's key is signed again and again; a longer text is a cookie session's, and changes. */
const MAX_REMEMBERED_LENGTH = 128;
const MAX_REMEMBERED = 1000;

function remembering(sign: Sign): Sign {
  const signatures = new Map<string, string>();
  return data => {
    if (data.length > MAX_REMEMBERED_LENGTH) return sign(data);
    const known = signatures.get(data);
    if (known !== undefined) return known;
    if (signatures.size === MAX_REMEMBERED) signatures.clear();
    const signature = sign(data);
    signatures.set(data, signature);
    return signature;
  };
}

/** HMAC written out: two one-shot hashes, over a key that was padded beforehand. */
function preparedSigner(key: string): Sign {
  const padded = Buffer.alloc(BLOCK);
  padded.write(key);
  // ASCII stays ASCII under both masks, so key and text are hashed as one string.
  const inner = padded.map(byte => byte ^ 0x36).toString();
  const outer = Buffer.concat([padded.map(byte => byte ^ 0x5c), Buffer.alloc(DIGEST)]);
  return data => {
    outer.write(hash('sha1', inner + data, 'binary'), BLOCK, 'binary');
    return hash('sha1', outer, 'base64url');
  };
}
