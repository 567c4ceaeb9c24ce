import type { Value } from './driver.js';
import type { Table } from './table.js';

/** What differs from one kind of database to another. Statements take their values as `:name`. */
export interface Dialect {
  readonly quote: '"' | '`';
  /** True for `$1`, `$2`, where a value can be reused; false for one `?` per place. */
  readonly numbered: boolean;
  /** The function that returns the greater of two numbers. */
  readonly greatest: string;
  /** The end of an INSERT that leaves a taken key alone. If it is empty, a duplicate is an error. */
  readonly ifFree: string;
  /** The end of a SELECT that locks its row until the transaction ends. */
  readonly forUpdate: string;
  /** The column that still finds a row after its session has moved to a new key. */
  readonly rowName: RowName;
  /** How many rows pruning removes at once: few enough that nobody waits long for a batch's locks. */
  readonly pruneBatch: number;
  /** The table in a statement that locks rows, if the statement must name the index it uses. */
  by?(table: Table, index: 'key' | 'row'): string;
  /** The start of a DELETE by key, if the statement must name its index. */
  deleteByKey?(table: Table): string;
  /** The statements that create the tables, the sessions table last. */
  schema(table: Table): string[];
  /** A query that returns a row if the tables exist. */
  exists?(table: Table): string;
  /** Lets one process at a time create the tables, where IF NOT EXISTS is not enough. */
  lockSchema?(table: Table): string;
  /** Locks the row of `:owner`, creating it if need be. Absent where transactions run one at a time anyway. */
  lockOwner?(table: Table): string;
  /** All of `move` in one statement, which counts a changed row if it moved. */
  move?(table: Table, clauses: MoveClauses): string;
  /** Ends an owner's sessions in one statement, which announces each and returns the handles. */
  endOwned?(table: Table, clauses: EndClauses): string;
  /** How the database announces ended sessions, if it can. */
  readonly telling?: Telling;
  /** Claims pruning for this process; returns a row if it succeeds. */
  claimPruning?(table: Table): string;
  /** Releases what `claimPruning` claimed, if the end of the transaction does not. */
  releasePruning?(table: Table): string;
  /** Whether a statement failed because a key is taken. */
  isDuplicate(error: unknown): boolean;
  /** Whether the engine rolled back a transaction in favour of another, as in a deadlock. */
  isUndone(error: unknown): boolean;
}

export interface RowName {
  readonly column: 'handle' | 'id';
  /** Sorts before any name. */
  readonly least: Value;
}

/** The parts of `move` that other statements share. */
export interface MoveClauses {
  /** The row is live and has the version `:expected`. */
  readonly condition: string;
  /** The session's columns, each set to its value. */
  readonly assignments: string;
  /** The columns that a tombstone keeps of its session. */
  readonly tombstone: string;
}

/** The parts of `endOwned` that other statements share. */
export interface EndClauses {
  /** The columns of a tombstone, each set to its value. */
  readonly ending: string;
  /** The row is live. */
  readonly live: string;
}

/** Messages from the database to its listeners. */
export interface Telling {
  channel(table: Table): string;
  /** The end of an UPDATE that turns sessions into tombstones: announces each, once it is committed. */
  ended(table: Table): string;
  /** Sends `:text` to `:channel`. */
  readonly publish: string;
}
