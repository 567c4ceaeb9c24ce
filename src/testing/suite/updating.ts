import assert from 'node:assert/strict';
import { HOUR, type StoreCase } from './bench.js';

export const updatingCases: readonly StoreCase[] = [
  {
    name: 'update: replaces every field of a session of the version that was read',
    async run(bench) {
      const { key, session } = await bench.keep();
      const next = bench.newOwned('user-1', {
        data: '{"views":2}',
        device: '{"ip":"::1"}',
        maxAge: 'session',
        createdAt: session.createdAt - 1,
        expiresAt: session.expiresAt + HOUR,
      });
      assert.equal(await bench.store.update(key, next, bench.call({ version: session.version })), true);
      await bench.expectLive(key, next);
    },
  },
  {
    name: 'update: carries a new generation',
    async run(bench) {
      const { key, session } = await bench.keep();
      const next = { ...session, version: 'next', generation: 'next generation' };
      await bench.store.update(key, next, bench.call({ version: session.version }));
      await bench.expectLive(key, next);
    },
  },
  {
    name: 'update: changes nothing of a session of another version',
    async run(bench) {
      const { key, session } = await bench.keep();
      const next = { ...session, version: 'next', data: '"changed"' };
      assert.equal(await bench.store.update(key, next, bench.call({ version: 'another' })), false);
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'update: a version that only looks alike is another',
    async run(bench) {
      const { key, session } = await bench.keep(bench.newSession({ version: 'version-a' }));
      for (const version of ['VERSION-A', 'version-a ', 'version-á', 'version-', 'version-%']) {
        const next = { ...session, data: '"changed"' };
        assert.equal(await bench.store.update(key, next, bench.call({ version })), false, version);
      }
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'update: never creates',
    async run(bench) {
      const key = bench.newKey(null);
      const session = bench.newSession();
      assert.equal(await bench.store.update(key, session, bench.call({ version: session.version })), false);
      await bench.expectNothing(key);
    },
  },
  {
    name: 'update: does not bring back an ended session',
    async run(bench) {
      const { key, session, tombstone } = await bench.keepEnded();
      const next = { ...session, version: 'next', expiresAt: session.expiresAt + HOUR };
      assert.equal(await bench.store.update(key, next, bench.call({ version: session.version })), false);
      await bench.expectTombstone(key, tombstone);
    },
  },
  {
    name: 'update: of many at once from one version exactly one is done',
    async run(bench) {
      const { key, session } = await bench.keep();
      const nexts = Array.from({ length: 20 }, (_, i) => ({ ...session, version: `v${i}`, data: `${i}` }));
      const call = bench.call({ version: session.version });
      const done = await Promise.all(nexts.map(next => bench.store.update(key, next, call)));
      const winners = nexts.filter((_, i) => done[i]);
      assert.equal(winners.length, 1);
      for (const winner of winners) await bench.expectLive(key, winner);
    },
  },
  {
    name: 'update: many writers who try again lose no change',
    async run(bench) {
      const { key } = await bench.keep(bench.newSession({ data: '0' }));
      const increment = async (writer: string) => {
        for (let attempt = 0; ; attempt++) {
          const found = await bench.store.find(key, bench.call());
          assert.ok(found && !found.ended);
          const next = { ...found, version: `${writer}.${attempt}`, data: `${Number(found.data) + 1}` };
          if (await bench.store.update(key, next, bench.call({ version: found.version }))) return;
        }
      };
      await Promise.all(Array.from({ length: 10 }, (_, i) => increment(`writer ${i}`)));
      const found = await bench.store.find(key, bench.call());
      assert.equal(found?.ended ?? found?.data, '10');
    },
  },
  {
    name: 'update: a writer whose reply was lost recognises its own version',
    async run(bench) {
      const { key, session } = await bench.keep();
      const next = { ...session, version: 'next' };
      const call = bench.call({ version: session.version });
      assert.equal(await bench.store.update(key, next, call), true);
      assert.equal(await bench.store.update(key, next, call), false, 'the same change again');
      await bench.expectLive(key, next);
    },
  },
];
