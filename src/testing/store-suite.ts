import { randomUUID } from 'node:crypto';
import type { SessionStore } from '../stores/store.js';
import { manualClock } from './manual-clock.js';
import { skipTest, type TestRunner } from './runner.js';
import { Bench, type StoreCase, type WholeStore } from './suite/bench.js';
import { closingCases } from './suite/closing.js';
import { countingCases } from './suite/counting.js';
import { endingCases } from './suite/ending.js';
import { expiryCases } from './suite/expiry.js';
import { insertingCases } from './suite/inserting.js';
import { limitCases } from './suite/limits.js';
import { listingCases } from './suite/listing.js';
import { malformedCases } from './suite/malformed.js';
import { movingCases } from './suite/moving.js';
import { oddDataCases } from './suite/odd-data.js';
import { ownerCases } from './suite/owners.js';
import { peekingCases } from './suite/peeking.js';
import { readingCases } from './suite/reading.js';
import { tellingCases } from './suite/telling.js';
import { touchingCases } from './suite/touching.js';
import { updatingCases } from './suite/updating.js';

/** What the suite needs to know about a store. */
export interface StoreSuiteOptions<Store extends SessionStore> {
  /** Registers a test: `test` of node:test, `it` of Vitest or Jest. */
  readonly test: TestRunner;
  /** A fresh, empty store, once for each case. The suite closes it. */
  readonly create: () => Store | Promise<Store>;
  /**
   * Advances the store's own clock by `ms`, if it has one that a test can move. It must agree with `Date.now()` when
   * the store is created, and stand still otherwise. The suite gives each call its `now`, so most stores need none.
   */
  readonly advance?: ((ms: number) => unknown) | undefined;
  /** Makes what is kept under this key unreadable. Without it the cases with malformed rows are skipped. */
  readonly corrupt?: ((store: Store, key: string) => unknown) | undefined;
  /** A new key for a session of this owner, if the store requires keys of a certain form. @default a UUID */
  readonly newKey?: ((owner: string | null) => string) | undefined;
  /** The same for handles. @default a UUID */
  readonly newHandle?: ((owner: string | null) => string) | undefined;
}

const CASES: readonly StoreCase[] = [
  ...readingCases,
  ...insertingCases,
  ...updatingCases,
  ...touchingCases,
  ...movingCases,
  ...endingCases,
  ...expiryCases,
  ...ownerCases,
  ...listingCases,
  ...countingCases,
  ...limitCases,
  ...peekingCases,
  ...tellingCases,
  ...oddDataCases,
  ...malformedCases,
  ...closingCases,
];

/**
 * Registers one test for each promise of the store contract. Cases for verbs that the store lacks are skipped: by the
 * runner's own means if a test can skip itself (node:test, Vitest, Mocha), else with a process warning.
 *
 *     storeSuite({ test, create: () => myStore() });
 */
export function storeSuite<Store extends SessionStore>(options: StoreSuiteOptions<Store>): void {
  for (const each of CASES) {
    options.test(each.name, function (...context) {
      return runCase(each, options, [this, ...context]);
    });
  }
}

async function runCase<Store extends SessionStore>(
  { name, needs = [], run }: StoreCase,
  options: StoreSuiteOptions<Store>,
  contexts: readonly unknown[],
): Promise<void> {
  const store = await options.create();
  try {
    const lacking = needs.find(need => (need === 'corrupt' ? !options.corrupt : !store[need]));
    if (lacking) skipTest(name, `no ${lacking}`, contexts);
    else await run(benchOf(store, options));
  } finally {
    await store.close?.();
  }
}

function benchOf<Store extends SessionStore>(store: Store, options: StoreSuiteOptions<Store>): Bench {
  const { create, advance, corrupt, newKey = () => randomUUID(), newHandle = () => randomUUID() } = options;
  return new Bench({
    store: store as WholeStore,
    create: async () => (await create()) as WholeStore,
    clock: manualClock(),
    advance: async ms => advance?.(ms),
    corrupt: async key => corrupt?.(store, key),
    newKey,
    newHandle,
  });
}
