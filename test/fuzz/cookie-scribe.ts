import { createHash } from 'node:crypto';
import Keygrip from 'keygrip';
import { sealed } from 'sojourn';

export type Pair = readonly [name: string, value: string];

/** The keys of the server, and one that it has no longer. */
export const KEYS = ['newest', 'older', 'gone'] as const;
export type KeyName = (typeof KEYS)[number];

/** 32 characters: a secret that signs, and a key that seals. */
export const keyOf = (name: KeyName): string => name.padEnd(43, '0');

/** The keys that the server has. */
export const LIVE_KEYS: readonly string[] = (['newest', 'older'] as const).map(keyOf);

/** Makes cookies as the server does, with any key: an attacker who has the right one comes to deeper code. */
export interface CookieScribe {
  /** The cookies of a record's JSON text. */
  write(json: string, name: string, key: KeyName): Pair[];
  /** The JSON text in cookies that were made with this key. */
  read(pairs: readonly Pair[], name: string, key: KeyName): string;
  /** A cookie of this very text. */
  sign(text: string, name: string, key: KeyName): Pair[];
}

export const unsigned: CookieScribe = {
  write: (json, name) => cut(toBase64(json), name),
  read: (pairs, name) => fromBase64(joined(pairs, name)),
  sign: (text, name) => [[name, text]],
};

export const signed: CookieScribe = {
  write: (json, name, key) => signMain(cut(toBase64(json), name), key),
  read: unsigned.read,
  sign: (text, name, key) => signMain([[name, text]], key),
};

export const sealing: CookieScribe = {
  write: (json, name, key) => cut(sealOf(key).seal(json, name), name),
  read: (pairs, name, key) => sealOf(key).open(joined(pairs, name), name).json,
  sign: (text, name, key) => [[name, sealOf(key).seal(text, name)]],
};

interface Seal {
  seal(json: string, name: string): string;
  open(text: string, name: string): { json: string };
}

const seals = new Map<KeyName, Seal>();

/** The codec's own way to seal a text, whether or not it is JSON. */
function sealOf(key: KeyName): Seal {
  const seal = seals.get(key) ?? (sealed(keyOf(key)) as unknown as Record<symbol, Seal>)[SEAL];
  seals.set(key, seal as Seal);
  return seal as Seal;
}

const SEAL = Symbol.for('sojourn.seal');

function signMain(pairs: readonly Pair[], key: KeyName): Pair[] {
  const [[name, value] = ['', ''], ...chunks] = pairs;
  return [[name, value], [`${name}.sig`, new Keygrip([keyOf(key)]).sign(`${name}=${value}`)], ...chunks];
}

const toBase64 = (json: string) => Buffer.from(json).toString('base64');
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();

const CHUNK = 3500;

/** One cookie, or several with a manifest. */
function cut(text: string, name: string): Pair[] {
  if (text.length <= CHUNK) return [[name, text]];
  const digest = createHash('sha256').update(text).digest('base64url');
  const count = Math.ceil(text.length / CHUNK);
  const chunks = Array.from({ length: count }, (_, index): Pair => {
    const part = text.slice(index * CHUNK, (index + 1) * CHUNK);
    return [`${name}.${index + 1}`, `${digest.slice(0, 8)}${part}~`];
  });
  return [[name, `~1.${count}.${digest}`], ...chunks];
}

function joined(pairs: readonly Pair[], name: string): string {
  const values = new Map(pairs);
  const main = values.get(name) ?? '';
  const [, count] = /^~1\.(\d+)\./.exec(main) ?? [];
  if (count === undefined) return main;
  const chunks = Array.from(
    { length: Number(count) },
    (_, index) => values.get(`${name}.${index + 1}`) ?? '',
  );
  return chunks.map(chunk => chunk.slice(8, -1)).join('');
}
