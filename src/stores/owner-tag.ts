import { hash } from 'node:crypto';

/**
 * Three characters (base64url) that an owner's keys, handles and index share, so that a store which is divided into
 * parts, as Redis Cluster is into slots, can keep them in one part. With 2^18 values it tells nothing of the owner.
 */
export function ownerTag(owner: string): string {
  return hash('sha256', owner, 'base64url').slice(0, 3);
}
