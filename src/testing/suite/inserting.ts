import assert from 'node:assert/strict';
import type { StoreCase } from './bench.js';

export const insertingCases: readonly StoreCase[] = [
  {
    name: 'insert: a live session stays as it is',
    async run(bench) {
      const { key, session } = await bench.keep();
      bench.expectRefused(await bench.store.insert(key, bench.newSession(), bench.call()), 'taken');
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'insert: a tombstone stays as it is',
    async run(bench) {
      const { key, tombstone } = await bench.keepEnded();
      bench.expectRefused(await bench.store.insert(key, bench.newSession(), bench.call()), 'taken');
      await bench.expectTombstone(key, tombstone);
    },
  },
  {
    name: 'insert: of many at once for one key exactly one is placed',
    async run(bench) {
      const key = bench.newKey(null);
      const sessions = Array.from({ length: 20 }, () => bench.newSession());
      const placements = await Promise.all(sessions.map(each => bench.store.insert(key, each, bench.call())));
      const winners = sessions.filter((_, i) => placements[i]?.placed);
      assert.equal(winners.length, 1);
      for (const winner of winners) await bench.expectLive(key, winner);
    },
  },
  {
    name: 'insert: a writer whose reply was lost recognises its own version',
    async run(bench) {
      const { key, session } = await bench.keep();
      bench.expectRefused(await bench.store.insert(key, session, bench.call()), 'taken');
      const found = await bench.store.find(key, bench.call());
      assert.equal(found?.ended ?? found?.version, session.version);
    },
  },
];
