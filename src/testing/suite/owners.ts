import assert from 'node:assert/strict';
import { plain } from '../plain.js';
import { type Bench, HOUR, type Kept, type StoreCase } from './bench.js';

export const ownerCases: readonly StoreCase[] = [
  {
    name: 'endByHandle: ends the session that has the handle, and no other',
    needs: ['endByHandle'],
    async run(bench) {
      const { key, session } = await bench.keep();
      const other = await bench.keep();
      assert.equal(await bench.store.endByHandle(session.handle, 'revoked', bench.call()), true);
      await bench.expectEnded(key, session, 'revoked');
      await bench.expectLive(other.key, other.session);
    },
  },
  {
    name: 'endByHandle: knows no handle that was never kept, that has ended or that has expired',
    needs: ['endByHandle'],
    async run(bench) {
      const { key, session } = await bench.keep();
      const ended = await bench.keepEnded();
      assert.equal(await bench.store.endByHandle('no handle', 'revoked', bench.call()), false, 'never kept');
      assert.equal(
        await bench.store.endByHandle(ended.session.handle, 'revoked', bench.call()),
        false,
        'ended',
      );
      await bench.expectTombstone(ended.key, ended.tombstone);
      await bench.advanceTo(session.expiresAt);
      assert.equal(await bench.store.endByHandle(session.handle, 'revoked', bench.call()), false, 'expired');
      await bench.expectOver(key);
    },
  },
  {
    name: "endByHandle: leaves what is not the given owner's",
    needs: ['endByHandle'],
    async run(bench) {
      const owned = await bench.keep(bench.newOwned('user-1'));
      const nobodys = await bench.keep();
      for (const { key, session } of [owned, nobodys]) {
        const call = bench.call({ owner: 'user-2' });
        assert.equal(await bench.store.endByHandle(session.handle, 'revoked', call), false);
        await bench.expectLive(key, session);
      }
    },
  },
  {
    name: "endByHandle: ends what is the given owner's",
    needs: ['endByHandle'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const call = bench.call({ owner: 'user-1' });
      assert.equal(await bench.store.endByHandle(session.handle, 'revoked', call), true);
      await bench.expectEnded(key, session, 'revoked');
    },
  },
  {
    name: 'endByHandle: follows the session to a new key',
    needs: ['endByHandle'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const [to, next] = [bench.newKey('user-1'), { ...session, version: 'next' }];
      await bench.store.move(key, to, next, bench.call({ version: session.version }));
      assert.equal(await bench.store.endByHandle(session.handle, 'revoked', bench.call()), true);
      await bench.expectEnded(to, next, 'revoked');
      await bench.expectEnded(key, session, 'rotated');
    },
  },
  {
    name: "endOwned: ends all of an owner's sessions, and answers their handles",
    needs: ['endOwned'],
    async run(bench) {
      const owned = await keepSome(bench, 'user-1', 3);
      const ended = await bench.store.endOwned('user-1', 'revoked', bench.call());
      assert.deepEqual([...ended].sort(), owned.map(({ session }) => session.handle).sort());
      for (const { key, session } of owned) await bench.expectEnded(key, session, 'revoked');
    },
  },
  {
    name: "endOwned: leaves others' sessions, and nobody's",
    needs: ['endOwned'],
    async run(bench) {
      await bench.keep(bench.newOwned('user-1'));
      const others = [await bench.keep(bench.newOwned('user-2')), await bench.keep()];
      await bench.store.endOwned('user-1', 'revoked', bench.call());
      for (const { key, session } of others) await bench.expectLive(key, session);
    },
  },
  {
    name: 'endOwned: spares the handles that are excepted',
    needs: ['endOwned'],
    async run(bench) {
      const [first, second, third] = await keepSome(bench, 'user-1', 3);
      assert.ok(first && second && third);
      const except = [first.session.handle, third.session.handle, 'no handle'];
      assert.deepEqual(plain(await bench.store.endOwned('user-1', 'revoked', bench.call({ except }))), [
        second.session.handle,
      ]);
      await bench.expectLive(first.key, first.session);
      await bench.expectEnded(second.key, second.session, 'revoked');
      await bench.expectLive(third.key, third.session);
    },
  },
  {
    name: 'endOwned: what no handle can be, as a client may send it, spares nothing and hinders nothing',
    needs: ['endOwned'],
    async run(bench) {
      const [only] = await keepSome(bench, 'user-1', 1);
      assert.ok(only);
      const except = ['', '\0', '\ud800', 'x'.repeat(8192), '"', '__proto__'];
      assert.deepEqual(plain(await bench.store.endOwned('user-1', 'revoked', bench.call({ except }))), [
        only.session.handle,
      ]);
    },
  },
  {
    name: 'endOwned: has nothing to end where nothing is live',
    needs: ['endOwned'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const longer = await bench.keep(bench.newOwned('user-1', { expiresAt: bench.now + 2 * HOUR }));
      await bench.store.end(longer.key, 'logout', bench.call());
      const endedAt = bench.now;
      await bench.advanceTo(session.expiresAt);
      assert.deepEqual(plain(await bench.store.endOwned('user-1', 'revoked', bench.call())), []);
      await bench.expectOver(key);
      const { reason, at } = (await bench.store.find(longer.key, bench.call()))?.ended ?? {};
      assert.deepEqual({ reason, at }, { reason: 'logout', at: endedAt });
    },
  },
  {
    name: 'endOwned: has nothing to end for an owner whose name is too long for any database',
    needs: ['endOwned'],
    async run(bench) {
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      const endless = 'user-1'.repeat(10_000);
      assert.deepEqual(plain(await bench.store.endOwned(endless, 'revoked', bench.call())), []);
      await bench.expectLive(key, session);
    },
  },
  {
    name: "endOwned: a session that gained its owner by an update is that owner's",
    needs: ['endOwned'],
    async run(bench) {
      const { key, session } = await bench.keep();
      const adopted = { ...session, version: 'next', owner: 'user-1' };
      await bench.store.update(key, adopted, bench.call({ version: session.version }));
      assert.deepEqual(plain(await bench.store.endOwned('user-1', 'revoked', bench.call())), [
        session.handle,
      ]);
      await bench.expectEnded(key, adopted, 'revoked');
    },
  },
];

function keepSome(bench: Bench, owner: string, count: number): Promise<Kept[]> {
  return Promise.all(Array.from({ length: count }, () => bench.keep(bench.newOwned(owner))));
}
