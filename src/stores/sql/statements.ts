import { COLUMNS, FORMAT, LEFT, WRITTEN } from './columns.js';
import type { Dialect } from './dialect.js';
import { compile, type Statement } from './statement.js';
import type { Table } from './table.js';

/** Every statement of a store, ready for its client. Values are named like their columns, or as noted. */
export type Statements = SessionStatements & OwnerStatements & UpkeepStatements;

/** What the verbs for one session need. `:session` stands for the columns that are written. */
export interface SessionStatements {
  /** `:key` */
  readonly find: Statement;
  /** `:key :session` */
  readonly insert: Statement;
  /** `:key :expected :now :session` */
  readonly update: Statement;
  /** `:key :now :last_seen_at :expires_at` */
  readonly touch: Statement;
  /** `:key :now :reason` */
  readonly end: Statement;
  /** `:key :now :reason :expected` */
  readonly endVersion: Statement;
  /** `:from :key :expected :now :session`; if a dialect lacks it, the next three do it in one transaction. */
  readonly move: Statement | undefined;
  /** `:from :expected :now`. Returns the columns. */
  readonly lock: Statement;
  /** `:from :key :session` */
  readonly rename: Statement;
  /** `:from :now :reason`, and what `leftBy` returns. */
  readonly leaveRotated: Statement;
  /** `:key :now`. Deletes an expired tombstone. */
  readonly clear: Statement;
}

/** What the owner verbs need. */
export interface OwnerStatements {
  /** `:owner` */
  readonly lockOwner: Statement | undefined;
  /** `:owner`. Deletes the row that `lockOwner` created. */
  readonly deleteOwner: Statement;
  /** `:owner :now`. Returns row names, keys and handles, newest sign-in first. */
  readonly owned: Statement;
  /** `:row :handle :now :reason` */
  readonly endByHandle: Statement;
  /** `:row :handle :now :reason :owner` */
  readonly endOwnByHandle: Statement;
  /** `:row :now :reason :owner` */
  readonly endOwnRow: Statement;
  /** `:owner :now :reason :spared`. Returns the handles; if a dialect lacks it, rows are ended one by one. */
  readonly endOwned: Statement | undefined;
  /** `:handle :now`. Returns its row's name; undefined if that is the handle itself. */
  readonly rowOfHandle: Statement | undefined;
  /** How many handles `peek` takes. */
  readonly peekBatch: number;
  /** `:now :name0 :name1 ...`: handles, `peekBatch` of them. Returns the columns, with a dash for the data. */
  readonly peek: Statement;
  /** `:owner :now :limit`, and where to start after: `:signed_in_at :handle`. Returns these two, then the columns. */
  readonly list: Statement;
  /** `:now` */
  readonly count: Statement;
  /** `:owner :now` */
  readonly countOwned: Statement;
  /** `:now :limit`, and the `:row` to start after. Returns its name, then the columns. */
  readonly all: Statement;
}

/** What keeps the table in order. */
export interface UpkeepStatements {
  readonly claimPruning: Statement | undefined;
  readonly releasePruning: Statement | undefined;
  /** How many names each of the next four takes or returns. */
  readonly pruneBatch: number;
  /** `:now`. Returns at most `pruneBatch` keys and their owners. */
  readonly expired: Statement;
  /** `:now :name0 :name1 ...`: keys, `pruneBatch` of them. */
  readonly deleteExpired: Statement;
  /** `:now :name0 :name1 ...`: owners, `pruneBatch` of them. Returns those who have live sessions. */
  readonly liveOwners: Statement;
  /** `:name0 :name1 ...`: owners, `pruneBatch` of them. */
  readonly deleteOwners: Statement;
  /** `:channel :text` */
  readonly publish: Statement | undefined;
  readonly lockSchema: Statement | undefined;
  readonly exists: Statement | undefined;
  readonly schema: readonly Statement[];
}

const READ = COLUMNS.join(', ');
/** The same without the session's data. MariaDB can be set to take an empty text for NULL. */
const PEEKED = COLUMNS.map(column => (column === 'data' ? "'-' AS data" : column)).join(', ');
/** Most processes have fewer sessions open, and each superfluous value costs a little. */
const PEEK_BATCH = 50;
const ASSIGNMENTS = WRITTEN.map(column => `${column} = :${column}`).join(', ');
const LIVE = `format = ${FORMAT} AND ended_at IS NULL AND expires_at > :now`;
const LIVE_VERSION = `version = :expected AND ${LIVE}`;
const END =
  'data = NULL, version = NULL, generation = NULL, device = NULL, authenticated_at = NULL, max_age = NULL, ' +
  'saved_at = NULL, ended_reason = :reason, ended_at = :now';

export function statementsFor(dialect: Dialect, table: Table): Statements {
  return {
    ...sessionStatements(dialect, table),
    ...ownerStatements(dialect, table),
    ...upkeepStatements(dialect, table),
  };
}

function sessionStatements(dialect: Dialect, table: Table): SessionStatements {
  const { statement, optional } = compilers(dialect);
  const { sessions } = table;
  const written = WRITTEN.join(', ');
  const values = WRITTEN.map(column => `:${column}`).join(', ');
  const byKey = dialect.by?.(table, 'key') ?? sessions;
  const told = dialect.telling?.ended(table) ?? '';
  const later = (column: string) => `${column} = ${dialect.greatest}(${column}, :${column})`;
  return {
    find: statement(`SELECT ${READ} FROM ${sessions} WHERE session_key = :key`),
    insert: statement(
      `INSERT INTO ${sessions} (session_key, format, ${written}) VALUES (:key, ${FORMAT}, ${values}) ${dialect.ifFree}`,
    ),
    update: statement(`UPDATE ${byKey} SET ${ASSIGNMENTS} WHERE session_key = :key AND ${LIVE_VERSION}`),
    touch: statement(
      `UPDATE ${byKey} SET ${later('last_seen_at')}, ${later('expires_at')} WHERE session_key = :key AND ${LIVE}`,
    ),
    end: statement(`UPDATE ${byKey} SET ${END} WHERE session_key = :key AND ${LIVE} ${told}`),
    endVersion: statement(`UPDATE ${byKey} SET ${END} WHERE session_key = :key AND ${LIVE_VERSION} ${told}`),
    move: optional(
      dialect.move?.(table, { condition: LIVE_VERSION, assignments: ASSIGNMENTS, tombstone: LEFT }),
    ),
    lock: statement(
      `SELECT ${READ} FROM ${byKey} WHERE session_key = :from AND ${LIVE_VERSION} ${dialect.forUpdate}`,
    ),
    rename: statement(`UPDATE ${byKey} SET session_key = :key, ${ASSIGNMENTS} WHERE session_key = :from`),
    leaveRotated: statement(
      `INSERT INTO ${sessions} (session_key, ${LEFT}, ended_reason, ended_at) VALUES (:from, ${FORMAT}, ` +
        ':handle, :owner, :signed_in_at, :created_at, :last_seen_at, :expires_at, :reason, :now)',
    ),
    clear: statement(
      `${deleteByKey(dialect, table)} WHERE session_key = :key AND ended_at IS NOT NULL AND expires_at <= :now`,
    ),
  };
}

function ownerStatements(dialect: Dialect, table: Table): OwnerStatements {
  const { statement, optional } = compilers(dialect);
  const { sessions } = table;
  const row = dialect.rowName.column;
  const byRow = dialect.by?.(table, 'row') ?? sessions;
  const told = dialect.telling?.ended(table) ?? '';
  // Between looking up a row and ending its session, a sign-in may have put another session there.
  const named = row === 'handle' ? 'handle = :handle' : `${row} = :row AND handle = :handle`;
  return {
    lockOwner: optional(dialect.lockOwner?.(table)),
    deleteOwner: statement(`DELETE FROM ${table.owners} WHERE owner = :owner`),
    owned: statement(
      `SELECT ${row} AS row_name, session_key, handle AS row_handle FROM ${sessions} WHERE owner = :owner AND ${LIVE} ` +
        'ORDER BY signed_in_at DESC, handle DESC',
    ),
    endByHandle: statement(`UPDATE ${byRow} SET ${END} WHERE ${named} AND ${LIVE} ${told}`),
    endOwnByHandle: statement(
      `UPDATE ${byRow} SET ${END} WHERE ${named} AND owner = :owner AND ${LIVE} ${told}`,
    ),
    endOwnRow: statement(
      `UPDATE ${byRow} SET ${END} WHERE ${row} = :row AND owner = :owner AND ${LIVE} ${told}`,
    ),
    endOwned: optional(dialect.endOwned?.(table, { ending: END, live: LIVE })),
    rowOfHandle:
      row === 'handle'
        ? undefined
        : statement(`SELECT ${row} FROM ${sessions} WHERE handle = :handle AND ${LIVE}`),
    peekBatch: PEEK_BATCH,
    peek: statement(`SELECT ${PEEKED} FROM ${sessions} WHERE handle IN (${namesOf(PEEK_BATCH)}) AND ${LIVE}`),
    list: statement(
      `SELECT signed_in_at AS last_signed_in_at, handle AS last_handle, ${READ} FROM ${sessions} WHERE owner = :owner AND ${LIVE} ` +
        'AND signed_in_at <= :signed_in_at AND (signed_in_at < :signed_in_at OR handle < :handle) ' +
        'ORDER BY signed_in_at DESC, handle DESC LIMIT :limit',
    ),
    count: statement(`SELECT COUNT(*) FROM ${sessions} WHERE ${LIVE}`),
    countOwned: statement(`SELECT COUNT(*) FROM ${sessions} WHERE owner = :owner AND ${LIVE}`),
    all: statement(
      `SELECT ${row} AS row_name, ${READ} FROM ${sessions} WHERE ${row} > :row AND ${LIVE} ORDER BY ${row} LIMIT :limit`,
    ),
  };
}

function upkeepStatements(dialect: Dialect, table: Table): UpkeepStatements {
  const { statement, optional } = compilers(dialect);
  const { sessions } = table;
  const { pruneBatch } = dialect;
  const batch = namesOf(pruneBatch);
  return {
    claimPruning: optional(dialect.claimPruning?.(table)),
    releasePruning: optional(dialect.releasePruning?.(table)),
    pruneBatch,
    expired: statement(
      `SELECT session_key, owner FROM ${sessions} WHERE expires_at <= :now ORDER BY expires_at LIMIT ${pruneBatch}`,
    ),
    deleteExpired: statement(
      `${deleteByKey(dialect, table)} WHERE session_key IN (${batch}) AND expires_at <= :now`,
    ),
    liveOwners: statement(`SELECT DISTINCT owner FROM ${sessions} WHERE owner IN (${batch}) AND ${LIVE}`),
    deleteOwners: statement(`DELETE FROM ${table.owners} WHERE owner IN (${batch})`),
    publish: optional(dialect.telling?.publish),
    lockSchema: optional(dialect.lockSchema?.(table)),
    exists: optional(dialect.exists?.(table)),
    schema: dialect.schema(table).map(statement),
  };
}

/** Placeholders of `count` values. */
function namesOf(count: number): string {
  return Array.from({ length: count }, (_, index) => `:name${index}`).join(', ');
}

function deleteByKey(dialect: Dialect, table: Table): string {
  return dialect.deleteByKey?.(table) ?? `DELETE FROM ${table.sessions}`;
}

function compilers({ numbered }: Dialect) {
  const statement = (source: string): Statement => compile(source, numbered);
  const optional = (source: string | undefined) => (source === undefined ? undefined : statement(source));
  return { statement, optional };
}
