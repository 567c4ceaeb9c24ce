import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Forked, takeTurns, withForked } from '../../forked.js';
import { quantile } from '../../statistics.js';
import { places } from '../places.js';
import { population } from './population.js';

const SCRIPT = fileURLToPath(new URL('contestant.js', import.meta.url));

/**
 * @typedef {object} Effort
 * @property {number} warmup calls of each kind before the first round
 * @property {number} rounds
 * @property {number} lists calls in a round, for each population
 * @property {number} ends calls in a round, for each population
 *
 * @typedef {{ p50: number, p99: number, count: number }} Latency µs
 * @typedef {{ owners: number, list: Latency, endAll: Latency }} Speed
 * @typedef {{ database: string, few: Speed, many: Speed }} Result
 */

/**
 * The two populations take turns, so that what the machine does besides hits both alike.
 *
 * @param {string} database
 * @param {{ few: number, many: number, effort: Effort }} options
 * @returns {Promise<Result>}
 */
export async function measure(database, { few, many, effort }) {
  const filled = [];
  try {
    for (const owners of [few, many]) filled.push(await fill(database, owners));
    const forked = filled.map(
      ({ place: { where }, owners }) => new Forked(SCRIPT, { contestant: database, where, owners }),
    );
    return await withForked(forked, async contestants => {
      // Listing first: ending leaves tombstones.
      const list = await race(contestants, 'list', { ...effort, calls: effort.lists });
      const endAll = await race(contestants, 'endAll', { ...effort, calls: effort.ends });
      const speed = (/** @type {number} */ i) => ({
        owners: filled[i].owners,
        list: list[i],
        endAll: endAll[i],
      });
      return { database, few: speed(0), many: speed(1) };
    });
  } finally {
    for (const { place } of filled) await place.remove();
  }
}

/** @param {string} database @param {number} owners */
async function fill(database, owners) {
  const place = await places[database](`bench_${randomBytes(6).toString('hex')}`);
  const start = performance.now();
  try {
    await place.fill(population(owners));
  } catch (error) {
    await place.remove();
    throw error;
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  process.stderr.write(`${database}: ${owners} owners in ${seconds} s\n`);
  return { place, owners };
}

/**
 * @param {Forked[]} contestants
 * @param {'list' | 'endAll'} command
 * @param {{ warmup: number, rounds: number, calls: number }} effort
 * @returns {Promise<Latency[]>}
 */
async function race(contestants, command, { warmup, rounds, calls }) {
  for (const contestant of contestants) await contestant.ask(command, { calls: warmup });
  const results = await takeTurns(contestants, rounds, contestant => contestant.ask(command, { calls }));
  return results.map(times => latency(times.flat()));
}

/** @param {number[]} times @returns {Latency} */
function latency(times) {
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), count: times.length };
}
