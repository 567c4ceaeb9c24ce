import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { scaled } from '../service/load.js';
import type { StoreSpec } from '../service/stores.js';
import { missing as missingRedis } from '../stores/redis-servers.js';
import { LIMIT } from './limit.js';
import { type Cut, Network } from './network.js';
import { MariadbServer, missingMariadb } from './servers/mariadb.js';
import { missingPostgres, PostgresServer } from './servers/postgres.js';
import { RedisServer } from './servers/redis.js';
import type { Server } from './servers/server.js';
import { endureWithoutLoss, STORE_TIMEOUT, type Trial } from './trial.js';

// Two servers at a time: most of it is waiting.
describe('the network', { concurrency: 2 }, () => {
  between('Redis', missingRedis, {
    start: () => RedisServer.start(),
    stores: port => [
      { kind: 'ioredis', ports: [port] },
      { kind: 'node-redis', ports: [port] },
    ],
  });
  between('PostgreSQL', missingPostgres, {
    start: () => PostgresServer.start(),
    stores: (port, { address }) => [{ kind: 'postgres', server: { ...address, port }, table: 'sessions' }],
  });
  between('MariaDB', missingMariadb, {
    start: () => MariadbServer.start(),
    stores: (port, { address }) => [{ kind: 'mysql', server: { ...address, port }, table: 'sessions' }],
  });
});

interface Setting<S extends Server> {
  start(): Promise<S>;
  stores(port: number, server: S): StoreSpec[];
}

/** Stands the network's faults between the service and this server. */
function between<S extends Server>(name: string, skip: string | false, { start, stores }: Setting<S>): void {
  describe(`between the service and ${name}`, { skip, concurrency: 1 }, async () => {
    const server = await start();
    after(() => server.remove());
    for (const [i, { kind }] of stores(0, server).entries()) {
      for (const [fault, strike] of Object.entries(FAULTS)) {
        const skip = strike === strand && kind === 'node-redis' && 'node-redis does not notice';
        test(`${fault} (${kind})`, { skip, timeout: LIMIT }, async t => {
          const network = await Network.before(server.port);
          t.after(() => network.close());
          await endureWithoutLoss(t, stores(network.port, server)[i] as StoreSpec, {
            connections: () => server.connections(),
            fault: trial => strike(trial, network),
          });
        });
      }
    }
  });
}

const FAULTS: Record<string, (trial: Trial, network: Network) => Promise<void>> = {
  'cuts connections before the server gets the command': (trial, network) => cut('before', trial, network),
  'cuts connections when the server has done the work, before the reply': (trial, network) =>
    cut('after', trial, network),
  'hangs, and goes on': hang,
  'drops the connections that there are, and tells nobody': strand,
};

const LEAST_CUTS = 5;

/** What only a command that writes contains. */
const WRITE = '"ids":[';

async function cut(how: Cut, { t, ledger }: Trial, network: Network): Promise<void> {
  network.cut(how, WRITE, 3);
  // A client that takes its time to connect again is cut seldom: so until it was often enough.
  for (let round = 0; round < 10 && network.cuts <= LEAST_CUTS; round++)
    await ledger.append(scaled(2000, 300), { mayFail: true });
  network.forward();
  t.diagnostic(`${network.cuts} connections cut`);
  assert.ok(network.cuts > LEAST_CUTS);
}

async function hang({ ledger }: Trial, network: Network): Promise<void> {
  ledger.work();
  for (let i = 0; i < scaled(5, 1); i++) {
    await delay(300);
    network.hang();
    await delay(2 * STORE_TIMEOUT);
    network.release();
    await ledger.untilServed();
  }
}

async function strand({ ledger }: Trial, network: Network): Promise<void> {
  ledger.work();
  await delay(300);
  network.strand();
  await ledger.untilServed();
  network.bury();
}
