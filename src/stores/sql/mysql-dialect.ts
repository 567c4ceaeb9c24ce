import type { Dialect } from './dialect.js';
import type { Table } from './table.js';

/**
 * MySQL 8 and MariaDB 10.5, or later. All text is kept as bytes, so that collations, trailing spaces and the
 * connection's character set do not affect comparisons.
 *
 * InnoDB locks whatever a statement passes through, index entries included, so all locking goes one way: the key, then
 * the row. Searches by handle, owner or deadline read without locks and yield row `id`s or keys; if they locked those
 * indexes, they would deadlock with statements that come from the row to change them. On a small table the optimizer
 * would use those indexes anyway, so statements that lock name their index.
 */
export const mysqlDialect: Dialect = {
  quote: '`',
  numbered: false,
  greatest: 'GREATEST',
  ifFree: '',
  forUpdate: 'FOR UPDATE',
  rowName: { column: 'id', least: 0 },
  pruneBatch: 500,
  by,
  // Without an alias, which MySQL would look for in the connection's own database, if it has one at all.
  deleteByKey: table => `DELETE ${table.sessions} FROM ${by(table, 'key')}`,
  schema,
  exists,
  lockOwner: table =>
    `INSERT INTO ${table.owners} (owner) VALUES (:owner) ON DUPLICATE KEY UPDATE owner = owner`,
  claimPruning: table => `SELECT 1 FROM DUAL WHERE GET_LOCK(${lockName(table)}, 0) = 1`,
  releasePruning: table => `SELECT RELEASE_LOCK(${lockName(table)})`,
  isDuplicate: error => errnoOf(error) === 1062,
  isUndone: error => errnoOf(error) === 1213,
};

function by(table: Table, index: 'key' | 'row'): string {
  return `${table.sessions} FORCE INDEX (${index === 'key' ? table.index('key') : 'PRIMARY'})`;
}

function schema(table: Table): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${table.owners} (
  owner VARBINARY(1024) NOT NULL PRIMARY KEY
) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${table.sessions} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  session_key VARBINARY(1024) NOT NULL,
  format SMALLINT NOT NULL,
  data LONGBLOB,
  version VARBINARY(255),
  generation VARBINARY(255),
  handle VARBINARY(255) NOT NULL,
  owner VARBINARY(1024),
  device MEDIUMBLOB,
  authenticated_at BIGINT,
  signed_in_at BIGINT NOT NULL,
  max_age VARBINARY(32),
  created_at BIGINT NOT NULL,
  saved_at BIGINT,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_reason MEDIUMBLOB,
  ended_at BIGINT,
  UNIQUE KEY ${table.index('key')} (session_key),
  KEY ${table.index('handle')} (handle, ended_at),
  KEY ${table.index('owner')} (owner, ended_at, signed_in_at, handle),
  KEY ${table.index('expires')} (expires_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`,
  ];
}

function exists(table: Table): string {
  const schemaName = table.schema ? `'${table.schema}'` : 'DATABASE()';
  return `SELECT 1 FROM information_schema.tables WHERE table_schema = ${schemaName} AND table_name = '${table.name}'`;
}

/** Such a lock belongs to the server, not the database; its name has at most 64 characters. */
function lockName(table: Table): string {
  return `SHA1(CONCAT_WS(' ', 'sojourn prune', DATABASE(), '${table.sessions}'))`;
}

function errnoOf(error: unknown): unknown {
  return (error as { errno?: unknown } | null)?.errno;
}
