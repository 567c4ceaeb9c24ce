import { hash } from 'node:crypto';

/**
 * Three characters (base64url) that an owner's keys, handles and index share, so that a store divided into parts, such
 * as the slots of Redis Cluster, can keep them in one part. With 2^18 values it does not name the owner, but whoever
 * guesses one can exclude the guess, or find it confirmed.
 */
export function ownerTag(owner: string): string {
  return hash('sha256', owner, 'base64url').slice(0, 3);
}
