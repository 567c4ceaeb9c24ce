import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Forked, takeTurns, withForked } from '../../forked.js';
import { quantile } from '../../statistics.js';
import { places } from '../places.js';
import { Visitor } from '../visitor.js';
import { anyLastingOf, keyOf, sessionOf } from './population.js';

const SCRIPT = fileURLToPath(new URL('contestant.js', import.meta.url));

/**
 * @typedef {object} Effort
 * @property {number} warmup calls before the first round
 * @property {number} rounds
 * @property {number} calls of each kind, for each store, in a round
 * @property {number} calm ms of serving before anything is removed
 *
 * @typedef {{ p50: number, p99: number, worst: number, count: number }} Latency
 *
 * @typedef {object} Speed of a store that holds so many sessions
 * @property {number} sessions
 * @property {number} bytes a session
 * @property {number} fillMs
 * @property {Latency} load µs
 * @property {Latency} save µs
 * @property {number} memory bytes of the process that serves
 *
 * @typedef {object} Removal
 * @property {number} sessions that were removed
 * @property {number} ms that it took
 * @property {{ read: Latency, change: Latency }} before µs a request, over HTTP
 * @property {{ read: Latency, change: Latency }} during
 *
 * @typedef {{ database: string, few: Speed, many: Speed, removal: Removal }} Result
 */

/**
 * @param {string} database
 * @param {{ few: number, many: number, effort: Effort }} options
 * @returns {Promise<Result>}
 */
export async function measure(database, { few, many, effort }) {
  const filled = [];
  try {
    for (const sessions of [few, many]) filled.push(await fill(database, sessions));
    return await withServers(database, filled, async ([small, large]) => {
      const speeds = await raceStores([small, large], effort);
      const removal = await remove(large, effort);
      return { database, few: speeds[0], many: speeds[1], removal };
    });
  } finally {
    for (const { place } of filled) await place.remove();
  }
}

/**
 * @typedef {{ place: import('../places.js').Place, sessions: number, fillMs: number, bytes: number }} Filled
 * @typedef {Filled & { server: Forked }} Served
 *
 * @param {string} database
 * @param {number} sessions
 * @returns {Promise<Filled>}
 */
async function fill(database, sessions) {
  const place = await places[database](`bench_${randomBytes(6).toString('hex')}`);
  const start = performance.now();
  try {
    await place.fill({ count: sessions, keyOf, sessionOf });
  } catch (error) {
    await place.remove();
    throw error;
  }
  const fillMs = performance.now() - start;
  process.stderr.write(`${database}: ${sessions} sessions in ${Math.round(fillMs / 1000)} s\n`);
  return { place, sessions, fillMs, bytes: (await place.bytes()) / sessions };
}

/**
 * @template T
 * @param {string} database
 * @param {Filled[]} filled
 * @param {(served: Served[]) => Promise<T>} work
 */
function withServers(database, filled, work) {
  const forked = filled.map(
    ({ place: { where }, sessions }) => new Forked(SCRIPT, { contestant: database, where, count: sessions }),
  );
  return withForked(forked, servers => work(filled.map((each, i) => ({ ...each, server: servers[i] }))));
}

/**
 * The two stores take turns, so that what the machine does besides hits both alike.
 *
 * @param {Served[]} served
 * @param {Effort} effort
 * @returns {Promise<Speed[]>}
 */
async function raceStores(served, { warmup, rounds, calls }) {
  for (const { server } of served) await server.ask('time', { calls: warmup });
  const results = await takeTurns(served, rounds, ({ server }) => server.ask('time', { calls }));
  const speeds = [];
  for (const [index, { server, sessions, bytes, fillMs }] of served.entries()) {
    const memory = await server.ask('memory');
    const load = latency(results[index]?.flatMap(({ loads }) => loads) ?? []);
    const save = latency(results[index]?.flatMap(({ saves }) => saves) ?? []);
    speeds.push({ sessions, bytes, fillMs, load, save, memory });
  }
  return speeds;
}

/**
 * Half of the sessions are over; they are removed while visitors of the other half are served.
 *
 * @param {Served} served
 * @param {Effort} effort
 * @returns {Promise<Removal>}
 */
async function remove({ place, sessions, server }, { calm }) {
  const serve = (/** @type {Promise<unknown>} */ until) => serveUntil(until, server.greeting.port, sessions);
  // Compiles what serves.
  await serve(sleep(calm / 2));
  const before = await serve(sleep(calm));
  const isGone = await place.expire?.();
  await server.ask('leap');
  const removing = isGone ? waitFor(isGone) : server.ask('prune');
  const during = await serve(removing);
  const { pruned = Math.floor(sessions / 2), ms } = await removing;
  return { sessions: pruned, ms, before, during };
}

/** @param {() => Promise<boolean>} isGone */
async function waitFor(isGone) {
  const start = performance.now();
  while (!(await isGone())) await sleep(20);
  return { ms: performance.now() - start };
}

/** Visitors who are served at once, and ms between two requests of each. */
const VISITORS = 4;
const PAUSE = 4;

/**
 * Serves visitors until something else is done. Three requests of four read.
 *
 * @param {Promise<unknown>} until
 * @param {number} port
 * @param {number} sessions
 */
async function serveUntil(until, port, sessions) {
  const times = { read: /** @type {number[]} */ ([]), change: /** @type {number[]} */ ([]) };
  let isOver = false;
  const visit = async () => {
    const visitor = await Visitor.arrive(port);
    for (let i = 0; !isOver; i++) {
      const kind = i % 4 === 0 ? 'change' : 'read';
      visitor.cookie = `koa.sess=${keyOf(anyLastingOf(sessions))}`;
      const start = performance.now();
      await visitor.get(`/${kind}`);
      times[kind].push((performance.now() - start) * 1000);
      await sleep(PAUSE);
    }
    visitor.leave();
  };
  const over = until.finally(() => {
    isOver = true;
  });
  await Promise.all([over, ...Array.from({ length: VISITORS }, visit)]);
  return { read: latency(times.read), change: latency(times.change) };
}

/** @param {number[]} times @returns {Latency} */
function latency(times) {
  const at = (/** @type {number} */ share) => quantile(times, share);
  return { p50: at(0.5), p99: at(0.99), worst: at(1), count: times.length };
}
