import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Placement, StoredSession } from '../../stores/store.js';
import { type Bench, HOUR, type StoreCase } from './bench.js';

export const movingCases: readonly StoreCase[] = [
  {
    name: 'move: the new key has the session, the old one a tombstone that says "rotated"',
    async run(bench) {
      const { key, session } = await bench.keep();
      await bench.advanceTo(bench.now + 1000);
      const next = { ...successorOf(session), data: '{"views":2}', expiresAt: bench.now + 2 * HOUR };
      const to = bench.newKey(null);
      const call = bench.call({ version: session.version });
      bench.expectPlaced(await bench.store.move(key, to, next, call));
      await bench.expectLive(to, next);
      await bench.expectEnded(key, session, 'rotated');
    },
  },
  {
    name: 'move: changes nothing where the version is another',
    async run(bench) {
      const { key, session } = await bench.keep();
      const to = bench.newKey(null);
      const call = bench.call({ version: 'another' });
      bench.expectRefused(await bench.store.move(key, to, successorOf(session), call), 'stale');
      await bench.expectLive(key, session);
      await bench.expectNothing(to);
    },
  },
  {
    name: 'move: changes nothing where the new key has a live session',
    async run(bench) {
      const { key, session } = await bench.keep();
      const other = await bench.keep();
      const call = bench.call({ version: session.version });
      bench.expectRefused(await bench.store.move(key, other.key, successorOf(session), call), 'taken');
      await bench.expectLive(key, session);
      await bench.expectLive(other.key, other.session);
    },
  },
  {
    name: 'move: changes nothing where the new key has a tombstone',
    async run(bench) {
      const { key, session } = await bench.keep();
      const ended = await bench.keepEnded();
      const call = bench.call({ version: session.version });
      bench.expectRefused(await bench.store.move(key, ended.key, successorOf(session), call), 'taken');
      await bench.expectLive(key, session);
      await bench.expectTombstone(ended.key, ended.tombstone);
    },
  },
  {
    name: 'move: never creates',
    async run(bench) {
      const [from, to] = [bench.newKey(null), bench.newKey(null)];
      const session = bench.newSession();
      const call = bench.call({ version: session.version });
      bench.expectRefused(await bench.store.move(from, to, session, call), 'stale');
      await bench.expectNothing(from);
      await bench.expectNothing(to);
    },
  },
  {
    name: 'move: a session can move again, and each old key keeps its tombstone',
    async run(bench) {
      const first = await bench.keep();
      const second = successorOf(first.session);
      const third = successorOf(second);
      const [to, on] = [bench.newKey(null), bench.newKey(null)];
      await bench.store.move(first.key, to, second, bench.call({ version: first.session.version }));
      bench.expectPlaced(await bench.store.move(to, on, third, bench.call({ version: second.version })));
      await bench.expectEnded(first.key, first.session, 'rotated');
      await bench.expectEnded(to, second, 'rotated');
      await bench.expectLive(on, third);
    },
  },
  {
    name: 'move: a writer whose reply was lost recognises its own version under the new key',
    async run(bench) {
      const { key, session } = await bench.keep();
      const [to, next] = [bench.newKey(null), successorOf(session)];
      const call = bench.call({ version: session.version });
      bench.expectPlaced(await bench.store.move(key, to, next, call));
      bench.expectRefused(await bench.store.move(key, to, next, call), 'stale');
      await bench.expectLive(to, next);
    },
  },
  {
    name: 'move: of many at once exactly one is done',
    async run(bench) {
      const { key, session } = await bench.keep();
      const keys = Array.from({ length: 10 }, () => bench.newKey(null));
      const call = bench.call({ version: session.version });
      const next = successorOf(session);
      const placements = await Promise.all(keys.map(to => bench.store.move(key, to, next, call)));
      for (const [i, to] of keys.entries()) {
        if (placements[i]?.placed) await bench.expectLive(to, next);
        else await bench.expectNothing(to);
      }
      assert.equal(placements.filter(each => each.placed).length, 1);
      await bench.expectEnded(key, session, 'rotated');
    },
  },
  {
    name: 'move: of a move and an update at once exactly one is done',
    async run(bench) {
      for (let round = 0; round < 10; round++) {
        const { key, session } = await bench.keep();
        const call = bench.call({ version: session.version });
        const next = successorOf(session);
        const [updated, moved] = await Promise.all([
          bench.store.update(key, next, call),
          bench.store.move(key, bench.newKey(null), next, call),
        ]);
        assert.notEqual(updated, moved.placed);
      }
    },
  },
  {
    name: 'move: at no moment are the data gone, or reachable by both keys',
    async run(bench) {
      let { key, session } = await bench.keep();
      for (let step = 0; step < 20; step++) {
        const [to, next] = [bench.newKey(null), successorOf(session)];
        const moving = bench.store.move(key, to, next, bench.call({ version: session.version }));
        await watch(bench, [key, to], moving);
        [key, session] = [to, next];
      }
    },
  },
];

function successorOf(session: StoredSession): StoredSession {
  return { ...session, version: randomUUID(), generation: randomUUID() };
}

/** Reads both keys, in either order, until the move is done: a later read must not contradict an earlier one. */
async function watch(
  bench: Bench,
  keys: [from: string, to: string],
  moving: Promise<Placement>,
): Promise<void> {
  const [from, to] = keys;
  const find = (key: string) => bench.store.find(key, bench.call());
  let isDone = false;
  const placement = moving.finally(() => (isDone = true));
  // A failed assertion leaves the move under way, so it is awaited all the same.
  const watching = (async () => {
    do {
      const isOldOver = (await find(from))?.ended;
      if (isOldOver) assert.ok(await find(to), 'the old key is over, and the new one has nothing');
      const isNewLive = await find(to);
      if (isNewLive) assert.ok((await find(from))?.ended, 'the session is live under both keys');
      // A store that answers within one turn of the event loop would let nothing else run.
      await setImmediate();
    } while (!isDone);
  })();
  const [watched] = await Promise.allSettled([watching, placement]);
  if (watched.status === 'rejected') throw watched.reason;
  bench.expectPlaced(await placement);
}
