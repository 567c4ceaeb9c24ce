import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { scaled } from '../service/load.js';
import type { StoreSpec } from '../service/stores.js';
import { missing as missingRedis } from '../stores/redis-servers.js';
import { LIMIT } from './limit.js';
import { MariadbServer, missingMariadb } from './servers/mariadb.js';
import { missingPostgres, PostgresServer } from './servers/postgres.js';
import { RedisServer } from './servers/redis.js';
import type { Server } from './servers/server.js';
import { endureWithoutLoss, type Trial } from './trial.js';

/** How often a server crashes while the service is under load. */
const CRASHES = scaled(10, 1);

describe('a server that crashes under load, and is started again, loses nothing that was acknowledged', () => {
  const alwaysSynced = ['--appendonly', 'yes', '--appendfsync', 'always'];
  crashing('Redis with an append-only file that is always synced', missingRedis, {
    start: () => RedisServer.start(...alwaysSynced),
    stores: ({ port }) => [
      { kind: 'ioredis', ports: [port] },
      { kind: 'node-redis', ports: [port] },
    ],
  });
  crashing('PostgreSQL', missingPostgres, {
    start: () => PostgresServer.start(),
    stores: ({ address }) => [{ kind: 'postgres', server: address, table: 'sessions' }],
  });
  crashing('MariaDB', missingMariadb, {
    start: () => MariadbServer.start(),
    stores: ({ address }) => [{ kind: 'mysql', server: address, table: 'sessions' }],
  });
});

function crashing<S extends Server>(
  name: string,
  skip: string | false,
  { start, stores }: { start: () => Promise<S>; stores: (server: S) => StoreSpec[] },
): void {
  describe(name, { skip }, async () => {
    const server = await start();
    after(() => server.remove());
    for (const store of stores(server)) {
      test(`by ${store.kind}`, { timeout: LIMIT }, async t => {
        await endureWithoutLoss(t, store, {
          connections: () => server.connections(),
          fault: trial => crashUnderLoad(trial, server),
        });
      });
    }
  });
}

async function crashUnderLoad({ ledger }: Trial, server: Server): Promise<void> {
  ledger.work();
  for (let i = 0; i < CRASHES; i++) {
    await delay(500);
    await server.crash();
    await delay(500 + Math.random() * 1000);
    await server.start();
    await ledger.untilServed();
  }
}
