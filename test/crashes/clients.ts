import type { SessionStore } from 'sojourn';
import type { StoreSpec } from '../service/stores.js';
import { Fuse } from './fuse.js';
import { TwoStepStore } from './two-step-store.js';

/** A store to crash over: one of ours, or the one that is broken on purpose. */
export type CrashSpec = StoreSpec | { readonly kind: 'two-steps'; readonly ports: readonly number[] };

export interface OpenStore {
  readonly store: SessionStore;
  close(): Promise<unknown>;
}

const host = '127.0.0.1';

/**
 * Opens a store over a client whose calls go through a fuse. A driver is imported where it is needed, to start soon.
 */
export async function openStore(spec: CrashSpec, fuse: Fuse = new Fuse()): Promise<OpenStore> {
  switch (spec.kind) {
    case 'sqlite':
      return openSqlite(spec.file, fuse);
    case 'postgres':
      return openPostgres(spec, fuse);
    case 'mysql':
      return openMysql(spec, fuse);
    case 'ioredis':
    case 'ioredis-cluster':
    case 'two-steps':
      return openRedis(spec, fuse);
    default:
      throw new Error(`no client of ${spec.kind} crashes here`);
  }
}

async function openSqlite(file: string, fuse: Fuse): Promise<OpenStore> {
  const { sqliteDatabase } = await import('../service/sqlite-database.js');
  const { sqliteStore } = await import('sojourn/sqlite');
  const database = await sqliteDatabase(file);
  const client: typeof database = {
    exec: text => fuse.throughAtOnce(() => database.exec(text)),
    // To compile a statement touches nothing.
    prepare(text) {
      const statement = database.prepare(text);
      return {
        all: (...values) => fuse.throughAtOnce(() => statement.all(...values)),
        run: (...values) => fuse.throughAtOnce(() => statement.run(...values)),
      };
    },
  };
  return {
    store: sqliteStore(client, { tune: true, pruneInterval: false }),
    close: async () => database.close?.(),
  };
}

async function openPostgres(
  { server, table }: Extract<StoreSpec, { kind: 'postgres' | 'mysql' }>,
  fuse: Fuse,
): Promise<OpenStore> {
  const { default: pg } = await import('pg');
  const { postgresStore } = await import('sojourn/postgres');
  class CrashingClient extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: it is handed on as it is
    override query(...query: any[]): any {
      return fuse.through(() => super.query(...(query as [string])));
    }
  }
  const pool = new pg.Pool({ ...server, Client: CrashingClient as typeof pg.Client });
  const store = postgresStore(pool, { table, createTable: true, pruneInterval: false });
  return { store, close: () => pool.end() };
}

async function openMysql(
  { server, table }: Extract<StoreSpec, { kind: 'postgres' | 'mysql' }>,
  fuse: Fuse,
): Promise<OpenStore> {
  const { createPool } = await import('mysql2/promise');
  const { mysqlStore } = await import('sojourn/mysql');
  const pool = createPool({ ...server });
  const client = {
    async getConnection() {
      const connection = await pool.getConnection();
      return {
        execute: (statement: never) => fuse.through(() => connection.execute(statement)),
        query: (statement: never) => fuse.through(() => connection.query(statement)),
        release: () => connection.release(),
        destroy: () => connection.destroy(),
      };
    },
  };
  const store = mysqlStore(client as never, { table, createTable: true, pruneInterval: false });
  return { store, close: () => pool.end() };
}

async function openRedis(
  { kind, ports }: Extract<CrashSpec, { ports: unknown }>,
  fuse: Fuse,
): Promise<OpenStore> {
  const { Cluster, Redis } = await import('ioredis');
  const { redisStore } = await import('sojourn/redis');
  const nodes = ports.map(port => ({ host, port }));
  const client = kind === 'ioredis-cluster' ? new Cluster(nodes) : new Redis(nodes[0] as { port: number });
  const call = client.call.bind(client) as (...command: string[]) => Promise<unknown>;
  const crashing = Object.assign(client, {
    // A script that a server does not know yet is sent as text then.
    call: (...command: string[]) => fuse.through(() => call(...command), isUnknownScript),
  });
  const store = kind === 'two-steps' ? new TwoStepStore(crashing as never) : redisStore(crashing as never);
  return { store, close: async () => client.disconnect() };
}

function isUnknownScript(error: unknown): boolean {
  return String((error as Error).message).startsWith('NOSCRIPT');
}
