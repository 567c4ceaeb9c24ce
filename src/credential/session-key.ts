import { hash, randomBytes, randomUUID } from 'node:crypto';
import { ownerTag } from '../stores/owner-tag.js';

/** A key as koa-session makes it by default: a version 4 UUID (RFC 9562), 122 random bits. */
export function generateUuid(): string {
  return randomUUID();
}

/** Follows the prefix in a hashed key: the version of the scheme. No client may present a key that has it. */
export const HASH_MARKER = 'h1:';

/** Begins the key of a row that is not a session, but what `revocations` remembers, in this version of its format. */
export const REVOCATION_MARKER = 'revoked:1:';

const TAG_LENGTH = 3;

/**
 * A key for a sojourn store: a tag, by which a partitioned store can keep related sessions in one part, and 256 random
 * bits (ASVS 5.0, 7.2.3, asks for 128).
 * @param previous the key that it replaces: the session stays in its part
 */
export function generateSessionKey(prefix: string, previous = ''): string {
  const tag = tagOf(previous, prefix) || randomTag();
  return `${prefix}${tag}.${randomBytes(32).toString('base64url')}`;
}

/** A generated key that nobody knows yet, with its owner's tag: all sessions of an owner are in one part. */
export function withOwnerTag(key: string, prefix: string, owner: string): string {
  return prefix + ownerTag(owner) + key.slice(prefix.length + TAG_LENGTH);
}

function randomTag(): string {
  return randomBytes(TAG_LENGTH).toString('base64url').slice(0, TAG_LENGTH);
}

/** A hashed key, with any prefix: another session of the app, or an earlier release, may have one. */
const HASHED = /h1:(?:[\w-]{3}\.)?[\w-]{43}$/;

/** True for a key in a store-internal form (hashed, or a revocation row), which no client may present. */
function isOfStore(key: string, prefix: string): boolean {
  if (key.startsWith(REVOCATION_MARKER)) return true;
  return key.startsWith(HASH_MARKER) || key.startsWith(prefix + HASH_MARKER) || HASHED.test(key);
}

/**
 * The key under which the session is kept in a store that must not see the client's key: SHA-256 (FIPS 180-4), which
 * needs no salt for 256 random bits. A generated key's tag stays in front.
 */
function hashKey(key: string, prefix: string): string {
  const tag = tagOf(key, prefix);
  return `${prefix}${HASH_MARKER}${tag === '' ? '' : `${tag}.`}${hash('sha256', key, 'base64url')}`;
}

/** The form in which a store sees keys. */
export interface KeyForm {
  /** Put before generated keys. */
  readonly prefix?: string | undefined;
  /** Whether the store sees a hash instead of the key, and whether sessions under plain keys are still found. */
  readonly hashKeys?: boolean | { readonly acceptPlain?: boolean } | undefined;
}

/** The forms under which a key may be kept, newest first; none for a key that no client was ever given. */
export function storedForms(
  key: string,
  { prefix = '', hashKeys = false }: KeyForm,
): readonly [string, ...string[]] | readonly [] {
  if (isOfStore(key, prefix)) return [];
  if (!hashKeys) return [key];
  const acceptsPlain = typeof hashKeys === 'object' && hashKeys.acceptPlain === true;
  return acceptsPlain ? [hashKey(key, prefix), key] : [hashKey(key, prefix)];
}

/** A new handle: the key's tag, and 128 random bits. It is not secret, and reveals no secret of the key. */
export function generateHandle(key: string, prefix: string): string {
  return tagOf(key, prefix) + randomBytes(16).toString('base64url');
}

/** The tag of a generated key; empty for a key that the app made. */
function tagOf(key: string, prefix: string): string {
  if (!key.startsWith(prefix)) return '';
  const tag = key.slice(prefix.length, prefix.length + TAG_LENGTH);
  return key[prefix.length + TAG_LENGTH] === '.' && /^[\w-]{3}$/.test(tag) ? tag : '';
}
