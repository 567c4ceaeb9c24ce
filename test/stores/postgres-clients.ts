import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import postgres from 'postgres';
import type { PostgresClient } from 'sojourn/postgres';
import { postgresServer } from './sql-servers.js';

/** One kind of client, and how to run a text with it. */
export interface Kind {
  readonly clients: readonly [PostgresClient, PostgresClient];
  run(text: string): Promise<unknown[]>;
  end(): Promise<unknown>;
}

/** All that the store takes. */
export const kinds: Record<string, { needsServer: boolean; start(): Promise<Kind> }> = {
  'Pool of pg': { needsServer: true, start: async () => ofPools() },
  'Client of pg': { needsServer: true, start: async () => ofClients() },
  'postgres.js': { needsServer: true, start: async () => ofPostgresJs({}) },
  'postgres.js that renames columns and prepares nothing': {
    needsServer: true,
    start: async () => ofPostgresJs({ transform: postgres.camel, prepare: false }),
  },
  PGlite: { needsServer: false, start: async () => ofPGlite() },
};

async function ofPools(): Promise<Kind> {
  const pools = [new pg.Pool(postgresServer), new pg.Pool(postgresServer)] as const;
  return {
    clients: pools,
    run: async text => (await pools[0].query(text)).rows,
    end: () => Promise.all(pools.map(pool => pool.end())),
  };
}

async function ofClients(): Promise<Kind> {
  const clients = [new pg.Client(postgresServer), new pg.Client(postgresServer)] as const;
  const admin = new pg.Client(postgresServer);
  for (const client of [...clients, admin]) await client.connect();
  return {
    clients,
    run: async text => (await admin.query(text)).rows,
    end: () => Promise.all([...clients, admin].map(client => client.end())),
  };
}

async function ofPostgresJs(options: object): Promise<Kind> {
  const settings = { ...postgresServer, ...options, onnotice: () => {} };
  const clients = [postgres(settings), postgres(settings)] as const;
  return {
    clients,
    run: async text => clients[0].unsafe(text),
    end: () => Promise.all(clients.map(sql => sql.end())),
  };
}

async function ofPGlite(): Promise<Kind> {
  const database = new PGlite();
  return {
    clients: [database, database],
    run: async text => (await database.query<object>(text)).rows,
    end: () => database.close(),
  };
}
