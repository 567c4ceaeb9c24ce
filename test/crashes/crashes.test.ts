import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { isFullScale } from '../service/load.js';
import { endAllByHandle, type Scene, signInAgain, standingOf, type Witness } from './books.js';
import { adoption, operations } from './operations.js';
import { places } from './places.js';
import { between, Trial } from './trial.js';

/** What is there once an answer is there is what is there before the next call: that is for the long run. */
const moments = isFullScale ? (['unsent', 'answered'] as const) : (['answered'] as const);
const tried = operations.filter(({ isShort }) => isFullScale || isShort);

/** ms after which a cluster gives up what a process that died had not approved. */
const APPROVAL = 60_000;

for (const { name, missing, isDivided, prepare } of places) {
  describe(`a process that is killed after a driver call, each in its turn, with ${name}`, {
    skip: missing,
  }, async () => {
    const { spec, remove } = await prepare();
    const trial = new Trial(spec);
    after(async () => {
      await trial.end();
      await remove();
    });

    for (const moment of moments) {
      for (const operation of tried) {
        const { isAcross, options } = operation;
        test(`leaves lists and sessions that agree: ${operation.name}, ${moment}`, async t => {
          const check = async (witness: Witness, scene: Scene) => {
            const standing = await standingOf(witness, scene);
            await signInAgain(witness, scene, options?.maxSessions);
            await endAllByHandle(witness, scene);
            return standing;
          };
          const outcome = await trial.crashEverywhere(operation, moment, { check });
          t.diagnostic(`${outcome.crashed.length} crashes`);
          const rest = between(outcome);
          if (!isDivided || !isAcross) assert.deepEqual(rest, []);
          // What nobody can present yet may be one too many for a moment.
          for (const { listed } of rest) assert.equal(listed, outcome.before.listed + 1);
        });
      }

      test(`leaves a session that is listed once it is used: ${adoption.name}, ${moment}`, async t => {
        const check = async (witness: Witness, scene: Scene) => {
          await witness.receive(scene.visitor).get('read');
          return standingOf(witness, scene);
        };
        const { crashed, after: adopted } = await trial.crashEverywhere(adoption, moment, { check });
        t.diagnostic(`${crashed.length} crashes`);
        for (const standing of [...crashed, adopted]) {
          assert.deepEqual(standing, { listed: 2, key: 'signed in', marked: 1 });
        }
      });
    }

    for (const operation of operations.filter(({ isAcross }) => isDivided && isAcross)) {
      test(`leaves for a minute at most what nobody can present: ${operation.name}`, async () => {
        const {
          before,
          crashed,
          after: done,
        } = await trial.crashEverywhere(operation, 'answered', {
          ahead: APPROVAL,
        });
        const limit = operation.options?.maxSessions ?? Infinity;
        for (const { listed, key, marked } of crashed) {
          assert.ok(listed <= limit, `${listed} sessions, though ${limit} are allowed`);
          assert.ok(listed <= Math.max(before.listed, done.listed));
          assert.ok(key === 'dead' ? marked < 2 : marked === 1, 'the data are kept once');
        }
      });
    }
  });
}
