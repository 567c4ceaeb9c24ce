import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingMutants } from './mutants/ending.js';
import { lastingMutants } from './mutants/lasting.js';
import { limitingMutants } from './mutants/limiting.js';
import { noticingMutants } from './mutants/noticing.js';
import { OpenStore } from './mutants/open-store.js';
import { owningMutants } from './mutants/owning.js';
import { writingMutants } from './mutants/writing.js';
import { runSuite } from './run-suite.js';

const corrupt = (store: OpenStore, key: string) => store.rows.set(key, 'malformed');

test('a store that keeps every rule passes the whole suite, and nothing is skipped', async () => {
  const { passed, failed, skipped } = await runSuite({ create: () => new OpenStore(), corrupt });
  assert.deepEqual({ failed, skipped }, { failed: [], skipped: [] });
  assert.ok(passed.length > 100);
});

const mutants = [
  ...writingMutants,
  ...endingMutants,
  ...lastingMutants,
  ...owningMutants,
  ...limitingMutants,
  ...noticingMutants,
];

for (const { does, failing, infect } of mutants) {
  test(`a store fails that ${does}`, async () => {
    const create = () => {
      const store = new OpenStore();
      infect(store);
      return store;
    };
    const { failed } = await runSuite({ create, corrupt }, name => failing.includes(name));
    assert.deepEqual(failed.sort(), [...failing].sort());
  });
}
