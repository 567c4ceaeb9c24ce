import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { missing as missingRedis, startCluster, startRedis } from '../stores/redis-servers.js';
import { missing, mysqlServer, postgresServer } from '../stores/sql-servers.js';
import type { CrashSpec } from './clients.js';

/** A store that outlives the process that uses it. */
export interface Place {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | false;
  /** Whether what belongs to one account may be on another server than what belongs to none. */
  readonly isDivided?: true;
  /** Makes it empty; `remove` leaves nothing of it. */
  prepare(): Promise<{ spec: CrashSpec; remove(): Promise<unknown> }>;
}

export const places: readonly Place[] = [
  { name: 'sqliteStore', missing: false, prepare: prepareSqlite },
  {
    name: 'postgresStore',
    missing: await missing('PostgreSQL', postgresServer),
    prepare: () => prepareSql('postgres'),
  },
  {
    name: 'mysqlStore',
    missing: await missing('MySQL or MariaDB', mysqlServer),
    prepare: () => prepareSql('mysql'),
  },
  { name: 'redisStore', missing: missingRedis, prepare: () => prepareRedis('ioredis') },
  { name: 'redisStore on a cluster', missing: missingRedis, isDivided: true, prepare: prepareCluster },
];

/** With the store that is broken on purpose. */
export const brokenPlace: Place = {
  name: 'a store that keeps sessions and lists in two steps',
  missing: missingRedis,
  prepare: () => prepareRedis('two-steps'),
};

async function prepareSqlite() {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-crashes-'));
  return {
    spec: { kind: 'sqlite', file: join(folder, 'sessions.db') } as const,
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

async function prepareSql(kind: 'postgres' | 'mysql') {
  const table = `crashes_${randomBytes(4).toString('hex')}`;
  const server = kind === 'postgres' ? postgresServer : mysqlServer;
  const remove = async () => {
    const pool = kind === 'postgres' ? new Pool(postgresServer) : createPool(mysqlServer);
    const drop = `DROP TABLE IF EXISTS ${table}, ${table}_owners`;
    await (pool as { query(text: string): Promise<unknown> }).query(drop);
    await pool.end();
  };
  return { spec: { kind, server, table } as const, remove };
}

async function prepareRedis(kind: 'ioredis' | 'two-steps') {
  const server = await startRedis();
  return { spec: { kind, ports: [server.port] } as const, remove: server.stop };
}

async function prepareCluster() {
  const cluster = await startCluster();
  return { spec: { kind: 'ioredis-cluster', ports: cluster.ports } as const, remove: cluster.stop };
}
