import { randomFillSync } from 'node:crypto';

/** Bytes of an id. */
const ID_LENGTH = 16;

/** Random bytes for future ids: fetching them for each id alone would be a good part of the cost of a save. */
const randomness = Buffer.alloc(256 * ID_LENGTH);
let used = randomness.length;

/** A random id: 128 bits, for versions, generations and handles. None of them is secret. */
export function randomId(): string {
  if (used === randomness.length) {
    randomFillSync(randomness);
    used = 0;
  }
  used += ID_LENGTH;
  return randomness.toString('base64url', used - ID_LENGTH, used);
}
