import assert from 'node:assert/strict';
import { HOUR, type StoreCase } from './bench.js';

export const endingCases: readonly StoreCase[] = [
  {
    name: 'end: leaves a tombstone that tells the reason and the time, and no data',
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1', { createdAt: bench.now - 5 }));
      await bench.advanceTo(bench.now + 1000);
      assert.equal(await bench.store.end(key, 'logout', bench.call()), true);
      await bench.expectEnded(key, session, 'logout');
    },
  },
  {
    name: 'end: the tombstone has the times of the last touch',
    async run(bench) {
      const { key, session } = await bench.keep();
      const touched = { ...session, lastSeenAt: bench.now + 1, expiresAt: session.expiresAt + HOUR };
      await bench.store.touch(key, touched.lastSeenAt, touched.expiresAt, bench.call());
      await bench.store.end(key, 'logout', bench.call());
      await bench.expectEnded(key, touched, 'logout');
    },
  },
  {
    name: 'end: what has ended was not live, and keeps its first reason',
    async run(bench) {
      const { key, tombstone } = await bench.keepEnded('revoked');
      await bench.advanceTo(bench.now + 1);
      assert.equal(await bench.store.end(key, 'logout', bench.call()), false);
      await bench.expectTombstone(key, tombstone);
    },
  },
  {
    name: 'end: of a key that was never kept leaves nothing',
    async run(bench) {
      const key = bench.newKey(null);
      assert.equal(await bench.store.end(key, 'logout', bench.call()), false);
      await bench.expectNothing(key);
    },
  },
  {
    name: 'end: on condition of another version leaves the session as it is',
    async run(bench) {
      const { key, session } = await bench.keep();
      assert.equal(await bench.store.end(key, 'logout', bench.call({ version: 'another' })), false);
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'end: on condition of its version ends the session',
    async run(bench) {
      const { key, session } = await bench.keep();
      assert.equal(await bench.store.end(key, 'logout', bench.call({ version: session.version })), true);
      await bench.expectEnded(key, session, 'logout');
    },
  },
  {
    name: 'end: of many at once exactly one ends the session',
    async run(bench) {
      const { key } = await bench.keep();
      const ends = Array.from({ length: 20 }, () => bench.store.end(key, 'logout', bench.call()));
      assert.equal((await Promise.all(ends)).filter(Boolean).length, 1);
    },
  },
  {
    name: 'end: no write that is under way brings the session back',
    async run(bench) {
      const { key, session } = await bench.keep();
      const call = bench.call({ version: session.version });
      const writes = (i: number) => [
        bench.store.update(key, { ...session, version: `v${i}` }, call),
        bench.store.touch(key, bench.now + i, session.expiresAt + i, bench.call()),
      ];
      const before = [1, 2, 3, 4, 5].flatMap(writes);
      const end = bench.store.end(key, 'logout', bench.call());
      const after = [6, 7, 8, 9, 10].flatMap(writes);
      assert.equal((await Promise.all([end, ...before, ...after]))[0], true);
      assert.equal((await bench.store.find(key, bench.call()))?.ended?.reason, 'logout');
    },
  },
  {
    name: 'end: on condition of a version never swallows an update from that version',
    async run(bench) {
      for (let round = 0; round < 10; round++) {
        const { key, session } = await bench.keep();
        const call = bench.call({ version: session.version });
        const end = () => bench.store.end(key, 'logout', call);
        const update = () => bench.store.update(key, { ...session, version: 'next' }, call);
        const [first, second] = round % 2 ? [end(), update()] : [update(), end()];
        const done = await Promise.all([first, second]);
        assert.equal(done.filter(Boolean).length, 1, 'exactly one of the two is done');
        const found = await bench.store.find(key, bench.call());
        assert.equal(found?.ended !== undefined, done[round % 2 ? 0 : 1]);
      }
    },
  },
  {
    name: 'tombstone: stays for as long as the session would have lived',
    async run(bench) {
      const { key, session, tombstone } = await bench.keepEnded();
      await bench.advanceTo(session.expiresAt - 1);
      await bench.expectTombstone(key, tombstone);
    },
  },
  {
    name: 'tombstone: when its time has come nothing is live, and the key is free once nothing is found',
    async run(bench) {
      const { key, session } = await bench.keepEnded();
      await bench.advanceTo(session.expiresAt);
      await bench.expectOver(key);
      const found = await bench.store.find(key, bench.call());
      const placement = await bench.store.insert(key, bench.newSession(), bench.call());
      assert.equal(placement.placed, found === undefined);
    },
  },
  {
    name: 'tombstone: cannot be moved',
    async run(bench) {
      const { key, session, tombstone } = await bench.keepEnded();
      const to = bench.newKey(null);
      const call = bench.call({ version: session.version });
      bench.expectRefused(await bench.store.move(key, to, { ...session, version: 'next' }, call), 'stale');
      await bench.expectTombstone(key, tombstone);
      await bench.expectNothing(to);
    },
  },
];
