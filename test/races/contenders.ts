import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import type { RedisKind, StoreSpec } from '../service/stores.js';
import { missing as missingRedis, startCluster, startRedis } from '../stores/redis-servers.js';
import { missing, mysqlServer, postgresServer } from '../stores/sql-servers.js';

/** A store that processes can share. */
export interface Contender {
  readonly name: string;
  /** How many processes race on it. */
  readonly processes: 1 | 2;
  /** Why it cannot be tested here. */
  readonly missing: string | false;
  /** Makes an empty store; `remove` leaves nothing of it. */
  prepare(): Promise<{ store: StoreSpec; remove(): Promise<void> }>;
}

export const contenders: readonly Contender[] = [
  {
    name: 'memoryStore',
    processes: 1,
    missing: false,
    prepare: async () => ({ store: { kind: 'memory' }, remove: async () => {} }),
  },
  { name: 'sqliteStore', processes: 2, missing: false, prepare: prepareSqlite },
  redis('ioredis'),
  redis('node-redis'),
  sql('postgres', await missing('PostgreSQL', postgresServer)),
  sql('mysql', await missing('MySQL or MariaDB', mysqlServer)),
];

/** Where it is to an account's sessions that the division into servers matters. */
export const cluster: Contender = {
  name: 'redisStore on a cluster, by ioredis',
  processes: 2,
  missing: missingRedis,
  prepare: async () => {
    const { ports, stop } = await startCluster();
    return { store: { kind: 'ioredis-cluster', ports }, remove: stop };
  },
};

async function prepareSqlite() {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-races-'));
  return {
    store: { kind: 'sqlite', file: join(folder, 'sessions.db') } as const,
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

function redis(kind: RedisKind): Contender {
  return {
    name: `redisStore, by ${kind}`,
    processes: 2,
    missing: missingRedis,
    prepare: async () => {
      const server = await startRedis();
      return { store: { kind, ports: [server.port] }, remove: server.stop };
    },
  };
}

function sql(kind: 'postgres' | 'mysql', reason: string | false): Contender {
  const server = kind === 'postgres' ? postgresServer : mysqlServer;
  return {
    name: `${kind}Store`,
    processes: 2,
    missing: reason,
    prepare: async () => {
      const table = `races_${randomBytes(4).toString('hex')}`;
      return { store: { kind, server, table }, remove: () => dropTables(kind, table) };
    },
  };
}

async function dropTables(kind: 'postgres' | 'mysql', table: string): Promise<void> {
  const drop = `DROP TABLE IF EXISTS ${table}, ${table}_owners`;
  const pool = kind === 'postgres' ? new Pool(postgresServer) : createPool(mysqlServer);
  await (pool as { query(text: string): Promise<unknown> }).query(drop);
  await pool.end();
}
