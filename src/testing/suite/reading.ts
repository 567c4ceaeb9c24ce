import assert from 'node:assert/strict';
import { plain } from '../plain.js';
import { HOUR, type StoreCase } from './bench.js';

export const readingCases: readonly StoreCase[] = [
  {
    name: 'find: answers nothing for a key that was never kept',
    async run(bench) {
      await bench.keep();
      await bench.expectNothing(bench.newKey(null));
    },
  },
  {
    name: 'find: answers every field as it was kept',
    async run(bench) {
      const { key, session } = await bench.keep(
        bench.newSession({
          owner: 'user-1',
          device: '{"ip":"::1","agent":"a \\"quoted\\" browser"}',
          authenticatedAt: bench.now - 3,
          maxAge: 86_400_000,
          createdAt: bench.now - 5,
          savedAt: bench.now - 2,
          lastSeenAt: bench.now - 1,
        }),
      );
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'find: tells null from what is set, and a lifetime from "session"',
    async run(bench) {
      const bare = await bench.keep();
      const untilClosed = await bench.keep(bench.newSession({ maxAge: 'session', authenticatedAt: 0 }));
      await bench.expectLive(bare.key, bare.session);
      await bench.expectLive(untilClosed.key, untilClosed.session);
    },
  },
  {
    name: 'find: keeps times to the millisecond, far ones too',
    async run(bench) {
      const endOfYear9999 = 253_402_300_799_999;
      const { key, session } = await bench.keep(
        bench.newSession({ createdAt: 1, expiresAt: endOfYear9999, maxAge: 2 ** 47 + 1 }),
      );
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'find: without a time in the call it is Date.now()',
    async run(bench) {
      const present = bench.newSession({ expiresAt: Date.now() + HOUR });
      const past = bench.newSession({ createdAt: 1, lastSeenAt: 1, expiresAt: Date.now() - 1 });
      const [presentKey, pastKey] = [bench.newKey(null), bench.newKey(null)];
      await bench.store.insert(presentKey, present);
      await bench.store.insert(pastKey, past, { now: past.expiresAt - 1 });
      assert.deepEqual(plain(await bench.store.find(presentKey)), present);
      assert.equal(await bench.store.update(pastKey, present, { version: past.version }), false);
    },
  },
  {
    name: 'copies: a session that is changed after it was kept is kept as it was',
    async run(bench) {
      const session = bench.newSession();
      const handedIn = { ...session };
      const { key } = await bench.keep(handedIn);
      handedIn.data = '"changed"';
      await bench.expectLive(key, session);
      const next = { ...session, version: 'next' };
      const updated = { ...next };
      await bench.store.update(key, updated, bench.call({ version: session.version }));
      updated.data = '"changed"';
      await bench.expectLive(key, next);
    },
  },
  {
    name: 'copies: a session that is changed after it was found is kept as it was',
    async run(bench) {
      const { key, session } = await bench.keep();
      overwrite(await bench.store.find(key, bench.call()), { data: '"changed"' });
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'copies: a tombstone that is changed after it was found is kept as it was',
    async run(bench) {
      const { key, tombstone } = await bench.keepEnded();
      const found = await bench.store.find(key, bench.call());
      overwrite(found?.ended, { reason: 'changed' });
      overwrite(found, { expiresAt: 0 });
      await bench.expectTombstone(key, tombstone);
    },
  },
];

/** Changes what a caller was given, as far as that is possible. */
function overwrite(target: object | undefined, fields: object): void {
  assert.ok(target, 'nothing was found');
  for (const [name, value] of Object.entries(fields)) Reflect.set(target, name, value);
}
