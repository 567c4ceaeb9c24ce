import { isDuration, isHandle, isJsonObject } from '../../session/record.js';
import type { StoredSession, Tombstone } from '../../stores/store.js';

/** The fields of every row, and those of a live session only. */
const COMMON = {
  handle: isHandle,
  owner: isTextOrNull,
  createdAt: isTime,
  lastSeenAt: isTime,
  expiresAt: isTime,
};
const LIVE = {
  data: isText,
  version: isId,
  generation: isId,
  device: isTextOrNull,
  authenticatedAt: (value: unknown) => value === null || isTime(value),
  maxAge: (value: unknown) => value === null || value === 'session' || isDuration(value),
  savedAt: isTime,
};
const ENDED = { reason: isText, at: isTime };

/** True for a row that the contract lets a store return: any other would fail the request somewhere later. */
export function isRow(found: unknown): found is StoredSession | Tombstone {
  if (!fits(found, COMMON)) return false;
  return found.ended === undefined ? fits(found, LIVE) : fits(found.ended, ENDED);
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

function fits(value: unknown, shape: Shape): value is Record<string, unknown> {
  if (!isJsonObject(value)) return false;
  for (const name in shape) if (!shape[name]?.(value[name])) return false;
  return true;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** SQLite compares a text only up to the first NUL: an id with one would never be found equal again. */
function isId(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

/** `Infinity` is for an endless lifetime. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && !Number.isNaN(value);
}
