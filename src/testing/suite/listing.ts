import assert from 'node:assert/strict';
import type { StoredSession } from '../../stores/store.js';
import { plain } from '../plain.js';
import { type Bench, HOUR, type Kept, type StoreCase } from './bench.js';

export const listingCases: readonly StoreCase[] = [
  {
    name: "list: an owner's sessions as they are kept, the newest first by sign-in",
    needs: ['list'],
    async run(bench) {
      // The order is neither that of creation nor of insertion.
      const second = await bench.keep(
        bench.newOwned('user-1', { authenticatedAt: bench.now - 2, createdAt: 3 }),
      );
      const third = await bench.keep(
        bench.newOwned('user-1', { authenticatedAt: bench.now - 3, createdAt: 2 }),
      );
      const first = await bench.keep(
        bench.newOwned('user-1', { authenticatedAt: bench.now - 1, createdAt: 1 }),
      );
      assert.deepEqual(await listAll(bench, 'user-1'), [first.session, second.session, third.session]);
    },
  },
  {
    name: "list: neither others' sessions nor nobody's",
    needs: ['list'],
    async run(bench) {
      const { session } = await bench.keep(bench.newOwned('user-1'));
      await bench.keep(bench.newOwned('user-2'));
      await bench.keep();
      assert.deepEqual(await listAll(bench, 'user-1'), [session]);
      assert.deepEqual(plain(await bench.store.list('user-3', { limit: 10 }, bench.call())), {
        sessions: [],
      });
    },
  },
  {
    name: 'list: nothing that has ended or expired',
    needs: ['list'],
    async run(bench) {
      const ended = await bench.keep(bench.newOwned('user-1'));
      await bench.store.end(ended.key, 'logout', bench.call());
      const short = await bench.keep(bench.newOwned('user-1', { expiresAt: bench.now + 1000 }));
      const long = await bench.keep(bench.newOwned('user-1'));
      await bench.advanceTo(short.session.expiresAt);
      assert.deepEqual(await listAll(bench, 'user-1'), [long.session]);
    },
  },
  {
    name: 'list: a page at a time, and no `next` on the last page, be it full',
    needs: ['list'],
    async run(bench) {
      const kept = (await keepDescending(bench, 4)).map(({ session }) => session);
      const first = await bench.store.list('user-1', { limit: 2 }, bench.call());
      assert.deepEqual(plain(first.sessions), kept.slice(0, 2));
      assert.equal(typeof first.next, 'string');
      const second = await bench.store.list('user-1', { limit: 2, after: first.next }, bench.call());
      assert.deepEqual(plain(second.sessions), kept.slice(2));
      assert.equal(second.next, undefined);
    },
  },
  {
    name: 'list: pages hold each session once, though all signed in at one instant',
    needs: ['list'],
    async run(bench) {
      const authenticatedAt = bench.now;
      const kept = await Promise.all(
        Array.from({ length: 7 }, () => bench.keep(bench.newOwned('user-1', { authenticatedAt }))),
      );
      const listed = await listAll(bench, 'user-1', 3);
      assert.deepEqual(
        listed.map(session => session.handle).sort(),
        kept.map(({ session }) => session.handle).sort(),
      );
    },
  },
  {
    name: 'list: a page follows the one before, though the last session of that has ended',
    needs: ['list'],
    async run(bench) {
      const kept = await keepDescending(bench, 4);
      const first = await bench.store.list('user-1', { limit: 2 }, bench.call());
      assert.equal(await bench.store.end(kept[1]?.key ?? '', 'logout', bench.call()), true);
      const second = await bench.store.list('user-1', { limit: 2, after: first.next }, bench.call());
      assert.deepEqual(
        plain(second.sessions),
        kept.slice(2).map(({ session }) => session),
      );
    },
  },
  {
    name: 'list: nor is one left out, though all signed in at the same instant as that',
    needs: ['list'],
    async run(bench) {
      const authenticatedAt = bench.now;
      const kept = await Promise.all(
        Array.from({ length: 5 }, () => bench.keep(bench.newOwned('user-1', { authenticatedAt }))),
      );
      const first = await bench.store.list('user-1', { limit: 2 }, bench.call());
      const last = kept.find(({ session }) => session.handle === first.sessions[1]?.handle);
      assert.equal(await bench.store.end(last?.key ?? '', 'logout', bench.call()), true);
      const second = await bench.store.list('user-1', { limit: 3, after: first.next }, bench.call());
      assert.deepEqual(
        [...first.sessions, ...second.sessions].map(session => session.handle).sort(),
        kept.map(({ session }) => session.handle).sort(),
      );
    },
  },
  {
    name: 'list: a session that moved is there once, with its latest data',
    needs: ['list'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const next = { ...session, version: 'next', data: '{"views":2}' };
      await bench.store.move(key, bench.newKey('user-1'), next, bench.call({ version: session.version }));
      assert.deepEqual(await listAll(bench, 'user-1'), [next]);
    },
  },
  {
    name: 'list: an update that changes the owner changes the list',
    needs: ['list'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const next = { ...session, version: 'next', owner: 'user-2' };
      await bench.store.update(key, next, bench.call({ version: session.version }));
      assert.deepEqual(await listAll(bench, 'user-1'), []);
      assert.deepEqual(await listAll(bench, 'user-2'), [next]);
    },
  },
  {
    name: 'list: a session that was touched has its latest times',
    needs: ['list'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const times = { lastSeenAt: bench.now + 1, expiresAt: session.expiresAt + HOUR };
      await bench.store.touch(key, times.lastSeenAt, times.expiresAt, bench.call());
      assert.deepEqual(await listAll(bench, 'user-1'), [{ ...session, ...times }]);
      await bench.advanceTo(session.expiresAt);
      assert.deepEqual(await listAll(bench, 'user-1'), [{ ...session, ...times }], 'and lives by them');
    },
  },
];

/** An owner's list, page by page. */
async function listAll(bench: Bench, owner: string, limit = 100): Promise<StoredSession[]> {
  const listed: StoredSession[] = [];
  let after: string | undefined;
  do {
    const page = await bench.store.list(owner, { limit, after }, bench.call());
    assert.ok(page.sessions.length <= limit);
    listed.push(...plain(page.sessions));
    after = page.next;
  } while (after !== undefined);
  return listed;
}

/** Keeps this many sessions of one owner, the newest sign-in first. */
function keepDescending(bench: Bench, count: number): Promise<Kept[]> {
  const sessions = Array.from({ length: count }, (_, i) =>
    bench.newOwned('user-1', { authenticatedAt: bench.now - i }),
  );
  return Promise.all(sessions.map(session => bench.keep(session)));
}
