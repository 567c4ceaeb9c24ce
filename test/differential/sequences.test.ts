import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { koaSession7 } from '../harness/packages.js';
import { anySequence } from './arbitraries.js';
import { startClock, stopClock } from './clock.js';
import { Duel } from './duel.js';
import { assertExplained } from './explain.js';
import { koaSession6 } from './koa-session-6.js';
import { MODES } from './mode.js';
import { seed } from './seed.js';

/**
 * koa-session and sojourn take the same sequences of requests, in every mode: all that is not the same is one of the
 * intended differences. `RUNS=...` sets how many version 7 gets in all; version 6 gets a tenth.
 */
const perMode = Math.ceil(Number(process.env.RUNS ?? 2000) / MODES.length);
const duels = [
  { duel: new Duel(koaSession7), name: 'koa-session 7', numRuns: perMode },
  { duel: new Duel(koaSession6), name: 'koa-session 6', numRuns: Math.ceil(perMode / 10) },
];

before(async () => {
  stopClock();
  await Promise.all(duels.map(({ duel }) => duel.start()));
});
after(() => {
  for (const { duel } of duels) duel.stop();
  startClock();
});

for (const { duel, name, numRuns } of duels) {
  console.log(`${name}: ${numRuns} sequences in each of ${MODES.length} modes: SEED=${seed}`);
  for (const mode of MODES) {
    test(`does as ${name} does, but for the intended differences: ${mode.name}`, () =>
      fc.assert(
        fc.asyncProperty(anySequence, steps => duel.play({ mode, steps }, assertExplained)),
        { seed, numRuns, includeErrorInReport: true },
      ));
  }
}
