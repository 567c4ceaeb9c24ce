import { fileURLToPath } from 'node:url';
import { Forked, takeTurns, withForked } from './forked.js';
import { median } from './statistics.js';

const SCRIPT = fileURLToPath(new URL('contestant.js', import.meta.url));

/**
 * So large a young generation that an allocation window fits into it. The flags are given in the allocation
 * pass alone: an app does not run with them, and neither does a timed contestant.
 */
const NO_COLLECTION = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

/**
 * @typedef {{ contestant: string, mode: string, scenario: string }} Task
 *
 * @typedef {object} Effort
 * @property {number} warmup batches before the first round
 * @property {number} rounds
 * @property {number} batches timed batches of each contestant in a round
 * @property {number} requests in a batch
 * @property {number} windows of allocation
 * @property {number} windowRequests
 */

/**
 * Microseconds per request: for each contestant one number a round, in the order of the tasks. Everyone runs
 * a few dozen milliseconds in each round.
 *
 * @param {Task[]} tasks
 * @param {string} node
 * @param {Effort} effort
 * @returns {Promise<number[][]>}
 */
export function raceForTime(tasks, node, { warmup, rounds, batches, requests }) {
  const forked = tasks.map(task => new Forked(SCRIPT, task, { node }));
  return withForked(forked, async contestants => {
    for (const contestant of contestants) await contestant.ask('time', { batches: warmup, requests });
    return takeTurns(contestants, rounds, async contestant =>
      median(await contestant.ask('time', { batches, requests })),
    );
  });
}

/**
 * For each contestant, the median bytes that a request allocates and the store calls that it makes.
 *
 * @param {Task[]} tasks
 * @param {string} node
 * @param {Effort} effort
 */
export function raceForMemory(tasks, node, { warmup, requests, windows, windowRequests }) {
  const forked = tasks.map(task => new Forked(SCRIPT, task, { node, flags: NO_COLLECTION }));
  return withForked(forked, async contestants => {
    const results = [];
    for (const contestant of contestants) {
      await contestant.ask('time', { batches: warmup, requests });
      const bytes = median(await contestant.ask('allocate', { windows, requests: windowRequests }));
      const [storeCalls] = await contestant.ask('countStoreCalls', { requests: 10 });
      results.push({ bytes, storeCalls });
    }
    return results;
  });
}
