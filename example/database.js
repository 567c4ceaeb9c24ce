/** @import { SqliteDatabase } from 'sojourn/sqlite' */

/**
 * Node 22.13 and later have SQLite built in; for Node 20, libsql opens the file.
 *
 * @param {string} file  Its path, or `':memory:'`.
 * @returns {Promise<SqliteDatabase & { close(): void }>}
 */
export async function openDatabase(file) {
  /** @type {any} */
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (sqlite) return new sqlite.DatabaseSync(file);
  const { default: Database } = await import('libsql');
  return new Database(file);
}
