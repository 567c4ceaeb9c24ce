import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Scene, standingOf, type Witness } from './books.js';
import { operations } from './operations.js';
import { brokenPlace } from './places.js';
import { between, Trial } from './trial.js';

const { name, missing, prepare } = brokenPlace;

/** What the checks of crashes.test.ts would not find, they would not find elsewhere either. */
describe(`crashes are found out, with ${name}`, { skip: missing }, async () => {
  const { spec, remove } = await prepare();
  const trial = new Trial(spec);
  after(async () => {
    await trial.end();
    await remove();
  });

  const broken = { 'a first sign-in': 1, 'a new key': 3, 'a logout': 1, 'the end of one session': 1 };
  for (const [operation, count] of Object.entries(broken)) {
    test(`${operation}: ${count} of the calls leave lists and sessions at odds, or data gone`, async () => {
      const found = operations.find(each => each.name === operation);
      assert.ok(found);
      const faults: string[] = [];
      const outcome = await trial.crashEverywhere(found, 'answered', {
        check: (witness: Witness, scene: Scene) =>
          standingOf(witness, scene).catch(error => {
            faults.push(String(error.message));
            return FAULTY;
          }),
      });
      assert.equal(between(outcome).length, count, JSON.stringify({ faults, outcome }));
    });
  }

  test('the end of all sessions but one: some are ended, and others not', async () => {
    const found = operations.find(each => each.name === 'the end of all sessions but one');
    assert.ok(found);
    const outcome = await trial.crashEverywhere(found, 'answered', {
      check: (witness: Witness, scene: Scene) => standingOf(witness, scene).catch(() => FAULTY),
    });
    assert.ok(between(outcome).some(({ listed }) => listed === 2));
  });
});

const FAULTY = { listed: -1, key: 'dead', marked: -1 } as const;
