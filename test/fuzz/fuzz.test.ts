import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { seed } from '../differential/seed.js';
import { cookieTargets } from './cookie-targets.js';
import { keep, keptFor, keptTargets } from './corpus.js';
import { Limits } from './limits.js';
import { assertUnpolluted } from './prototypes.js';
import { rowTargets } from './row-targets.js';
import type { Target, Way } from './target.js';

/** How many inputs all targets get together: `npm run fuzz` gives them more. `INPUTS=...` sets it. */
const INPUTS = Number(process.env.INPUTS ?? (process.env.SCALE === 'full' ? 250_000 : 20_000));

/** One of so many goes over HTTP. */
const PER_HTTP = 50;

const targets: readonly Target[] = [...(await cookieTargets()), ...(await rowTargets())];
const numRuns = Math.ceil(INPUTS / targets.length);
const limits = new Limits();
let given = 0;

console.log(`${numRuns} inputs for each of ${targets.length} targets: SEED=${seed}`);

describe('whatever is made of what was rightly issued, it is a session that was issued, or none:', () => {
  for (const target of targets) {
    for (const { file, why, input } of keptFor(target.name)) {
      test(`${target.name}, ${file}: ${why}`, () => strike(target, input, 'over HTTP'));
    }

    test(`${target.name}, ${numRuns} inputs`, async t => {
      const property = fc.asyncProperty(target.inputs, input =>
        strike(target, input, given % PER_HTTP === 0 ? 'over HTTP' : 'within the process'),
      );
      const run = await fc.check(property, { seed, numRuns, includeErrorInReport: true });
      if (!run.failed) return t.diagnostic(limits.summary);
      const [input] = run.counterexample ?? [];
      const file = keep(
        target.name,
        String((run.errorInstance as Error)?.message).split('\n')[0] ?? '',
        input,
      );
      assert.fail(`${fc.defaultReportMessage(run)}\nIt is kept in ${file}.`);
    });
  }

  after(async () => {
    for (const target of targets) await target.close();
    assert.ok(given >= INPUTS, `${given} inputs`);
    limits.assertNothingLeft();
    console.log(`${given} inputs; ${limits.summary}`);
  });
});

test('all that is kept is given to some target', () => {
  const names = targets.map(({ name }) => name);
  assert.deepEqual(
    [...keptTargets].filter(name => !names.includes(name)),
    [],
  );
});

async function strike(target: Target, input: unknown, way: Way): Promise<void> {
  given++;
  const work = () => target.strike(input, way);
  await limits.watch(work, work);
  assertUnpolluted();
}
