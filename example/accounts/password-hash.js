import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** @type {(password: string, salt: Buffer, length: number, options: object) => Promise<Buffer>} */
const scrypt = promisify(scryptCallback);

/**
 * What one hash costs: 32 MB (128 * r * 2 ** ln bytes), and about 0.2 s of one of libuv's four threads, so that no more
 * than four are made at a time. It is one of the settings that OWASP's Password Storage Cheat Sheet holds equal.
 */
export const COST = { ln: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/**
 * Hashes a password for keeping, under a salt of its own. The text tells its parameters, in the PHC string format, so
 * that the cost can be raised and older hashes still be checked.
 *
 * @param {string} password
 */
export async function hashPassword(password, cost = COST) {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, cost);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${toBase64(salt)}$${toBase64(hash)}`;
}

/**
 * Whether this is the password that was hashed.
 *
 * @param {string} password
 * @param {string} hashed  What `hashPassword` answered.
 */
export async function isPassword(password, hashed) {
  const [, , parameters = '', salt = '', hash = ''] = hashed.split('$');
  const [ln = 0, r = 0, p = 0] = parameters.split(',').map(parameter => Number(parameter.split('=')[1]));
  const derived = await derive(password, Buffer.from(salt, 'base64'), { ln, r, p });
  return timingSafeEqual(derived, Buffer.from(hash, 'base64'));
}

/**
 * @param {string} password
 * @param {Buffer} salt
 * @param {typeof COST} cost
 */
function derive(password, salt, { ln, r, p }) {
  const N = 2 ** ln;
  // One keyboard writes é in one code point, another one in two. Node's own limit of memory would be reached exactly.
  return scrypt(password.normalize('NFKC'), salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r });
}

/** @param {Buffer} bytes */
function toBase64(bytes) {
  return bytes.toString('base64').replace(/=+$/, '');
}
