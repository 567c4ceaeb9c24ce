import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KoaSessionStore } from 'sojourn';
import { koaStoreSuite, manualClock } from 'sojourn/testing';
import { outcomeOf } from './run-suite.js';

/** A store as koa-session asks for it, whose rules a mutant breaks. */
class JsonStore implements KoaSessionStore {
  readonly clock = manualClock();
  readonly texts = new Map<string, { text: string; expiresAt: number }>();
  expiryOf = (maxAge: number): number => this.clock() + maxAge;
  keyOf = (key: string): string => key;

  get(key: string): unknown {
    const { text, expiresAt } = this.texts.get(this.keyOf(key)) ?? { text: 'null', expiresAt: 0 };
    return expiresAt > this.clock() ? JSON.parse(text) : undefined;
  }

  set(key: string, record: object, maxAge: number): void {
    this.texts.set(this.keyOf(key), { text: JSON.stringify(record), expiresAt: this.expiryOf(maxAge) });
  }

  destroy(key: string): void {
    this.texts.delete(this.keyOf(key));
  }
}

/** How the suite ends with a store in which one rule is broken. */
function runSuite(infect: (store: JsonStore) => void = () => {}) {
  const store = new JsonStore();
  infect(store);
  const advance = (ms: number) => store.clock.advance(ms);
  return outcomeOf(test => koaStoreSuite({ test, create: () => store, advance }));
}

test('a store that koa-session could use passes, a synchronous one too', async () => {
  const { failed, skipped } = await runSuite();
  assert.deepEqual({ failed, skipped }, { failed: [], skipped: [] });
});

test('without a means to move the time the case of expiry is skipped', async () => {
  const { failed, skipped } = await outcomeOf(test => koaStoreSuite({ test, create: () => new JsonStore() }));
  assert.deepEqual(failed, []);
  assert.deepEqual(skipped, ['set: the record is there until its maxAge has passed, and not for ever']);
});

const mutants: [does: string, failing: string, infect: (store: JsonStore) => void][] = [
  [
    'finds what was never set',
    'get: answers something falsy for a key that was never set',
    store => {
      store.get = () => ({});
    },
  ],
  [
    'keeps for ever',
    'set: the record is there until its maxAge has passed, and not for ever',
    store => {
      store.expiryOf = () => Number.POSITIVE_INFINITY;
    },
  ],
  [
    'takes the lifetime for seconds',
    'set: the record is there until its maxAge has passed, and not for ever',
    store => {
      store.expiryOf = maxAge => store.clock() + maxAge * 1000;
    },
  ],
  [
    'overflows 32 bits',
    'set: takes the lifetime of a month',
    store => {
      store.expiryOf = maxAge => store.clock() + (maxAge > 2 ** 31 ? 1 : maxAge) - 1;
    },
  ],
  [
    'does not destroy',
    'destroy: deletes the record',
    store => {
      store.destroy = () => {};
    },
  ],
  [
    'throws for a second destroy',
    'destroy: of a key that was never set, or twice, is no failure',
    store => {
      store.destroy = key => assert.ok(store.texts.delete(key));
    },
  ],
  [
    'destroys for good',
    'destroy: the key can be set again',
    store => {
      store.destroy = key => void store.texts.set(key, { text: '', expiresAt: 0 });
      const { set } = JsonStore.prototype;
      store.set = (key, ...rest) => void (store.texts.has(key) || set.call(store, key, ...rest));
    },
  ],
  [
    'merges records',
    'set: replaces the whole record',
    store => {
      const { set } = JsonStore.prototype;
      store.set = (key, record, maxAge) =>
        set.call(store, key, { ...(store.get(key) as object), ...record }, maxAge);
    },
  ],
  [
    'takes keys without regard to case',
    'set: leaves the records of other keys',
    store => {
      store.keyOf = key => key.toLowerCase();
    },
  ],
  [
    'drops what is null',
    'get: answers the record that was set, with every kind of JSON value',
    store => {
      const { set } = JsonStore.prototype;
      store.set = (key, record, maxAge) =>
        set.call(store, key, JSON.parse(JSON.stringify(record, (_, value) => value ?? undefined)), maxAge);
    },
  ],
  [
    'cuts at 64 KB',
    'get: answers a record of 100 KB',
    store => {
      const { set } = JsonStore.prototype;
      store.set = (key, record, maxAge) =>
        set.call(store, key, JSON.stringify(record).length > 65_536 / 2 ? {} : record, maxAge);
    },
  ],
];

for (const [does, failing, infect] of mutants) {
  test(`a store fails that ${does}`, async () => {
    assert.ok((await runSuite(infect)).failed.includes(failing));
  });
}
