import type { LineEvents } from '../notices.js';

/**
 * All that the SQL stores ask of a database: run a statement, or several as one transaction. What is particular to a
 * client library stands behind this.
 */
export interface SqlDriver {
  /** Runs one statement by itself. */
  run(query: Query, signal?: AbortSignal): Promise<Result>;
  /** Runs all steps as one transaction; an error that leaves them rolls it back. */
  transaction<T>(steps: () => Steps<T>, signal?: AbortSignal): Promise<T>;
  /**
   * Listens to a channel of the database's over a connection of its own, where the client can.
   * @returns what ends it
   */
  readonly listen?: (channel: string, events: LineEvents) => Promise<() => unknown>;
  /** Closes what the store opened itself. */
  close?(): void;
}

/** A statement, and the values of its placeholders in their order. */
export interface Query {
  readonly text: string;
  readonly values: readonly Value[];
}

export type Value = string | number | null;

export interface Result {
  /** What a SELECT found, the columns in its order and each of another name: clients rename them, but never reorder. */
  readonly rows: readonly Row[];
  /** How many rows another statement matched. */
  readonly changes: number;
}

export type Row = readonly unknown[];

/**
 * The statements of a transaction, each yielded and answered with its result. A generator, not an async function:
 * SQLite runs it to its end without a turn of the event loop, in which others would use the same connection.
 */
export type Steps<T> = Generator<Query, T, Result>;

/** Runs the steps one after the other. A statement's error is thrown where the steps yielded it. */
export async function drive<T>(steps: Steps<T>, run: (query: Query) => Promise<Result>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    const resume = await run(step.value).then(
      result => () => steps.next(result),
      error => () => steps.throw(error),
    );
    step = resume();
  }
  return step.value;
}

/** `drive` for a client that answers at once. */
export function driveAtOnce<T>(steps: Steps<T>, run: (query: Query) => Result): T {
  let step = steps.next();
  while (!step.done) step = resumeAtOnce(steps, run, step.value);
  return step.value;
}

function resumeAtOnce<T>(
  steps: Steps<T>,
  run: (query: Query) => Result,
  query: Query,
): IteratorResult<Query, T> {
  let result: Result;
  try {
    result = run(query);
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(result);
}
