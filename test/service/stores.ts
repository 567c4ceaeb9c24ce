import { Cluster, Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { createClient, createCluster, createSentinel } from 'redis';
import type { SessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { mongoStore } from 'sojourn/mongodb';
import { mysqlStore } from 'sojourn/mysql';
import { postgresStore } from 'sojourn/postgres';
import { redisStore } from 'sojourn/redis';
import { type SqliteDatabase, sqliteStore } from 'sojourn/sqlite';
import { sqliteDatabase } from './sqlite-database.js';

/** Which store a process is to open, as JSON that another process can send it. */
export type StoreSpec =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: RedisKind; readonly ports: readonly number[] }
  | { readonly kind: 'postgres' | 'mysql'; readonly server: SqlServer; readonly table: string }
  | { readonly kind: 'mongodb'; readonly url: string; readonly collection: string };

/** The ports are those of the servers of a cluster, or of a Sentinel. */
export type RedisKind = `${'ioredis' | 'node-redis'}${'' | '-cluster' | '-sentinel'}`;

export interface SqlServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** All our stores can count. */
export type CountingStore = SessionStore & Required<Pick<SessionStore, 'count'>>;

export interface OpenStore {
  readonly store: CountingStore;
  /** The SQLite database, for a test that sets it limits. */
  readonly sqlite?: SqliteDatabase;
  close(): Promise<unknown>;
}

/** Opens a store as an app would: with the drivers' own defaults, but for what the docs ask for. */
export async function openStore(spec: StoreSpec): Promise<OpenStore> {
  switch (spec.kind) {
    case 'memory':
      return { store: memoryStore(), close: async () => {} };
    case 'sqlite':
      return openSqlite(spec.file);
    case 'postgres':
      return openPostgres(spec.server, spec.table);
    case 'mysql':
      return openMysql(spec.server, spec.table);
    case 'mongodb':
      return openMongodb(spec.url, spec.collection);
    default:
      return spec.kind.startsWith('ioredis') ? openIoredis(spec) : openNodeRedis(spec);
  }
}

async function openSqlite(file: string): Promise<OpenStore> {
  const sqlite = await sqliteDatabase(file);
  const store = sqliteStore(sqlite, { tune: true });
  return { store, sqlite, close: async () => sqlite.close?.() };
}

async function openPostgres(server: SqlServer, table: string): Promise<OpenStore> {
  const pool = new Pool({ ...server, connectionTimeoutMillis: 5000 });
  // A connection that breaks while it is idle is told here; unheard, it would end the process.
  pool.on('error', () => {});
  const store = postgresStore(pool, { table, createTable: true });
  return { store: store, close: () => store.close().then(() => pool.end()) };
}

async function openMysql(server: SqlServer, table: string): Promise<OpenStore> {
  const pool = createPool({ ...server });
  const store = mysqlStore(pool, { table, createTable: true });
  return { store: store, close: () => store.close().then(() => pool.end()) };
}

async function openMongodb(url: string, collection: string): Promise<OpenStore> {
  const client = await MongoClient.connect(url);
  const store = mongoStore(client.db().collection(collection) as never);
  return { store: store, close: () => client.close() };
}

type RedisSpec = Extract<StoreSpec, { ports: unknown }>;

const host = '127.0.0.1';

/** ms after which a connection that does not answer is given up. node-redis has no such option. */
const socketTimeout = 2000;

async function openIoredis({ kind, ports }: RedisSpec): Promise<OpenStore> {
  const nodes = ports.map(port => ({ host, port }));
  const client =
    kind === 'ioredis-cluster'
      ? new Cluster(nodes, { redisOptions: { socketTimeout } })
      : kind === 'ioredis-sentinel'
        ? new Redis({ sentinels: nodes, name: 'main', socketTimeout })
        : new Redis({ ...nodes[0], socketTimeout });
  client.on('error', () => {});
  return { store: redisStore(client), close: async () => client.disconnect() };
}

/** As docs/stores/redis.md asks: without it, node-redis 5 does not survive each lost connection. */
const online = { disableOfflineQueue: true };

async function openNodeRedis({ kind, ports }: RedisSpec): Promise<OpenStore> {
  const nodes = ports.map(port => ({ host, port }));
  const urls = ports.map(port => ({ url: `redis://${host}:${port}` }));
  const client =
    kind === 'node-redis-cluster'
      ? createCluster({ rootNodes: urls, defaults: online })
      : kind === 'node-redis-sentinel'
        ? createSentinel({ name: 'main', sentinelRootNodes: nodes, nodeClientOptions: online })
        : createClient({ ...urls[0], ...online });
  client.on('error', () => {});
  await client.connect();
  return {
    store: redisStore(client as never),
    close: async () => client.destroy(),
  };
}
