import assert from 'node:assert/strict';
import { type Bench, HOUR, type Kept, type StoreCase } from './bench.js';

export const expiryCases: readonly StoreCase[] = [
  {
    name: 'expiry: a session is live until the last millisecond before expiresAt',
    async run(bench) {
      const { key, session } = await bench.keep();
      await bench.advanceTo(session.expiresAt - 1);
      await bench.expectLive(key, session);
      const next = { ...session, version: 'next' };
      assert.equal(
        await bench.store.update(key, next, bench.call({ version: session.version })),
        true,
        'update',
      );
      assert.equal(await bench.store.touch(key, bench.now, 0, bench.call()), true, 'touch');
      assert.equal(await bench.store.end(key, 'logout', bench.call()), true, 'end');
    },
  },
  {
    name: 'expiry: a session is over at the very millisecond of expiresAt',
    async run(bench) {
      const { key, session } = await bench.keep();
      await bench.advanceTo(session.expiresAt);
      await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: an expired session cannot be updated',
    async run(bench) {
      const { key, session } = await keepExpired(bench);
      const revived = { ...session, version: 'next', expiresAt: bench.now + HOUR };
      assert.equal(await bench.store.update(key, revived, bench.call({ version: session.version })), false);
      await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: an expired session cannot be touched',
    async run(bench) {
      const { key } = await keepExpired(bench);
      assert.equal(await bench.store.touch(key, bench.now, bench.now + HOUR, bench.call()), false);
      await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: an expired session cannot be moved',
    async run(bench) {
      const { key, session } = await keepExpired(bench);
      const to = bench.newKey(null);
      const revived = { ...session, version: 'next', expiresAt: bench.now + HOUR };
      const call = bench.call({ version: session.version });
      bench.expectRefused(await bench.store.move(key, to, revived, call), 'stale');
      await expectExpired(bench, key);
      await bench.expectNothing(to);
    },
  },
  {
    name: 'expiry: an expired session was not live when it is ended',
    async run(bench) {
      const { key } = await keepExpired(bench);
      assert.equal(await bench.store.end(key, 'logout', bench.call()), false);
      await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: the key of an expired session is free once nothing is found under it, and not before',
    async run(bench) {
      const { key } = await keepExpired(bench);
      const found = await bench.store.find(key, bench.call());
      const session = bench.newSession();
      const placement = await bench.store.insert(key, session, bench.call());
      assert.equal(placement.placed, found === undefined);
      if (placement.placed) await bench.expectLive(key, session);
      else await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: a touch puts it off to the new millisecond',
    async run(bench) {
      const { key, session } = await bench.keep();
      const expiresAt = session.expiresAt + HOUR;
      await bench.store.touch(key, bench.now, expiresAt, bench.call());
      await bench.advanceTo(expiresAt - 1);
      await bench.expectLive(key, { ...session, expiresAt });
      await bench.advanceTo(expiresAt);
      await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: an update can put it off, and bring it forward',
    async run(bench) {
      const { key, session } = await bench.keep();
      const later = { ...session, version: 'later', expiresAt: session.expiresAt + HOUR };
      const sooner = { ...session, version: 'sooner', expiresAt: session.expiresAt + 1 };
      await bench.store.update(key, later, bench.call({ version: session.version }));
      await bench.advanceTo(session.expiresAt);
      await bench.expectLive(key, later);
      await bench.store.update(key, sooner, bench.call({ version: 'later' }));
      await bench.expectLive(key, sooner);
      await bench.advanceTo(sooner.expiresAt);
      await expectExpired(bench, key);
    },
  },
  {
    name: 'expiry: a session that lives for months lives for months',
    async run(bench) {
      // Beyond 2^31 ms: more than a timer, or a 32-bit column, can hold.
      const { key, session } = await bench.keep(bench.newSession({ expiresAt: bench.now + 100 * 24 * HOUR }));
      await bench.expectLive(key, session);
      await bench.advanceTo(session.expiresAt - 1);
      await bench.expectLive(key, session);
      await bench.advanceTo(session.expiresAt);
      await expectExpired(bench, key);
    },
  },
];

async function keepExpired(bench: Bench): Promise<Kept> {
  const kept = await bench.keep();
  await bench.advanceTo(kept.session.expiresAt);
  return kept;
}

/** Expects a tombstone that says so, without data; or nothing, if the store has cleaned up. */
async function expectExpired(bench: Bench, key: string): Promise<void> {
  const found = await bench.store.find(key, bench.call());
  if (!found) return;
  assert.equal(found.ended?.reason, 'expired');
  assert.ok(!('data' in found), 'an expired session still hands out its data');
}
