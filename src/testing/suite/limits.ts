import assert from 'node:assert/strict';
import type { Placement, SessionLimit, StoredSession } from '../../stores/store.js';
import type { Bench, Kept, StoreCase } from './bench.js';

export const limitCases: readonly StoreCase[] = [
  {
    name: 'limit: below it nobody gives way',
    needs: ['list', 'count'],
    async run(bench) {
      for (const policy of ['end-oldest', 'refuse'] as const) {
        const call = bench.call({ limit: { limit: 2, policy } });
        for (let i = 0; i < 2; i++) {
          const session = bench.newOwned(policy);
          bench.expectPlaced(await bench.store.insert(bench.newKey(policy), session, call));
        }
        assert.equal(await bench.store.count(policy, bench.call()), 2);
      }
    },
  },
  {
    name: 'limit: "end-oldest" ends the oldest by sign-in, and tells its handle',
    needs: ['list', 'count'],
    async run(bench) {
      // The oldest is neither the first created nor the first inserted.
      const middle = await bench.keep(
        bench.newOwned('user-1', { authenticatedAt: bench.now - 2, createdAt: 1 }),
      );
      const oldest = await bench.keep(
        bench.newOwned('user-1', { authenticatedAt: bench.now - 3, createdAt: 3 }),
      );
      const newest = await bench.keep(
        bench.newOwned('user-1', { authenticatedAt: bench.now - 1, createdAt: 2 }),
      );
      const { key, session } = await placeLimited(bench, endOldest(3), [oldest]);
      await bench.expectEnded(oldest.key, oldest.session, 'displaced');
      for (const kept of [middle, newest]) await bench.expectLive(kept.key, kept.session);
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'limit: "refuse" places nothing and ends nobody',
    needs: ['list', 'count'],
    async run(bench) {
      const kept = await bench.keep(bench.newOwned('user-1'));
      const key = bench.newKey('user-1');
      const call = bench.call({ limit: refuse(1) });
      bench.expectRefused(await bench.store.insert(key, bench.newOwned('user-1'), call), 'limit');
      await bench.expectLive(kept.key, kept.session);
      await bench.expectNothing(key);
    },
  },
  {
    name: 'limit: what has ended or expired does not count',
    needs: ['list', 'count'],
    async run(bench) {
      const ended = await bench.keep(bench.newOwned('user-1'));
      await bench.store.end(ended.key, 'logout', bench.call());
      await bench.keep(bench.newOwned('user-1', { expiresAt: bench.now + 1 }));
      await bench.advanceTo(bench.now + 1);
      await placeLimited(bench, refuse(1));
    },
  },
  {
    name: "limit: neither others' sessions count nor nobody's",
    needs: ['list', 'count'],
    async run(bench) {
      await bench.keep(bench.newOwned('user-2'));
      await bench.keep();
      await placeLimited(bench, refuse(1));
      const nobodys = bench.newSession();
      const call = bench.call({ limit: refuse(1) });
      bench.expectPlaced(await bench.store.insert(bench.newKey(null), nobodys, call));
    },
  },
  {
    name: 'limit: where it was lowered, as many give way as are too many',
    needs: ['list', 'count'],
    async run(bench) {
      const kept: Kept[] = [];
      for (let i = 0; i < 5; i++) {
        kept.push(await bench.keep(bench.newOwned('user-1', { authenticatedAt: bench.now + i })));
      }
      await bench.advanceTo(bench.now + 10);
      await placeLimited(bench, endOldest(2), kept.slice(0, 4));
      assert.equal(await bench.store.count('user-1', bench.call()), 2);
    },
  },
  {
    name: 'limit: a placement that fails ends nobody',
    needs: ['list', 'count'],
    async run(bench) {
      const first = await bench.keep(bench.newOwned('user-1'));
      const second = await bench.keep(bench.newOwned('user-2'));
      const session = { ...first.session, version: 'next' };
      const call = bench.call({ limit: endOldest(1), version: 'another' });
      bench.expectRefused(await bench.store.insert(second.key, session, call), 'taken');
      const moving = { ...second.session, version: 'next', owner: 'user-1' };
      const to = bench.newKey('user-1');
      bench.expectRefused(await bench.store.move(second.key, to, moving, call), 'stale');
      await bench.expectLive(first.key, first.session);
      await bench.expectLive(second.key, second.session);
    },
  },
  {
    name: 'limit: a session that moves does not count against itself',
    needs: ['list', 'count'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const [to, next] = [bench.newKey('user-1'), { ...session, version: 'next' }];
      const call = bench.call({ limit: refuse(1), version: session.version });
      bench.expectPlaced(await bench.store.move(key, to, next, call));
      await bench.expectLive(to, next);
    },
  },
  {
    name: 'limit: a session that signs in as it moves displaces the oldest',
    needs: ['list', 'count'],
    async run(bench) {
      const oldest = await bench.keep(bench.newOwned('user-1'));
      const { key, session } = await bench.keep();
      const [to, next] = [bench.newKey('user-1'), signedIn(bench, session, 'user-1')];
      const call = bench.call({ limit: endOldest(1), version: session.version });
      bench.expectPlaced(await bench.store.move(key, to, next, call), [oldest.session.handle]);
      await bench.expectEnded(oldest.key, oldest.session, 'displaced');
      await bench.expectEnded(key, session, 'rotated');
      await bench.expectLive(to, next);
    },
  },
  {
    name: 'limit: a session that is refused as it moves stays where it was',
    needs: ['list', 'count'],
    async run(bench) {
      const kept = await bench.keep(bench.newOwned('user-1'));
      const { key, session } = await bench.keep();
      const [to, next] = [bench.newKey('user-1'), signedIn(bench, session, 'user-1')];
      const call = bench.call({ limit: refuse(1), version: session.version });
      bench.expectRefused(await bench.store.move(key, to, next, call), 'limit');
      await bench.expectLive(kept.key, kept.session);
      await bench.expectLive(key, session);
      await bench.expectNothing(to);
    },
  },
  {
    name: 'limit: of 50 at once "end-oldest" leaves exactly the limit',
    needs: ['list', 'count'],
    async run(bench) {
      const placements = await insertAtOnce(bench, 50, endOldest(5));
      const displaced = placements.flatMap(each => (each.placed ? each.displaced : []));
      assert.ok(placements.every(each => each.placed));
      assert.equal(new Set(displaced).size, 45);
      assert.equal(displaced.length, 45, 'each is told once');
      assert.equal(await bench.store.count('user-1', bench.call()), 5);
    },
  },
  {
    name: 'limit: of 50 at once "refuse" places exactly the limit',
    needs: ['list', 'count'],
    async run(bench) {
      const placements = await insertAtOnce(bench, 50, refuse(5));
      assert.equal(placements.filter(each => each.placed).length, 5);
      assert.equal(await bench.store.count('user-1', bench.call()), 5);
    },
  },
  {
    name: 'limit: of 20 that sign in at once with a limit of 1 exactly one stays',
    needs: ['list', 'count'],
    async run(bench) {
      const kept = await Promise.all(Array.from({ length: 20 }, () => bench.keep()));
      await Promise.all(
        kept.map(({ key, session }) => {
          const call = bench.call({ limit: endOldest(1), version: session.version });
          return bench.store.move(key, bench.newKey('user-1'), signedIn(bench, session, 'user-1'), call);
        }),
      );
      assert.equal(await bench.store.count('user-1', bench.call()), 1);
    },
  },
];

function endOldest(limit: number): SessionLimit {
  return { limit, policy: 'end-oldest' };
}

function refuse(limit: number): SessionLimit {
  return { limit, policy: 'refuse' };
}

function signedIn(bench: Bench, session: StoredSession, owner: string): StoredSession {
  return { ...session, version: 'next', generation: 'next', owner, authenticatedAt: bench.now };
}

/** Places one more session of user-1, for which these must give way. */
async function placeLimited(bench: Bench, limit: SessionLimit, giveWay: readonly Kept[] = []): Promise<Kept> {
  const kept = { key: bench.newKey('user-1'), session: bench.newOwned('user-1') };
  const placement = await bench.store.insert(kept.key, kept.session, bench.call({ limit }));
  bench.expectPlaced(
    placement,
    giveWay.map(({ session }) => session.handle),
  );
  return kept;
}

function insertAtOnce(bench: Bench, count: number, limit: SessionLimit): Promise<Placement[]> {
  const sessions = Array.from({ length: count }, () => bench.newOwned('user-1'));
  const call = bench.call({ limit });
  return Promise.all(sessions.map(session => bench.store.insert(bench.newKey('user-1'), session, call)));
}
