import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { KoaSessionStore } from '../stores/store.js';
import { plain } from './plain.js';
import { skipTest, type TestRunner } from './runner.js';

/** What the suite needs to know about a koa-session store. */
export interface KoaStoreSuiteOptions {
  /** Registers a test: `test` of node:test, `it` of Vitest or Jest. */
  readonly test: TestRunner;
  /** Creates the store, once for each case. Keys are random, so it need not be empty. */
  readonly create: () => KoaSessionStore | Promise<KoaSessionStore>;
  /** Advances the clock by which records expire, by `ms`. Without it the expiry case is skipped. */
  readonly advance?: ((ms: number) => unknown) | undefined;
}

type SessionRecord = { [name: string]: unknown };

interface Case {
  readonly name: string;
  readonly needsAdvance?: true;
  run(records: Records, advance: (ms: number) => Promise<unknown>): Promise<void>;
}

const DAY = 86_400_000;

/** The store as koa-session calls it. */
class Records {
  readonly #store: KoaSessionStore;

  constructor(store: KoaSessionStore) {
    this.#store = store;
  }

  async get(key: string): Promise<unknown> {
    return this.#store.get(key, DAY, { rolling: false, ctx: {} });
  }

  async set(key: string, record: SessionRecord, maxAge: number = DAY): Promise<void> {
    await this.#store.set(key, record, maxAge, { rolling: false, changed: true, ctx: {} });
  }

  async destroy(key: string): Promise<void> {
    await this.#store.destroy(key, { ctx: {} });
  }
}

const ODD_DATA: SessionRecord = {
  values: [null, true, false, 0, -1.5, 1e308, '', [], {}],
  nested: { a: [{ b: { c: null } }] },
  text: `'"\`\\ \u0000\u001f\u2028 \ud800 é e\u0301 שלום 👩‍👩‍👧`,
  'a key.with $signs': 1,
};

const CASES: readonly Case[] = [
  {
    name: 'get: answers something falsy for a key that was never set',
    async run(records) {
      assert.ok(!(await records.get(randomUUID())));
    },
  },
  {
    name: 'get: answers the record that was set, with every kind of JSON value',
    async run(records) {
      const [key, record] = [randomUUID(), recordOf(ODD_DATA)];
      await records.set(key, record);
      assert.deepEqual(plain(await records.get(key)), record);
    },
  },
  {
    name: 'get: answers a record of 100 KB',
    async run(records) {
      const [key, record] = [randomUUID(), recordOf({ text: 'ä'.repeat(50_000) })];
      await records.set(key, record);
      assert.deepEqual(plain(await records.get(key)), record);
    },
  },
  {
    name: 'set: replaces the whole record',
    async run(records) {
      const [key, second] = [randomUUID(), recordOf({ b: 2 })];
      await records.set(key, recordOf({ a: 1 }));
      await records.set(key, second);
      assert.deepEqual(plain(await records.get(key)), second);
    },
  },
  {
    name: 'set: leaves the records of other keys',
    async run(records) {
      const [key, other] = [`a-${randomUUID()}`, recordOf({ a: 1 })];
      const alike = [key.toUpperCase(), `${key}.`, `${key}*`, `:${key}`];
      await records.set(key, other);
      for (const each of alike) await records.set(each, recordOf({ a: 2 }));
      assert.deepEqual(plain(await records.get(key)), other);
      for (const each of alike) await records.destroy(each);
      assert.deepEqual(plain(await records.get(key)), other);
    },
  },
  {
    name: 'set: takes the lifetime of a month',
    async run(records) {
      // More ms than 31 bits, or a timer, can hold.
      const [key, record] = [randomUUID(), recordOf({ a: 1 })];
      await records.set(key, record, 30 * DAY);
      assert.deepEqual(plain(await records.get(key)), record);
    },
  },
  {
    name: 'set: the record is there until its maxAge has passed, and not for ever',
    needsAdvance: true,
    async run(records, advance) {
      const [key, record] = [randomUUID(), recordOf({ a: 1 })];
      await records.set(key, record, 10_000);
      await advance(9_000);
      assert.deepEqual(plain(await records.get(key)), record);
      await advance(2_000);
      assert.ok(!(await records.get(key)));
    },
  },
  {
    name: 'destroy: deletes the record',
    async run(records) {
      const key = randomUUID();
      await records.set(key, recordOf({ a: 1 }));
      await records.destroy(key);
      assert.ok(!(await records.get(key)));
    },
  },
  {
    name: 'destroy: of a key that was never set, or twice, is no failure',
    async run(records) {
      const key = randomUUID();
      await records.destroy(key);
      await records.set(key, recordOf({ a: 1 }));
      await records.destroy(key);
      await records.destroy(key);
      assert.ok(!(await records.get(key)));
    },
  },
  {
    name: 'destroy: the key can be set again',
    async run(records) {
      const [key, record] = [randomUUID(), recordOf({ a: 1 })];
      await records.set(key, recordOf({ a: 0 }));
      await records.destroy(key);
      await records.set(key, record);
      assert.deepEqual(plain(await records.get(key)), record);
    },
  },
];

/**
 * Registers one test for each thing that koa-session, and sojourn in its place, expects of a store with `get`, `set`
 * and `destroy`.
 *
 *     koaStoreSuite({ test, create: () => redisStore() });
 */
export function koaStoreSuite({ test, create, advance }: KoaStoreSuiteOptions): void {
  for (const { name, needsAdvance, run } of CASES) {
    test(name, async function (...context) {
      if (needsAdvance && !advance) return skipTest(name, 'no advance', [this, ...context]);
      await run(new Records(await create()), async ms => advance?.(ms));
    });
  }
}

/** A record as koa-session writes it: the data, and bookkeeping beside them. */
function recordOf(data: SessionRecord): SessionRecord {
  return { ...data, _expire: Date.now() + DAY, _maxAge: DAY };
}
