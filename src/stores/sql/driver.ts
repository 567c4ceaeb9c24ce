import type { LineEvents } from '../notices.js';

/**
 * All that the SQL stores need of a database: to run a statement, or several as one transaction. It hides whatever is
 * particular to a client library.
 */
export interface SqlDriver {
  /** Runs one statement by itself. */
  run(query: Query, signal?: AbortSignal): Promise<Result>;
  /** Runs all steps as one transaction; an error that escapes them rolls it back. */
  transaction<T>(steps: () => Steps<T>, signal?: AbortSignal): Promise<T>;
  /**
   * Listens to a database channel over a connection of its own, if the client can.
   * @returns a function that stops it
   */
  readonly listen?: (channel: string, events: LineEvents) => Promise<() => unknown>;
  /** Closes what the store opened itself. */
  close?(): void;
}

/** A statement, and the values of its placeholders in order. */
export interface Query {
  readonly text: string;
  readonly values: readonly Value[];
}

export type Value = string | number | null;

export interface Result {
  /** Rows of a SELECT, in column order. Column names must be unique, since some clients key rows by name. */
  readonly rows: readonly Row[];
  /** How many rows any other statement matched. */
  readonly changes: number;
}

export type Row = readonly unknown[];

/**
 * A transaction's statements: each is yielded, and resumed with its result. A generator, not an async function, so
 * that SQLite can run it in one turn of the event loop: between turns, others would use the same connection.
 */
export type Steps<T> = Generator<Query, T, Result>;

/** Runs the steps in order. A statement's error is thrown where the steps yielded the statement. */
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

/** `drive` for a synchronous client. */
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
