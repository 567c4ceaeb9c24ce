/**
 * Tries mutants, one after the other, as Stryker's runner asks for: runs compiled tests, file after file, until one
 * fails. Each trial loads the library and the tests anew, since modules keep state; packages are loaded once.
 */
import { once } from 'node:events';
import { register } from 'node:module';
import { beforeEach, test } from 'node:test';
import { outcomes } from './outcomes.js';

register('./fresh-modules.js', import.meta.url);

/** What Stryker's instrumented code reads and writes. */
const state = {};
globalThis.__stryker__ = state;

let [failure, trials] = [undefined, 0];
outcomes.on('failure', message => {
  failure ??= message;
});
beforeEach(() => {
  if (failure) throw new Error('over: another test has failed');
});

process.on('disconnect', () => process.exit());
process.on('message', async ({ files, activeMutant, hitLimit }) => {
  // What waits for nothing must end this process, and not wait for the next message.
  process.channel.unref();
  trials += 1;
  failure = undefined;
  Object.assign(state, { activeMutant, hitLimit, hitCount: 0, mutantCoverage: { static: {}, perTest: {} } });
  const results = await inTurn(files);
  process.channel.ref();
  process.send({ results, failure, coverage: state.mutantCoverage, hitCount: state.hitCount });
});

/** The files that were run, and how long each took, in ms. */
async function inTurn(files) {
  const results = [];
  if (state.activeMutant === undefined) await load('dist/esm/index.js');
  for (const file of files) {
    const start = performance.now();
    state.currentTestId = file;
    await load(`build/${file}`);
    await everyTest();
    results.push([file, performance.now() - start]);
    if (failure) break;
  }
  state.currentTestId = undefined;
  return results;
}

async function load(path) {
  try {
    await import(new URL(`../../${path}?trial=${trials}`, import.meta.url).href);
  } catch (error) {
    failure ??= `${path} does not load: ${error.message}`;
  }
}

/** The tests of a file run in their order: this one when all of them are over. */
async function everyTest() {
  const over = once(outcomes, 'end of all');
  test('all', () => {});
  await over;
}
