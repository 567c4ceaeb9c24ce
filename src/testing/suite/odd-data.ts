import assert from 'node:assert/strict';
import { plain } from '../plain.js';
import type { Bench, StoreCase } from './bench.js';

/** Every kind of JSON value, and what databases and drivers are known to alter. */
const ODD_JSON: readonly string[] = [
  '{}',
  '{"null":null,"true":true,"false":false,"empty":"","list":[],"nested":{"a":[{"b":[[]]}]}}',
  '{"zero":-0,"big":9007199254740993,"huge":1e308,"tiny":5e-324,"exact":1.10}',
  // Data are text: spacing, key order and duplicate keys are none of the store's business.
  '{ "z" : 1,\n\t"a" : 2, "a" : 3 }',
  '{"__proto__":{"admin":true},"constructor":1,"toJSON":2,"_id":3,"$set":{"a.b":4}}',
  JSON.stringify({
    quotes: `'"\`\\`,
    sql: "'; DROP TABLE sessions; --",
    control: '\u0000\u0001\u001f\u007f',
  }),
  JSON.stringify({
    loneSurrogates: '\ud800 \udfff',
    separators: '\u2028\u2029',
    mark: '\ufeff',
    last: '\uffff',
  }),
  JSON.stringify({
    emoji: '👩‍👩‍👧‍👦🏴‍☠️',
    composed: '\u00e9',
    decomposed: 'e\u0301',
    rtl: 'שלום مرحبا',
    astral: '𝒳𐍈',
  }),
];

/** Different texts that a collation, a pattern, a path or a prototype may confuse. */
const LOOK_ALIKES: readonly string[] = [
  'look-alike',
  'Look-Alike',
  'look-alike ',
  ' look-alike',
  'look-alike\t',
  'look_alike',
  'look%alike',
  'look*alike',
  'look?alike',
  'look[-]alike',
  'löok-alike',
  'lo\u0308ok-alike',
  'look-alıke',
  'look-alike:',
  'look:alike',
  '{look}-alike',
  'look}-{alike',
  'look.alike',
  '$look-alike',
  'look/../look-alike',
  "look'alike",
  'look"alike',
  'look\\alike',
  'look-alike\n',
  'ﬁ',
  'fi',
  'ß',
  'ss',
  '1',
  '01',
  '1.0',
  'null',
  '__proto__',
  'constructor',
  '𝒳',
  '👩‍👩‍👧',
];

export const oddDataCases: readonly StoreCase[] = [
  {
    name: 'odd data: every JSON text comes back to the letter',
    async run(bench) {
      for (const data of ODD_JSON) {
        const { key, session } = await bench.keep(bench.newSession({ data }));
        await bench.expectLive(key, session);
      }
    },
  },
  {
    name: 'odd data: what an update and a move carry comes back to the letter',
    async run(bench) {
      let { key, session } = await bench.keep();
      for (const [i, data] of ODD_JSON.entries()) {
        const call = bench.call({ version: session.version });
        session = { ...session, data, device: data, version: `version ${i}` };
        if (i % 2) assert.equal(await bench.store.update(key, session, call), true);
        else {
          const to = bench.newKey(null);
          bench.expectPlaced(await bench.store.move(key, to, session, call));
          key = to;
        }
        await bench.expectLive(key, session);
      }
    },
  },
  {
    name: 'odd data: a megabyte comes back to the letter',
    async run(bench) {
      const { key, session } = await bench.keep(
        bench.newSession({ data: JSON.stringify('ä1'.repeat(350_000)) }),
      );
      await bench.expectLive(key, session);
    },
  },
  {
    name: 'odd data: a reason is any text',
    async run(bench) {
      const reason = `it's "over"; \\ 終わり 👋`;
      const { key, tombstone } = await bench.keepEnded(reason);
      await bench.expectTombstone(key, tombstone);
    },
  },
  {
    name: 'odd data: versions and generations are any text',
    async run(bench) {
      for (const text of LOOK_ALIKES) {
        const { key, session } = await bench.keep(bench.newSession({ version: text, generation: text }));
        assert.equal(await bench.store.update(key, session, bench.call({ version: text })), true, text);
        await bench.expectLive(key, session);
      }
    },
  },
  {
    name: 'keys: keys that look alike are different keys',
    async run(bench) {
      await keepUnder(bench, LOOK_ALIKES);
      await bench.expectNothing('LOOK-ALIKE');
      await bench.expectNothing('look-alik');
    },
  },
  {
    name: 'keys: a key may hold every byte',
    async run(bench) {
      const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
      await keepUnder(
        bench,
        [0, 64, 128, 192].map(from => `key ${bytes.slice(from, from + 64).join('')}`),
      );
    },
  },
  {
    name: 'keys: there is nothing under one that no store would make',
    async run(bench) {
      await bench.keep();
      for (const key of ['', ' ', '\0', '\ud800', 'x'.repeat(8192), '"', '*', '%', '__proto__', 'toString']) {
        await bench.expectNothing(key);
      }
    },
  },
  {
    name: 'keys: owners that look alike are different owners',
    needs: ['list', 'count'],
    async run(bench) {
      const kept = await Promise.all(LOOK_ALIKES.map(owner => bench.keep(bench.newOwned(owner))));
      for (const { session } of kept) {
        const owner = session.owner ?? '';
        const { sessions } = await bench.store.list(owner, { limit: 10 }, bench.call());
        assert.deepEqual(
          plain(sessions).map(({ handle }) => handle),
          [session.handle],
          owner,
        );
        assert.equal(await bench.store.count(owner, bench.call()), 1, owner);
      }
    },
  },
  {
    name: 'keys: handles that look alike are different handles',
    needs: ['endByHandle'],
    async run(bench) {
      const kept = await Promise.all(LOOK_ALIKES.map(handle => bench.keep(bench.newSession({ handle }))));
      const [first, ...others] = kept;
      assert.ok(first);
      assert.equal(await bench.store.endByHandle(first.session.handle, 'revoked', bench.call()), true);
      await bench.expectEnded(first.key, first.session, 'revoked');
      for (const { key, session } of others) await bench.expectLive(key, session);
    },
  },
];

/** Keeps a session under each key, and finds exactly that one there. */
async function keepUnder(bench: Bench, keys: readonly string[]): Promise<void> {
  const kept = keys.map(key => ({ key, session: bench.newSession() }));
  for (const { key, session } of kept) {
    bench.expectPlaced(await bench.store.insert(key, session, bench.call()));
  }
  for (const { key, session } of kept) await bench.expectLive(key, session);
}
