import { isUnwantedPromise } from '../awaitable.js';
import { type Content, keptData } from './content.js';
import type { Data } from './record.js';

/** The option `owner`: derives the account from the data. */
export type OwnerOption = ((data: never) => unknown) | undefined;

/**
 * The account that these data belong to; null for nobody.
 * @throws TypeError if the app's `owner` returns anything else
 */
export function ownerOf(derive: OwnerOption, data: Data): string | null {
  return derive ? ownerText(derive(data as never)) : null;
}

/**
 * The account of a session that is saved with this content: the one that it will have when it is next loaded.
 * @throws as `ownerOf`
 */
export function ownerOnSave(derive: OwnerOption, content: Content): string | null {
  return derive ? ownerOf(derive, keptData(content)) : null;
}

/**
 * The account that these data belonged to. Undefined where `owner` throws, as data may be older than it: whatever account
 * follows is another one, so that such a session can still sign in.
 */
export function ownerBefore(derive: OwnerOption, data: Data): string | null | undefined {
  try {
    return ownerOf(derive, data);
  } catch {
    return undefined;
  }
}

/**
 * An account as stores know it: a non-empty string, or a number as a string (0 counts).
 * @throws TypeError for anything else
 */
export function ownerText(owner: unknown): string | null {
  if (owner === undefined || owner === null) return null;
  if (typeof owner === 'string' && owner !== '') return owner;
  if (typeof owner === 'bigint' || Number.isFinite(owner)) return String(owner);
  throw new TypeError(
    `an \`owner\` is a string that is not empty, a number, a bigint, or null for nobody, and not ${nameOf(owner)}`,
  );
}

function nameOf(value: unknown): string {
  if (value === '') return 'an empty string';
  if (isUnwantedPromise(value)) return 'a promise';
  return typeof value === 'number' ? String(value) : `of type ${typeof value}`;
}
