import { createHash } from 'node:crypto';
import type { Dialect, EndClauses, MoveClauses } from './dialect.js';
import type { Table } from './table.js';

/** PostgreSQL, 12 or later, at its default isolation level, READ COMMITTED. */
export const postgresDialect: Dialect = {
  quote: '"',
  numbered: true,
  greatest: 'GREATEST',
  ifFree: 'ON CONFLICT (session_key) DO NOTHING',
  forUpdate: 'FOR UPDATE',
  rowName: { column: 'handle', least: '' },
  pruneBatch: 500,
  schema,
  exists: table => `SELECT 1 WHERE to_regclass('${table.sessions}') IS NOT NULL`,
  // Of two simultaneous CREATE TABLE IF NOT EXISTS, one may fail.
  lockSchema: table => `SELECT pg_advisory_xact_lock(${lockId(table, 'schema')})`,
  lockOwner: table =>
    `INSERT INTO ${table.owners} (owner) VALUES (:owner) ON CONFLICT (owner) DO UPDATE SET owner = excluded.owner`,
  move,
  endOwned,
  telling: {
    channel: channelOf,
    ended: table => `RETURNING ${telling(table)}`,
    publish: 'SELECT pg_notify(:channel, :text)',
  },
  // Without seqscan: finding a batch by its index is cheap, yet the planner might prefer to read the whole table.
  claimPruning: table =>
    `SELECT set_config('enable_seqscan', 'off', true) WHERE pg_try_advisory_xact_lock(${lockId(table, 'prune')})`,
  isDuplicate: error => codeOf(error) === '23505',
  // A deadlock; or a conflict, if the isolation level is stricter than the default.
  isUndone: error => codeOf(error) === '40P01' || codeOf(error) === '40001',
};

function schema(table: Table): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${table.owners} (
  owner TEXT COLLATE "C" NOT NULL PRIMARY KEY
)`,
    `CREATE TABLE IF NOT EXISTS ${table.sessions} (
  session_key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  format SMALLINT NOT NULL,
  data TEXT,
  version TEXT COLLATE "C",
  generation TEXT,
  handle TEXT COLLATE "C" NOT NULL,
  owner TEXT COLLATE "C",
  device TEXT,
  authenticated_at BIGINT,
  signed_in_at BIGINT NOT NULL,
  max_age TEXT,
  created_at BIGINT NOT NULL,
  saved_at BIGINT,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_reason TEXT,
  ended_at BIGINT
)`,
    `CREATE INDEX IF NOT EXISTS ${table.index('handle')} ON ${table.sessions} (handle) WHERE ended_at IS NULL`,
    `CREATE INDEX IF NOT EXISTS ${table.index('owner')} ON ${table.sessions} (owner, signed_in_at, handle)
  WHERE owner IS NOT NULL AND ended_at IS NULL`,
    `CREATE INDEX IF NOT EXISTS ${table.index('expires')} ON ${table.sessions} (expires_at)`,
  ];
}

/**
 * The row itself gets the new key, so that whoever waits for its lock (to end it by handle, say) finds it there; what
 * the tombstone keeps is read beforehand. A taken key is a duplicate, which fails the whole statement.
 */
function move(table: Table, { condition, assignments, tombstone }: MoveClauses): string {
  const { sessions } = table;
  return `WITH old AS (
  SELECT session_key AS old_key, ${tombstone} FROM ${sessions} WHERE session_key = :from AND ${condition} FOR UPDATE
), moved AS (
  UPDATE ${sessions} SET session_key = :key, ${assignments} FROM old WHERE session_key = old_key RETURNING old.*
)
INSERT INTO ${sessions} (session_key, ${tombstone}, ended_reason, ended_at)
SELECT old_key, ${tombstone}, 'rotated', :now FROM moved
RETURNING CASE WHEN handle <> :handle THEN ${telling(table)} END`;
}

/**
 * `:spared` is a JSON array. It is sent as text, as some clients turn what goes to a JSON type into JSON themselves.
 */
function endOwned(table: Table, { ending, live }: EndClauses): string {
  const spared = 'SELECT json_array_elements_text(CAST(CAST(:spared AS text) AS json))';
  return (
    `UPDATE ${table.sessions} SET ${ending} WHERE owner = :owner AND ${live} AND handle NOT IN (${spared}) ` +
    `RETURNING handle, ${telling(table)}`
  );
}

/** A message must be shorter than 8000 bytes: a longer one would roll back what it announces. */
function telling(table: Table): string {
  const notice = "json_build_object('handle', handle, 'reason', left(ended_reason, 500), 'at', ended_at)";
  return `pg_notify('${channelOf(table)}', CAST(${notice} AS text))`;
}

/** A channel belongs to the database, and its name has at most 63 bytes: a hash tells tables apart. */
function channelOf(table: Table): string {
  return `sojourn_ended_${createHash('sha256').update(table.sessions).digest('hex').slice(0, 16)}`;
}

/** Advisory locks are numbers shared by the whole database: hashing the table's name sets them apart. */
function lockId(table: Table, purpose: string): string {
  return `hashtextextended('sojourn ${purpose} ${table.sessions}', 0)`;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
