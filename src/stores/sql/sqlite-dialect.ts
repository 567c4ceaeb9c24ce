import type { Dialect } from './dialect.js';
import type { Table } from './table.js';

/** SQLite, 3.37 or later. It has one writer at a time, so a transaction needs no further locks. */
export const sqliteDialect: Dialect = {
  quote: '"',
  numbered: false,
  greatest: 'MAX',
  ifFree: 'ON CONFLICT (session_key) DO NOTHING',
  forUpdate: '',
  rowName: { column: 'id', least: 0 },
  // It runs on this thread, so every request waits until the batch is done.
  pruneBatch: 25,
  schema,
  isDuplicate,
  // One writer conflicts with nobody.
  isUndone: () => false,
};

function schema(table: Table): string[] {
  const schemaPrefix = table.schema ? `"${table.schema}".` : '';
  const index = (suffix: string) =>
    `CREATE INDEX IF NOT EXISTS ${schemaPrefix}${table.index(suffix)} ON "${table.name}"`;
  return [
    `CREATE TABLE IF NOT EXISTS ${table.sessions} (
  id INTEGER PRIMARY KEY,
  session_key TEXT NOT NULL UNIQUE,
  format INTEGER NOT NULL,
  data TEXT,
  version TEXT,
  generation TEXT,
  handle TEXT NOT NULL,
  owner TEXT,
  device TEXT,
  authenticated_at INTEGER,
  signed_in_at INTEGER NOT NULL,
  max_age TEXT,
  created_at INTEGER NOT NULL,
  saved_at INTEGER,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_reason TEXT,
  ended_at INTEGER
) STRICT`,
    `${index('handle')} (handle) WHERE ended_at IS NULL`,
    `${index('owner')} (owner, signed_in_at, handle) WHERE owner IS NOT NULL AND ended_at IS NULL`,
    `${index('expires')} (expires_at)`,
  ];
}

/** node:sqlite gives SQLite's error number, better-sqlite3 and libsql its name. */
function isDuplicate(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return (
    [1555, 2067].includes(errcode as number) || /^SQLITE_CONSTRAINT_(PRIMARYKEY|UNIQUE)$/.test(String(code))
  );
}
