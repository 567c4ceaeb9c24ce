import type { Steps, Value } from './driver.js';
import { integerFrom, textFrom } from './row.js';
import { bind, type Parameters } from './statement.js';
import type { Statements } from './statements.js';

/** A live session of an owner. */
export interface Owned {
  /** Identifies its row, whatever key it may move to. */
  readonly row: Value;
  readonly key: string;
  readonly handle: string;
}

/**
 * Makes this owner's other transactions wait. A separate statement, before any that reads: a statement that waits for
 * a lock sees data from before the wait.
 */
export function* lockOwner({ lockOwner }: Statements, parameters: Parameters): Steps<void> {
  if (lockOwner) yield bind(lockOwner, parameters);
}

/** The live sessions of `:owner`, newest sign-in first. */
export function* ownedSessions({ owned }: Statements, parameters: Parameters): Steps<Owned[]> {
  const { rows } = yield bind(owned, parameters);
  return rows.map(([row, key, handle]) => ({
    row: rowNameFrom(row),
    key: textFrom(key) ?? '',
    handle: textFrom(handle) ?? '',
  }));
}

/**
 * Ends these sessions of `:owner` for `:reason`; returns the handles of those that were still live. One by one, as not
 * every database reports which rows a statement changed.
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

/** The name of a row, from a client's value. */
export function rowNameFrom(value: unknown): Value {
  return textFrom(value) ?? integerFrom(value) ?? null;
}
