import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { koaSession7 } from '../harness/packages.js';
import { anyStep } from './arbitraries.js';
import { startClock, stopClock } from './clock.js';
import { type AsIf, DIFFERENCES } from './differences.js';
import { Duel, type Round, type Visit } from './duel.js';
import { assertExplained, explanations } from './explain.js';
import { koaSession6 } from './koa-session-6.js';
import { MODES, type Mode } from './mode.js';
import { seed } from './seed.js';
import type { Step } from './step.js';

/** Each intended difference is one: koa-session and sojourn are seen to differ in it. */
const duels = { 6: new Duel(koaSession6), 7: new Duel(koaSession7) };
before(async () => {
  stopClock();
  await Promise.all([duels[6].start(), duels[7].start()]);
});
after(() => {
  duels[6].stop();
  duels[7].stop();
  startClock();
});

async function roundsOf(visit: Visit, version: 6 | 7 = 7): Promise<Round[]> {
  const rounds: Round[] = [];
  await duels[version].play(visit, round => rounds.push(round));
  return rounds;
}

test('each difference has a name of its own, and is shown', () => {
  assert.equal(new Set(DIFFERENCES.map(({ id }) => id)).size, DIFFERENCES.length);
  for (const { id, recognises, example, asIf, shownBy } of DIFFERENCES) {
    assert.ok(asIf ?? shownBy ?? example, `${id} is shown by nothing`);
    if (recognises) assert.ok(asIf ?? example, `${id} has no example of what it recognises`);
  }
});

for (const { id, example } of DIFFERENCES) {
  if (!example) continue;
  test(`an example shows: ${id}`, async () => {
    const rounds = await roundsOf(example, example.version);
    rounds.forEach(assertExplained);
    const seen = rounds.flatMap(round => round.mismatches.flatMap(mismatch => explanations(mismatch, round)));
    assert.ok(seen.some(difference => difference.id === id));
  });
}

for (const { id, asIf } of DIFFERENCES) {
  if (!asIf) continue;
  const modes = MODES.filter(asIf.modes);
  test(`sojourn does what koa-session does with another request: ${id}`, () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...modes),
        fc.array(anyStep, { maxLength: 3 }),
        anyStep,
        fc.nat(),
        async (mode, steps, last, pick) => {
          const visit = twisted(asIf, mode, steps, asIf.twist(last, mode, pick));
          await duels[7].play(visit, assertExplained);
        },
      ),
      { seed, numRuns: 150, includeErrorInReport: true },
    ));
  test(`koa-session does something else with the same request: ${id}`, async () => {
    const look: Step = { wait: 1, present: { as: 'browser' }, operations: [{ does: 'look' }] };
    const begin: Step = { ...look, operations: [{ does: 'set', name: 'a', value: 1 }] };
    const differs = await anyOf(modes, async (mode, pick) => {
      const rounds = await roundsOf({ mode, steps: [begin, asIf.twist(look, mode, pick)] });
      return rounds.some(round =>
        round.mismatches.some(mismatch => explanations(mismatch, round).length === 0),
      );
    });
    assert.ok(differs);
  });
}

/** Only the last step is another for koa-session. */
function twisted(asIf: AsIf, mode: Mode, steps: readonly Step[], last: Step): Visit {
  return { mode, steps: [...steps, last], mend: step => (step === last ? asIf.mend(step, mode) : step) };
}

async function anyOf<T>(
  items: readonly T[],
  holds: (item: T, index: number) => Promise<boolean>,
): Promise<boolean> {
  for (const [index, item] of items.entries()) if (await holds(item, index)) return true;
  return false;
}

for (const { id, shownBy } of DIFFERENCES) {
  if (shownBy === undefined) continue;
  test(`another test shows: ${id}`, () => {
    assert.ok(
      testSources().some(source => source.includes(shownBy)),
      `no test is named ${shownBy}`,
    );
  });
}

function testSources(): string[] {
  const tests = fileURLToPath(new URL('../../../test/', import.meta.url));
  return ['faults', 'options'].flatMap(folder =>
    readdirSync(join(tests, folder)).map(file => readFileSync(join(tests, folder, file), 'utf8')),
  );
}
