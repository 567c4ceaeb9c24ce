import assert from 'node:assert/strict';
import type { StoredSession } from '../../stores/store.js';
import { plain } from '../plain.js';
import { type Bench, HOUR, type StoreCase } from './bench.js';

export const peekingCases: readonly StoreCase[] = [
  {
    name: 'peek: the live sessions of these handles, without their data, and no others',
    needs: ['peek'],
    async run(bench) {
      const owned = await bench.keep(bench.newOwned('user-1', { device: '{"agent":"x"}', maxAge: HOUR }));
      const { session } = await bench.keep();
      await bench.keep();
      const { handle } = bench.newSession();
      const peeked = await peekAt(bench, [owned.session.handle, session.handle, handle]);
      assert.deepEqual(peeked, sorted([owned.session, session].map(each => ({ ...each, data: '' }))));
      assert.deepEqual(await peekAt(bench, []), []);
    },
  },
  {
    name: 'peek: follows a session to a new key',
    needs: ['peek'],
    async run(bench) {
      const { key, session } = await bench.keep();
      const next = { ...session, version: 'next' };
      bench.expectPlaced(
        await bench.store.move(key, bench.newKey(null), next, bench.call({ version: session.version })),
      );
      assert.deepEqual(await peekAt(bench, [session.handle]), [{ ...next, data: '' }]);
    },
  },
  {
    name: 'peek: nothing that has ended or expired',
    needs: ['peek'],
    async run(bench) {
      const ended = await bench.keepEnded();
      const short = await bench.keep(bench.newSession({ expiresAt: bench.now + 1000 }));
      const long = await bench.keep();
      await bench.advanceTo(short.session.expiresAt);
      const handles = [ended, short, long].map(({ session }) => session.handle);
      assert.deepEqual(await peekAt(bench, handles), [{ ...long.session, data: '' }]);
    },
  },
  {
    name: 'peek: the times of the latest use',
    needs: ['peek'],
    async run(bench) {
      const { key, session } = await bench.keep();
      const times = { lastSeenAt: bench.now + 1, expiresAt: session.expiresAt + HOUR };
      await bench.store.touch(key, times.lastSeenAt, times.expiresAt, bench.call());
      assert.deepEqual(await peekAt(bench, [session.handle]), [{ ...session, ...times, data: '' }]);
    },
  },
  {
    name: 'peek: as many handles as a process has open sessions',
    needs: ['peek'],
    async run(bench) {
      const kept = [];
      for (let i = 0; i < 120; i++) kept.push((await bench.keep()).session);
      const others = Array.from({ length: 130 }, () => bench.newSession().handle);
      const peeked = await peekAt(bench, [...others, ...kept.map(({ handle }) => handle)]);
      assert.deepEqual(peeked, sorted(kept.map(each => ({ ...each, data: '' }))));
    },
  },
];

async function peekAt(bench: Bench, handles: readonly string[]): Promise<StoredSession[]> {
  return sorted(plain(await bench.store.peek(handles, bench.call())));
}

function sorted(sessions: readonly StoredSession[]): StoredSession[] {
  return [...sessions].sort((a, b) => (a.handle < b.handle ? -1 : 1));
}
