import assert from 'node:assert/strict';
import { types } from 'node:util';
import { type Bench, HOUR, type Kept, type StoreCase } from './bench.js';

export const malformedCases: readonly StoreCase[] = [
  {
    name: 'malformed: a row that cannot be read is nothing, and is told',
    needs: ['corrupt'],
    async run(bench) {
      const { key } = await keepMalformed(bench);
      const told: Error[] = [];
      const onMalformed = (error: Error) => void told.push(error);
      assert.equal(await bench.store.find(key, bench.call({ onMalformed })), undefined);
      assert.equal(told.length, 1);
      assert.ok(types.isNativeError(told[0]));
      assert.ok(!told[0].message.includes(key), 'the message tells a usable key');
    },
  },
  {
    name: 'malformed: nobody need listen',
    needs: ['corrupt'],
    async run(bench) {
      const { key } = await keepMalformed(bench);
      await bench.expectNothing(key);
    },
  },
  {
    name: 'malformed: every verb answers',
    needs: ['corrupt'],
    async run(bench) {
      const { key, session } = await keepMalformed(bench);
      const [to, next] = [bench.newKey(null), { ...session, version: 'next' }];
      const call = bench.call({ version: session.version });
      assert.equal(typeof (await bench.store.update(key, next, call)), 'boolean');
      assert.equal(
        typeof (await bench.store.touch(key, bench.now, bench.now + HOUR, bench.call())),
        'boolean',
      );
      assert.equal(typeof (await bench.store.insert(key, next, bench.call())).placed, 'boolean');
      assert.equal(typeof (await bench.store.move(key, to, next, call)).placed, 'boolean');
      assert.equal(typeof (await bench.store.end(key, 'logout', bench.call())), 'boolean');
    },
  },
  {
    name: 'malformed: other sessions are found, listed and iterated all the same',
    needs: ['corrupt', 'list', 'all'],
    async run(bench) {
      await keepMalformed(bench);
      const { key, session } = await bench.keep(bench.newOwned('user-1'));
      await bench.expectLive(key, session);
      const { sessions } = await bench.store.list('user-1', { limit: 10 }, bench.call());
      assert.ok(sessions.some(({ handle }) => handle === session.handle));
      const handles: string[] = [];
      for await (const { handle } of bench.store.all(bench.call())) handles.push(handle);
      assert.ok(handles.includes(session.handle));
    },
  },
];

async function keepMalformed(bench: Bench): Promise<Kept> {
  const kept = await bench.keep(bench.newOwned('user-1'));
  await bench.corrupt(kept.key);
  return kept;
}
