import type { Steps, Value } from './driver.js';
import { integerFrom, textFrom } from './row.js';
import { bind, type Parameters } from './statement.js';
import type { Statements } from './statements.js';

/** A live session of an owner. */
export interface Owned {
  /** What names its row, whatever key it may move to. */
  readonly row: Value;
  readonly key: string;
  readonly handle: string;
}

/**
 * Makes every other transaction of this owner wait. A statement of its own, before any that reads: what a statement
 * sees is older than a lock that it waits for.
 */
export function* lockOwner({ lockOwner }: Statements, parameters: Parameters): Steps<void> {
  if (lockOwner) yield bind(lockOwner, parameters);
}

/** The live sessions of `:owner`, the newest first by sign-in. */
export function* ownedSessions({ owned }: Statements, parameters: Parameters): Steps<Owned[]> {
  const { rows } = yield bind(owned, parameters);
  return rows.map(([row, key, handle]) => ({
    row: rowNameFrom(row),
    key: textFrom(key) ?? '',
    handle: textFrom(handle) ?? '',
  }));
}

/**
 * Ends these sessions of `:owner` for `:reason`; returns the handles of those that were still live. One by one:
 * not every database tells which rows a statement changed.
 */
export function* endEach(
  { endOwnRow }: Statements,
  sessions: readonly Owned[],
  parameters: Parameters,
): Steps<string[]> {
  const ended: string[] = [];
  for (const { row, handle } of sessions) {
    const { changes } = yield bind(endOwnRow, { ...parameters, row });
    if (changes > 0) ended.push(handle);
  }
  return ended;
}

/** The name of a row as the client returns it. */
export function rowNameFrom(value: unknown): Value {
  return textFrom(value) ?? integerFrom(value) ?? null;
}
