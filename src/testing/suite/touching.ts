import assert from 'node:assert/strict';
import { HOUR, type StoreCase } from './bench.js';

export const touchingCases: readonly StoreCase[] = [
  {
    name: 'touch: records the use, and changes nothing else, the version least of all',
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1', { device: '{}', maxAge: HOUR }));
      await bench.advanceTo(bench.now + 1000);
      const times = { lastSeenAt: bench.now, expiresAt: bench.now + HOUR };
      assert.equal(await bench.store.touch(key, times.lastSeenAt, times.expiresAt, bench.call()), true);
      await bench.expectLive(key, { ...session, ...times });
    },
  },
  {
    name: 'touch: a writer who read before it can still update',
    async run(bench) {
      const { key, session } = await bench.keep();
      await bench.store.touch(key, bench.now + 1, session.expiresAt + 1, bench.call());
      const next = { ...session, version: 'next' };
      assert.equal(await bench.store.update(key, next, bench.call({ version: session.version })), true);
    },
  },
  {
    name: 'touch: does not move lastSeenAt backwards',
    async run(bench) {
      const { key, session } = await bench.keep();
      const expiresAt = session.expiresAt + 1;
      assert.equal(await bench.store.touch(key, session.lastSeenAt - 1, expiresAt, bench.call()), true);
      await bench.expectLive(key, { ...session, expiresAt });
    },
  },
  {
    name: 'touch: does not move expiresAt backwards',
    async run(bench) {
      const { key, session } = await bench.keep();
      const lastSeenAt = session.lastSeenAt + 1;
      assert.equal(await bench.store.touch(key, lastSeenAt, session.expiresAt - 1, bench.call()), true);
      await bench.expectLive(key, { ...session, lastSeenAt });
    },
  },
  {
    name: 'touch: of many at once the latest times stay',
    async run(bench) {
      const { key, session } = await bench.keep();
      const steps = [7, 3, 10, 1, 9, 2, 8, 4, 6, 5];
      const touches = steps.map(step =>
        bench.store.touch(key, bench.now + step, session.expiresAt + 11 - step, bench.call()),
      );
      assert.ok((await Promise.all(touches)).every(Boolean));
      const times = { lastSeenAt: bench.now + 10, expiresAt: session.expiresAt + 10 };
      await bench.expectLive(key, { ...session, ...times });
    },
  },
  {
    name: 'touch: takes nothing from an update at the same time',
    async run(bench) {
      const { key, session } = await bench.keep();
      const next = { ...session, version: 'next', data: '{"views":2}' };
      const touch = () => bench.store.touch(key, bench.now, session.expiresAt, bench.call());
      const call = bench.call({ version: session.version });
      const done = await Promise.all([touch(), touch(), bench.store.update(key, next, call)]);
      assert.ok(done.every(Boolean));
      await bench.expectLive(key, next);
    },
  },
  {
    name: 'touch: never creates',
    async run(bench) {
      const key = bench.newKey(null);
      assert.equal(await bench.store.touch(key, bench.now, bench.now + HOUR, bench.call()), false);
      await bench.expectNothing(key);
    },
  },
  {
    name: 'touch: does not bring back an ended session',
    async run(bench) {
      const { key, tombstone } = await bench.keepEnded();
      assert.equal(await bench.store.touch(key, bench.now + 1, bench.now + 2 * HOUR, bench.call()), false);
      await bench.expectTombstone(key, tombstone);
    },
  },
];
