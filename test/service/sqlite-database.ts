import type { SqliteDatabase } from 'sojourn/sqlite';

/** node:sqlite where there is one; else libsql. */
export async function sqliteDatabase(file: string): Promise<SqliteDatabase> {
  const builtin = process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined;
  if (builtin) return new builtin.DatabaseSync(file);
  const { default: Libsql } = await import('libsql');
  return new Libsql(file) as SqliteDatabase;
}

interface NodeSqlite {
  DatabaseSync: new (file: string) => SqliteDatabase;
}
