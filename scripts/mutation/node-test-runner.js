/**
 * Stryker's test runner for tests of `node:test`; Stryker has none of its own that is quick enough. A test, to Stryker,
 * is a file. The process that tries mutants (trial.js) is kept from one to the next, since to start one takes longer
 * than most mutants live; it is replaced where a mutant hung, and after so many of them, since modules once loaded stay
 * in memory.
 */
import { fork } from 'node:child_process';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  MutantRunStatus,
  TestStatus,
} from '@stryker-mutator/api/test-runner';

/** Stryker loads this file from the repository, and makes its copy with the mutants the working directory. */
const TRIAL = './scripts/mutation/trial.js';
const REPORTER = './scripts/mutation/outcomes.js';

/**
 * The part of a mutant's time after which this runner ends the trial itself: Stryker would leave the process behind.
 */
const PATIENCE = 0.9;

class NodeTestRunner {
  #files;
  #mostTrials;
  #process;
  #trials = 0;

  constructor({ mutation }) {
    this.#files = mutation.testFiles;
    this.#mostTrials = mutation.trialsPerProcess;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun({ timeout }) {
    const { failure, results, coverage, isTimeout } = await this.#try({ files: this.#files }, timeout);
    if (isTimeout) return { status: DryRunStatus.Timeout };
    if (failure) return { status: DryRunStatus.Error, errorMessage: failure };
    const tests = results.map(([file, timeSpentMs]) => {
      const fileName = file.replace(/js$/, 'ts');
      return { id: file, name: file, fileName, timeSpentMs, status: TestStatus.Success };
    });
    return { status: DryRunStatus.Complete, tests, mutantCoverage: coverage };
  }

  async mutantRun({ activeMutant, testFilter, timeout, hitLimit }) {
    const files = this.#files.filter(file => testFilter === undefined || testFilter.includes(file));
    const outcome = await this.#try({ files, activeMutant: activeMutant.id, hitLimit }, timeout * PATIENCE);
    if (outcome.isTimeout) return { status: MutantRunStatus.Timeout };
    const limit = determineHitLimitReached(outcome.hitCount, hitLimit);
    if (limit) return limit;
    const { results = [], failure } = outcome;
    const nrOfTests = results.length;
    if (!failure) return { status: MutantRunStatus.Survived, nrOfTests };
    const killedBy = results.slice(-1).map(([file]) => file);
    return { status: MutantRunStatus.Killed, killedBy, failureMessage: failure, nrOfTests };
  }

  dispose() {
    this.#end();
  }

  async #try(task, timeout) {
    if (this.#trials === this.#mostTrials) this.#end();
    this.#trials += 1;
    this.#process ??= fork(TRIAL, {
      execArgv: [`--test-reporter=${REPORTER}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const outcome = await this.#answer(task, timeout);
    if (!outcome.results) this.#end();
    return outcome;
  }

  /** One that hangs tells nothing, nor does one that ended with its process. */
  #answer(task, timeout) {
    const child = this.#process;
    return new Promise(resolve => {
      const timer = setTimeout(answered, timeout, { isTimeout: true });
      const ended = status => answered({ failure: `the process ended with status ${status}` });
      function answered(outcome) {
        clearTimeout(timer);
        child.off('message', answered).off('exit', ended);
        resolve(outcome);
      }
      child.on('message', answered).on('exit', ended);
      child.send(task);
    });
  }

  #end() {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
    this.#trials = 0;
  }
}

export const strykerPlugins = [
  declareFactoryPlugin(
    PluginKind.TestRunner,
    'node-test',
    Object.assign(options => new NodeTestRunner(options), { inject: ['options'] }),
  ),
];

export const strykerValidationSchema = {
  properties: {
    mutation: {
      type: 'object',
      properties: {
        testFiles: { type: 'array', items: { type: 'string' } },
        trialsPerProcess: { type: 'integer', minimum: 1 },
      },
      required: ['testFiles', 'trialsPerProcess'],
      additionalProperties: false,
    },
  },
};
