import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { EndedSession } from '../../stores/store.js';
import type { Bench, StoreCase } from './bench.js';

export const tellingCases: readonly StoreCase[] = [
  {
    name: 'subscribe: tells of each session that is ended, why and when',
    needs: ['subscribe', 'endByHandle', 'endOwned'],
    async run(bench) {
      const ear = await listen(bench);
      const [byKey, byVersion, byHandle] = [await bench.keep(), await bench.keep(), await bench.keep()];
      const owned = await bench.keep(bench.newOwned('user-1'));
      const at = bench.now;
      await bench.store.end(byKey.key, 'logout', bench.call());
      await bench.store.end(byVersion.key, 'emptied', bench.call({ version: byVersion.session.version }));
      await bench.store.endByHandle(byHandle.session.handle, 'revoked', bench.call());
      await bench.store.endOwned('user-1', 'stolen', bench.call());
      await ear.expect([
        { handle: byKey.session.handle, reason: 'logout', at },
        { handle: byVersion.session.handle, reason: 'emptied', at },
        { handle: byHandle.session.handle, reason: 'revoked', at },
        { handle: owned.session.handle, reason: 'stolen', at },
      ]);
    },
  },
  {
    name: 'subscribe: tells of those that give way to another',
    needs: ['subscribe'],
    async run(bench) {
      const ear = await listen(bench);
      const { session } = await bench.keep(bench.newOwned('user-1'));
      const next = bench.newOwned('user-1', { authenticatedAt: bench.now + 1 });
      const limit = { limit: 1, policy: 'end-oldest' } as const;
      const placement = await bench.store.insert(bench.newKey('user-1'), next, bench.call({ limit }));
      bench.expectPlaced(placement, [session.handle]);
      await ear.expect([{ handle: session.handle, reason: 'displaced', at: bench.now }]);
    },
  },
  {
    name: 'subscribe: a move to another handle ends the old one; one that keeps it ends nothing',
    needs: ['subscribe'],
    async run(bench) {
      const ear = await listen(bench);
      const { key, session } = await bench.keep();
      const version = session.version;
      const renewed = { ...session, version: 'renewed' };
      const nextKey = bench.newKey(null);
      bench.expectPlaced(await bench.store.move(key, nextKey, renewed, bench.call({ version })));
      const signedIn = bench.newOwned('user-1');
      bench.expectPlaced(
        await bench.store.move(
          nextKey,
          bench.newKey('user-1'),
          signedIn,
          bench.call({ version: renewed.version }),
        ),
      );
      await ear.expect([{ handle: session.handle, reason: 'rotated', at: bench.now }]);
    },
  },
  {
    name: 'subscribe: tells nothing of what ends nothing',
    needs: ['subscribe'],
    async run(bench) {
      const ear = await listen(bench);
      const { key, session } = await bench.keep();
      const next = { ...session, version: 'next' };
      await bench.store.update(key, next, bench.call({ version: session.version }));
      await bench.store.touch(key, bench.now, session.expiresAt, bench.call());
      await bench.store.end(key, 'stale', bench.call({ version: 'another' }));
      await bench.store.end(bench.newKey(null), 'unknown', bench.call());
      await ear.expect([]);
    },
  },
  {
    name: 'subscribe: tells everybody who listens, and nobody any more who has stopped',
    needs: ['subscribe'],
    async run(bench) {
      const [stopped, ear] = [await listen(bench), await listen(bench)];
      stopped.stop();
      const { key, session } = await bench.keep();
      await bench.store.end(key, 'logout', bench.call());
      await ear.expect([{ handle: session.handle, reason: 'logout', at: bench.now }]);
      assert.deepEqual(stopped.heard, []);
      ear.stop();
      const again = await listen(bench);
      const other = await bench.keep();
      await bench.store.end(other.key, 'logout', bench.call());
      await again.expect([{ handle: other.session.handle, reason: 'logout', at: bench.now }]);
    },
  },
];

/** ms that a message may take. */
const PATIENCE = 3000;
/** ms by which messages from several servers may overtake each other. */
const SLACK = 50;

/** A listener. */
interface Ear {
  readonly heard: EndedSession[];
  stop(): void;
  /** Exactly these were heard, in whatever order. */
  expect(endings: readonly EndedSession[]): Promise<void>;
}

/** Resolves once the store says that it listens. */
async function listen(bench: Bench): Promise<Ear> {
  const heard: EndedSession[] = [];
  let isListening = false;
  const failures: unknown[] = [];
  const stop = bench.store.subscribe({
    ended: ending => heard.push({ ...ending }),
    listening: is => {
      isListening = is;
    },
    failed: error => failures.push(error),
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    const deadline = Date.now() + PATIENCE;
    while (!isSo() && Date.now() < deadline) await delay(10);
  };
  await until(() => isListening);
  assert.ok(isListening, `the store does not listen: ${failures[0]}`);
  return {
    heard,
    stop,
    expect: async endings => {
      const last = await bench.keep();
      await bench.store.end(last.key, 'last', bench.call());
      await until(() => heard.length > endings.length);
      await delay(SLACK);
      const sorted = (list: readonly EndedSession[]) => list.map(each => JSON.stringify(each)).sort();
      const all = [...endings, { handle: last.session.handle, reason: 'last', at: bench.now }];
      assert.deepEqual(sorted(heard.map(({ handle, reason, at }) => ({ handle, reason, at }))), sorted(all));
    },
  };
}
