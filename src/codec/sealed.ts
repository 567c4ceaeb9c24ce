import { createHash, randomBytes } from 'node:crypto';
import { SessionOptionsError } from '../errors.js';
import { type Codec, SEAL, type SealedCodec, TamperedError, type TextSeal } from './codec.js';
import { KEY_BYTES, NONCE_BYTES, Xaes } from './xaes.js';

/**
 * The sealed text, as base64url: version (1 byte), key hint (4), nonce (24), ciphertext, tag (16). The version, the key
 * hint, and the name that the text belongs to are authenticated with it.
 */
const VERSION = 1;
const HINT_BYTES = 4;
const HEADER_BYTES = 1 + HINT_BYTES;

/** What the version byte becomes in base64url, whatever follows it. JSON's brace becomes another letter. */
const MARK = /^A[Q-Za-f]/;

/** A new key for `sealed()`: 32 random bytes as base64url. */
export function generateKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/** Options of {@link sealed}. */
export interface SealedOptions {
  /**
   * Also accept plain cookies that are correctly signed, and in a store plain rows, until their next save: for
   * switching to sealed ones. @default false
   */
  readonly acceptPlain?: boolean;
}

/**
 * A codec that encrypts and authenticates: XAES-256-GCM. For cookies, `session({ ...sealed(keys) }, app)`; for a store,
 * `redisStore(client, { codec: sealed(keys) })`.
 * @param keys 32 bytes each, as a Buffer or base64url (`generateKey()` makes one), the newest first. The newest key
 * seals, all keys open, and what an older one sealed is resealed in the next response whose request loaded the session.
 * @throws SessionOptionsError for a key of another size, one key given twice, or a passphrase, unless that has the form
 * of a key: exactly 43 characters of base64url
 */
export function sealed(
  keys: string | Uint8Array | readonly (string | Uint8Array)[],
  { acceptPlain = false }: SealedOptions = {},
): SealedCodec {
  const seal = textSeal(readKeys(keys), acceptPlain);
  const codec: Codec = {
    encode: (record, { name }) => seal.seal(JSON.stringify(record), name),
    decode: (text, { name }) => JSON.parse(seal.open(text, name).json),
  };
  return { ...codec, [SEAL]: { ...seal, codec } };
}

/** A key in use: its texts begin with its header. */
interface SealingKey {
  readonly cipher: Xaes;
  readonly header: Buffer;
  /** What is authenticated with a text of this name. */
  additionalData(name: string): Buffer;
}

function textSeal(
  [newest, ...older]: readonly [SealingKey, ...SealingKey[]],
  acceptsPlain: boolean,
): Omit<TextSeal, 'codec'> {
  return {
    acceptsPlain,
    recognises: text => MARK.test(text),
    seal(json, name) {
      const nonce = randomBytes(NONCE_BYTES);
      const pieces = newest.cipher.seal(nonce, json, newest.additionalData(name));
      return Buffer.concat([newest.header, nonce, ...pieces]).toString('base64url');
    },
    open(text, name) {
      const bytes = decode(text);
      // Node skips characters outside base64url, and surplus bits: neither may go unnoticed.
      if (bytes.toString('base64url') !== text) throw new TamperedError('the sealed text is cut or altered');
      for (const key of [newest, ...older]) {
        const plaintext = openWith(key, bytes, name);
        if (plaintext) return { json: plaintext.toString('utf8'), isStale: key !== newest };
      }
      throw new TamperedError(
        'the sealed text does not open: altered, of another name, or of a key that is gone',
      );
    },
  };
}

function openWith(key: SealingKey, bytes: Buffer, name: string): Buffer | undefined {
  if (!bytes.subarray(0, HEADER_BYTES).equals(key.header)) return undefined;
  const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  return key.cipher.open(nonce, bytes.subarray(HEADER_BYTES + NONCE_BYTES), key.additionalData(name));
}

/** A text's bytes are not kept, so all texts except the longest share one buffer. */
const scratch = Buffer.alloc(8192);

function decode(text: string): Buffer {
  if (text.length > scratch.length) return Buffer.from(text, 'base64url');
  return scratch.subarray(0, scratch.write(text, 'base64url'));
}

function readKeys(
  keys: string | Uint8Array | readonly (string | Uint8Array)[],
): [SealingKey, ...SealingKey[]] {
  const list = typeof keys === 'string' || keys instanceof Uint8Array ? [keys] : keys;
  if (!Array.isArray(list) || list.length === 0)
    fail('must be given, the newest first: generateKey() makes one');
  const [first, ...rest] = list.map(readKey) as [Buffer, ...Buffer[]];
  const all: Buffer[] = [first, ...rest];
  all.forEach((key, index) => {
    if (all.findIndex(other => other.equals(key)) !== index) fail('must differ: one is given twice');
  });
  return [sealingKey(first), ...rest.map(sealingKey)];
}

/** A text counts as a key if it has the form of one: 43 characters of base64url, even if somebody made them up. */
function readKey(key: unknown, index: number): Buffer {
  if (key instanceof Uint8Array) {
    return key.length === KEY_BYTES
      ? Buffer.from(key)
      : fail(`must be ${KEY_BYTES} bytes, and number ${index + 1} has ${key.length}`);
  }
  if (typeof key === 'string' && /^[\w-]{43}=?$/.test(key)) return Buffer.from(key, 'base64url');
  const kind = key === '' ? 'empty' : 'none';
  return fail(
    `must be ${KEY_BYTES} random bytes, as a Buffer or base64url, and number ${index + 1} is ${kind}; a passphrase is no key: let generateKey() make one`,
  );
}

/** The hint tells which key sealed a text, without revealing the key. */
function sealingKey(key: Buffer): SealingKey {
  const hint = createHash('sha256').update('sojourn key hint').update(key).digest().subarray(0, HINT_BYTES);
  const header = Buffer.concat([Buffer.of(VERSION), hint]);
  return { cipher: Xaes.fromBytes(key), header, additionalData: behind(header) };
}

/** The header, followed by the name. An app's cookie always has the same name. */
function behind(header: Buffer): (name: string) => Buffer {
  let last = { name: '', bytes: header };
  return name => {
    if (name !== last.name) last = { name, bytes: Buffer.concat([header, Buffer.from(name)]) };
    return last.bytes;
  };
}

function fail(problem: string): never {
  throw new SessionOptionsError(`sealed(keys): the keys ${problem}`);
}
