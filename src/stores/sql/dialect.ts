import type { Value } from './driver.js';
import type { Table } from './table.js';

/** How one kind of database says what the others say differently. Statements take their values as `:name`. */
export interface Dialect {
  readonly quote: '"' | '`';
  /** `$1`, `$2`, where one value may stand in several places; else `?` for each place. */
  readonly numbered: boolean;
  /** The function that returns the greater of two numbers. */
  readonly greatest: string;
  /** Ends an INSERT that leaves a taken key alone. Where there is none, the error of a duplicate tells. */
  readonly ifFree: string;
  /** Ends a SELECT whose row nobody else may change until the transaction ends. */
  readonly forUpdate: string;
  /** The column by which to find a row whose session may meanwhile have moved to a new key. */
  readonly rowName: RowName;
  /** How many rows pruning removes at once: so few that nobody waits long for the locks of one batch. */
  readonly pruneBatch: number;
  /** The table in a statement that locks rows, where it must say through which index it finds them. */
  by?(table: Table, index: 'key' | 'row'): string;
  /** Begins a DELETE that finds rows by their keys, where it must say so. */
  deleteByKey?(table: Table): string;
  /** The statements that create the tables, that of the sessions last. */
  schema(table: Table): string[];
  /** Answers a row where the tables are there already. */
  exists?(table: Table): string;
  /** Lets one process at a time create the tables, where IF NOT EXISTS does not. */
  lockSchema?(table: Table): string;
  /** Locks the row of `:owner`, and creates it first if need be. Without it a transaction is alone anyway. */
  lockOwner?(table: Table): string;
  /** All of `move` as one statement, which changes a row where it did move. */
  move?(table: Table, clauses: MoveClauses): string;
  /** How the database tells others of sessions that ended, where it can. */
  readonly telling?: Telling;
  /** Answers a row if this process may prune, and no other does. */
  claimPruning?(table: Table): string;
  /** Gives back what `claimPruning` claimed, where the end of the transaction does not. */
  releasePruning?(table: Table): string;
  /** Whether a statement failed because a key is taken. */
  isDuplicate(error: unknown): boolean;
  /** Whether the engine undid a transaction for the sake of another: a deadlock, say. */
  isUndone(error: unknown): boolean;
}

export interface RowName {
  readonly column: 'handle' | 'id';
  /** Less than every name. */
  readonly least: Value;
}

/** The parts of `move` that every statement of a store shares. */
export interface MoveClauses {
  /** The row is live, and of the version `:expected`. */
  readonly condition: string;
  /** The session's columns, each set to its value. */
  readonly assignments: string;
  /** The columns that a tombstone has of its session. */
  readonly tombstone: string;
}

/** Messages from the database to those who listen. */
export interface Telling {
  channel(table: Table): string;
  /** Ends an UPDATE that makes tombstones of sessions: tells of each, when its transaction is committed. */
  ended(table: Table): string;
  /** Sends `:text` to `:channel`. */
  readonly publish: string;
}
