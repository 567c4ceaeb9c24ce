import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Service } from '../service/service.js';
import { missing } from '../stores/redis-servers.js';
import { Ledger } from './ledger.js';
import { LIMIT } from './limit.js';
import { RedisServer } from './servers/redis.js';
import { STORE_TIMEOUT } from './trial.js';

describe('a Redis without persistence that crashes under load, and is started again', {
  skip: missing,
}, () => {
  for (const kind of ['ioredis', 'node-redis'] as const) {
    test(`has lost all sessions as wholes, and begins anew (${kind})`, { timeout: LIMIT }, async t => {
      const server = await RedisServer.start();
      t.after(() => server.remove());
      const store = { kind, ports: [server.port] };
      const service = await Service.start({ store, storeTimeout: STORE_TIMEOUT });
      t.after(() => service.stop());

      const before = await Ledger.open(service);
      before.work();
      await delay(500);
      await server.crash();
      await delay(500);
      await server.start();
      await before.untilLost();
      await before.rest();
      for (const ids of await before.allIds()) assert.deepEqual(ids, []);

      const after = await Ledger.open(service);
      await after.append(200);
      await after.verify();
      assert.deepEqual(service.alarms, []);
    });
  }
});
