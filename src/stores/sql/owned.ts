import type { Steps, Value } from './driver.js';
import { integerFrom, textFrom } from './row.js';
import { bind, type Parameters, type Statement } from './statement.js';
import type { Statements } from './statements.js';
import { escapeText } from './text.js';

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

/** Ends all live sessions of `:owner` for `:reason` except the spared ones; returns their handles. */
export function* endOwned(
  statements: Statements,
  parameters: Parameters,
  spared: readonly string[],
): Steps<string[]> {
  yield* lockOwner(statements, parameters);
  const ended = yield* (statements.endOwned ? endAtOnce : endOneByOne)(statements, parameters, spared);
  // Pruning deletes a lock row with its owner's last sessions, and would never come to one without any. Whoever waits
  // for it creates a new one.
  if (statements.lockOwner && ended.length === 0) yield bind(statements.deleteOwner, parameters);
  return ended;
}

function* endAtOnce(
  { endOwned }: Statements,
  parameters: Parameters,
  spared: readonly string[],
): Steps<string[]> {
  // Escaped one by one, as they are in the table: in JSON nothing is left to escape.
  const list = JSON.stringify(spared.map(escapeText));
  const { rows } = yield bind(endOwned as Statement, { ...parameters, spared: list });
  return rows.map(([handle]) => textFrom(handle) ?? '');
}

function* endOneByOne(
  statements: Statements,
  parameters: Parameters,
  spared: readonly string[],
): Steps<string[]> {
  const owned = yield* ownedSessions(statements, parameters);
  const others = owned.filter(({ handle }) => !spared.includes(handle));
  return yield* endEach(statements, others, parameters);
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
