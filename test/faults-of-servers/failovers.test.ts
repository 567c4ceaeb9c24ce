import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../harness/until.js';
import { scaled } from '../service/load.js';
import type { RedisKind } from '../service/stores.js';
import { missing } from '../stores/redis-servers.js';
import { LIMIT } from './limit.js';
import { RedisServer } from './servers/redis.js';
import { RedisCluster, untilReplicating } from './servers/redis-cluster.js';
import { endure, endureWithoutLoss } from './trial.js';

/** ms before a crash in which a replica may not have got all yet. */
const REPLICATION_LAG = 1000;

describe('a Redis Cluster', { skip: missing }, async () => {
  const cluster = await RedisCluster.start();
  after(() => cluster.remove());

  for (const kind of ['ioredis-cluster', 'node-redis-cluster'] as const) {
    const store = { kind, ports: cluster.ports };
    const connections = () => cluster.connections();
    const spare = cluster.masters.length;

    test(`that loses a node under load, and gets it back, loses nothing (${kind})`, {
      timeout: LIMIT,
    }, async t => {
      await endureWithoutLoss(t, store, {
        connections,
        spare,
        fault: async ({ ledger }) => {
          ledger.work();
          for (const node of cluster.masters.slice(0, scaled(3, 1))) {
            await delay(500);
            await node.crash();
            await delay(2500);
            await node.start();
            await cluster.untilWhole();
            await ledger.untilServed();
          }
        },
      });
    });

    test(`that is resharded under load loses nothing, and no request fails (${kind})`, {
      timeout: LIMIT,
    }, async t => {
      const { counts } = await endureWithoutLoss(t, store, {
        connections,
        spare,
        fault: async ({ ledger }) => {
          ledger.work();
          const slots = await cluster.slotsInUse();
          for (let round = 0; round < scaled(10, 1); round++) {
            for (const slot of slots) await cluster.moveSlot(slot);
          }
          t.diagnostic(`${slots.length} slots in use, each moved ${scaled(10, 1)} times`);
        },
      });
      assert.equal(counts.failed, 0);
    });
  }
});

// Two at a time: most of it is waiting.
describe('a failover loses at most what the replica had not got yet', {
  skip: missing,
  concurrency: 2,
}, () => {
  for (const kind of ['ioredis-cluster', 'node-redis-cluster'] as const) {
    test(`of a Redis Cluster (${kind})`, { timeout: LIMIT }, async t => {
      const cluster = await RedisCluster.start(1);
      t.after(() => cluster.remove());
      const [master] = cluster.masters as readonly [RedisServer];
      // node-redis looks for the new master only when a node says that a slot has moved, as the old one does.
      const isToldByOldNode = kind === 'node-redis-cluster';
      const spare = cluster.ports.length;
      await failOver(t, { kind, ports: cluster.ports }, { master, isToldByOldNode, spare });
    });
  }

  for (const kind of ['ioredis-sentinel', 'node-redis-sentinel'] as const) {
    test(`by a Sentinel (${kind})`, { timeout: LIMIT }, async t => {
      const master = await RedisServer.start();
      const replica = await RedisServer.start('--replicaof', `127.0.0.1 ${master.port}`);
      await untilReplicating(replica);
      const sentinel = await RedisServer.sentinel(master);
      t.after(() => Promise.all([sentinel, replica, master].map(server => server.remove())));
      // It learns of the replica by asking, every ten seconds.
      await until(async () =>
        String(await sentinel.ask('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`),
      );
      await failOver(t, { kind, ports: [sentinel.port] }, { master });
    });
  }
});

interface Failover {
  readonly master: RedisServer;
  readonly isToldByOldNode?: boolean;
  readonly spare?: number;
}

/** Crashes a master under load; its replica takes over, and later it comes back as the replica. */
async function failOver(
  t: TestContext,
  store: { kind: RedisKind; ports: number[] },
  { master, isToldByOldNode = false, spare = 0 }: Failover,
): Promise<void> {
  let crashedAt = 0;
  const ledger = await endure(t, store, {
    // Those to a server that is gone end with it.
    connections: async () => 0,
    spare,
    fault: async ({ ledger }) => {
      ledger.work();
      await delay(1500);
      crashedAt = Date.now();
      await master.crash();
      if (isToldByOldNode) await delay(5000);
      else await ledger.untilServed();
      await master.start();
      await delay(1500);
    },
  });
  const lost = await ledger.missing();
  t.diagnostic(`${lost.length} acknowledged changes lost`);
  for (const id of lost) {
    const at = ledger.acknowledgedAt(id) ?? 0;
    assert.ok(
      crashedAt - REPLICATION_LAG < at && at < crashedAt + 200,
      `lost, acknowledged ${at - crashedAt} ms after`,
    );
  }
}
