import assert from 'node:assert/strict';
import type { StoredSession } from '../../stores/store.js';
import { plain } from '../plain.js';
import type { StoreCase } from './bench.js';

export const countingCases: readonly StoreCase[] = [
  {
    name: 'count: what is live, of one owner and of all',
    needs: ['count'],
    async run(bench) {
      assert.equal(await bench.store.count(undefined, bench.call()), 0);
      await bench.keepEnded();
      await bench.keep();
      await bench.keep(bench.newOwned('user-1'));
      await bench.keep(bench.newOwned('user-1', { expiresAt: bench.now + 1 }));
      await bench.keep(bench.newOwned('user-2'));
      assert.equal(await bench.store.count(undefined, bench.call()), 4);
      assert.equal(await bench.store.count('user-1', bench.call()), 2);
      await bench.advanceTo(bench.now + 1);
      assert.equal(await bench.store.count(undefined, bench.call()), 3);
      assert.equal(await bench.store.count('user-1', bench.call()), 1);
      assert.equal(await bench.store.count('user-3', bench.call()), 0);
    },
  },
  {
    name: 'all: every live session once, and nothing else',
    needs: ['all'],
    async run(bench) {
      await bench.keepEnded();
      await bench.keep(bench.newSession({ expiresAt: bench.now + 1 }));
      await bench.advanceTo(bench.now + 1);
      const kept = await Promise.all(
        Array.from({ length: 120 }, (_, i) => bench.keep(bench.newOwned(`user-${i % 3}`))),
      );
      const found: StoredSession[] = [];
      for await (const session of bench.store.all(bench.call())) found.push(session);
      const sessions = kept.map(({ session }) => session);
      assert.deepEqual(plain(found).sort(byHandle), sessions.sort(byHandle));
    },
  },
  {
    name: 'all: can be left before its end',
    needs: ['all'],
    async run(bench) {
      for (let i = 0; i < 3; i++) await bench.keep();
      for await (const session of bench.store.all(bench.call())) {
        assert.equal(session.ended, undefined);
        break;
      }
    },
  },
  {
    name: 'prune: deletes what has expired, and tombstones whose time has come, and answers how many',
    needs: ['prune'],
    async run(bench) {
      const expired = await bench.keep();
      const ended = await bench.keepEnded();
      await bench.advanceTo(expired.session.expiresAt);
      assert.equal(await bench.store.prune(bench.call()), 2);
      await bench.expectNothing(expired.key);
      await bench.expectNothing(ended.key);
      assert.equal(await bench.store.prune(bench.call()), 0);
    },
  },
  {
    name: 'prune: leaves what is live, and tombstones, to their last millisecond',
    needs: ['prune'],
    async run(bench) {
      const { key, session } = await bench.keep();
      const ended = await bench.keepEnded();
      await bench.advanceTo(session.expiresAt - 1);
      assert.equal(await bench.store.prune(bench.call()), 0);
      await bench.expectLive(key, session);
      await bench.expectTombstone(ended.key, ended.tombstone);
    },
  },
];

function byHandle(a: StoredSession, b: StoredSession): number {
  return a.handle < b.handle ? -1 : 1;
}
