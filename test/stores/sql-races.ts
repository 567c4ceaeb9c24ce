import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { newSession, successorOf } from './sessions.js';
import { type Found, isLive, type Promises, type Store, signIn } from './sql-bench.js';

/** Two processes at one table at once. */
export const races: Promises = {
  async 'of two updates of one version one succeeds'({ stores: [ours, theirs] }) {
    let session = newSession();
    await ours.insert('key', session);
    for (let round = 0; round < 50; round++) {
      const [mine, other] = [successorOf(session), successorOf(session)];
      const call = { version: session.version };
      const [isMine, isOther] = await Promise.all([
        ours.update('key', mine, call),
        theirs.update('key', other, call),
      ]);
      assert.notEqual(isMine, isOther);
      session = isMine ? mine : other;
      assert.deepEqual(await theirs.find('key'), session);
    }
  },

  async 'a counter that both processes increment counts every increment'({ stores }) {
    await stores[0].insert('key', newSession({ data: '0' }));
    const workers = [...stores, ...stores].map(store => incrementOften(store, 25));
    await Promise.all(workers);
    assert.equal(liveData(await stores[0].find('key')), '100');
  },

  async '50 sign-ins at once through two processes leave exactly the limit'({ stores }) {
    for (const policy of ['end-oldest', 'refuse'] as const) {
      const placements = await Promise.all(
        Array.from({ length: 50 }, (_, index) => signIn(stores[index % 2], policy, { limit: 3, policy })),
      );
      const placed = placements.filter(placement => placement.placed);
      assert.equal(await stores[0].count(policy), 3);
      assert.equal(placed.length, policy === 'refuse' ? 3 : 50);
      assert.equal(placed.flatMap(({ displaced }) => displaced).length, placed.length - 3);
    }
  },

  async 'a session that moves is never gone, and never at both keys'({ stores: [ours, theirs] }) {
    for (let round = 0; round < 30; round++) {
      const [from, to, session] = [randomUUID(), randomUUID(), newSession()];
      await ours.insert(from, session);
      const moving = ours.move(from, to, successorOf(session), { version: session.version });
      // Looked up in this order, a session that moves meanwhile is found at least once.
      const before = await theirs.find(from);
      const after = await theirs.find(to);
      assert.ok(isLive(before) || isLive(after), 'gone');
      await moving;
      const [left, arrived] = [await theirs.find(from), await theirs.find(to)];
      assert.equal(left?.ended?.reason, 'rotated');
      assert.ok(isLive(arrived));
    }
  },

  async 'of two moves to different keys one succeeds'({ stores }) {
    for (let round = 0; round < 30; round++) {
      const [from, session] = [randomUUID(), newSession()];
      await stores[0].insert(from, session);
      const keys = [randomUUID(), randomUUID()];
      const placements = await Promise.all(
        stores.map((store, index) =>
          store.move(from, keys[index] ?? '', successorOf(session), { version: session.version }),
        ),
      );
      assert.equal(placements.filter(({ placed }) => placed).length, 1);
      const found = await Promise.all(keys.map(key => stores[0].find(key)));
      assert.equal(found.filter(isLive).length, 1);
    }
  },

  async 'a session that is ended by its handle while it moves is ended'({ stores: [ours, theirs] }) {
    for (let round = 0; round < 50; round++) {
      const [from, session] = [randomUUID(), newSession()];
      await ours.insert(from, session);
      const [, ended] = await Promise.all([
        ours.move(from, randomUUID(), successorOf(session), { version: session.version }),
        theirs.endByHandle(session.handle, 'revoked'),
      ]);
      assert.equal(ended, true);
    }
    assert.equal(await ours.count(), 0);
  },

  async "all of an owner's sessions are ended, even while they move"({ stores: [ours, theirs] }) {
    for (let round = 0; round < 20; round++) {
      const kept = Array.from({ length: 3 }, () => [randomUUID(), newSession({ owner: 'owner' })] as const);
      for (const [key, session] of kept) await ours.insert(key, session);
      const [ended] = await Promise.all([
        theirs.endOwned('owner', 'revoked'),
        ...kept.map(([key, session]) =>
          ours.move(key, randomUUID(), successorOf(session), { version: session.version }),
        ),
      ]);
      assert.deepEqual(ended.sort(), kept.map(([, { handle }]) => handle).sort());
      assert.equal(await ours.count('owner'), 0);
    }
  },

  async 'sign-ins, sign-outs and pruning of few owners do not fail each other'({ stores }) {
    const owners = ['one', 'two', 'three'];
    const work = async (store: Store, turn: number) => {
      const owner = owners[turn % 3] ?? '';
      await signIn(store, owner, { limit: 1 + (turn % 2), policy: 'end-oldest' });
      await store.insert(randomUUID(), newSession({ owner, expiresAt: Date.now() - 1 }));
      if (turn % 5 === 0) await store.endOwned(owner, 'revoked');
      if (turn % 4 === 0) await store.prune();
    };
    await Promise.all(Array.from({ length: 120 }, (_, turn) => work(stores[turn % 2] as Store, turn)));
    for (const owner of owners) assert.ok((await stores[0].count(owner)) <= 2);
  },
};

async function incrementOften(store: Store, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const found = await store.find('key');
    assert.ok(isLive(found));
    const next = successorOf(found, { data: String(Number(found.data) + 1) });
    if (await store.update('key', next, { version: found.version })) done += 1;
  }
}

function liveData(found: Found): string | undefined {
  return isLive(found) ? found.data : undefined;
}
