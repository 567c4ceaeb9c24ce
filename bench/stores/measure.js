import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Forked, takeTurns, withForked } from '../forked.js';
import { summarize } from '../statistics.js';
import { bars, RIVAL, scenarios } from './scenarios.js';
import { Visitor } from './visitor.js';

const SCRIPT = fileURLToPath(new URL('contestant.js', import.meta.url));

/**
 * @typedef {import('../statistics.js').Summary} Summary
 * @typedef {import('./redis-server.js').RedisServer} RedisServer
 *
 * @typedef {object} Effort
 * @property {number} visitors who are served at once
 * @property {number} warmup ms before the first round
 * @property {number} rounds
 * @property {number} slice ms that each contestant serves in a round
 *
 * @typedef {object} Commands
 * @property {number} sent commands or statements that a request sends to the database
 * @property {number} inScripts commands that scripts run within Redis
 *
 * @typedef {object} Row
 * @property {string} scenario
 * @property {string} contestant
 * @property {Summary} rate requests a second
 * @property {Summary} time µs a request
 * @property {Summary} cpu µs of the server process' processor time
 * @property {Commands} commands
 * @property {Summary} ratio of the rate to the rival's, round by round
 * @property {{ ratio?: number, commands?: number }} bar
 *
 * @typedef {{ forked: Forked, visitors: Visitor[], name: string, path: string }} Place
 */

/**
 * All contestants in one scenario.
 *
 * @param {string} scenario
 * @param {string[]} names
 * @param {{ redis: RedisServer, effort: Effort }} options
 * @returns {Promise<Row[]>}
 */
export function measure(scenario, names, { redis, effort }) {
  return withPlaces(scenario, names, { redis, visitors: effort.visitors }, async places => {
    for (const place of places) await serve(place, effort.warmup);
    const slices = await takeTurns(places, effort.rounds, place => serve(place, effort.slice));
    const rival = slices[names.indexOf(RIVAL)];
    const rows = [];
    for (const [index, place] of places.entries()) {
      const commands = await countCommands(place, redis);
      rows.push(rowOf(scenario, place.name, { slices: slices[index] ?? [], rival, commands }));
    }
    return rows;
  });
}

/**
 * How many round trips more than usual a change costs that another request overtook, for each contestant.
 *
 * @param {string[]} names
 * @param {RedisServer} redis
 * @returns {Promise<{ contestant: string, roundTrips: number }[]>}
 */
export function measureConflicts(names, redis) {
  return withPlaces('change', names, { redis, visitors: 1 }, async places => {
    const results = [];
    for (const place of places) {
      // Databases prepare statements, and Redis learns scripts, when they are used first.
      for (const path of ['/change', '/conflict']) await place.visitors[0]?.get(path);
      const change = await countCommands(place, redis);
      // The request that is overtaken, and the change that overtakes it.
      const both = await countCommands({ ...place, path: '/conflict' }, redis);
      results.push({ contestant: place.name, roundTrips: both.sent - 2 * change.sent });
    }
    return results;
  });
}

/**
 * Runs `work` with the contestants alive and their visitors signed in.
 *
 * @template T
 * @param {string} scenarioName
 * @param {string[]} names
 * @param {{ redis: RedisServer, visitors: number }} options
 * @param {(places: Place[]) => Promise<T>} work
 */
function withPlaces(scenarioName, names, { redis, visitors: count }, work) {
  const scenario = scenarios[scenarioName];
  if (!scenario) throw new TypeError(`${scenarioName} is no scenario`);
  const tasks = names.map(contestant => ({
    contestant,
    name: `bench_${randomBytes(6).toString('hex')}`,
    redisPort: redis.port,
    scenario,
  }));
  return withForked(
    tasks.map(task => new Forked(SCRIPT, task)),
    async contestants => {
      const places = [];
      for (const [index, forked] of contestants.entries()) {
        const name = names[index] ?? '';
        const isSignedIn = !scenario.isStranger && name !== 'Koa alone';
        const visitors = await arrive(forked.greeting.port, count, isSignedIn);
        places.push({ forked, visitors, name, path: scenario.path });
      }
      try {
        return await work(places);
      } finally {
        for (const visitor of places.flatMap(({ visitors }) => visitors)) visitor.leave();
      }
    },
  );
}

/**
 * @param {number} port
 * @param {number} count
 * @param {boolean} isSignedIn
 */
async function arrive(port, count, isSignedIn) {
  const visitors = await Promise.all(Array.from({ length: count }, () => Visitor.arrive(port)));
  // The first alone: a store may have to create its table.
  if (isSignedIn) for (const visitor of visitors) await visitor.signIn();
  return visitors;
}

/**
 * Serves all visitors at once, for so many ms.
 *
 * @param {Place} place
 * @param {number} ms
 * @returns {Promise<{ rate: number, cpu: number }>}
 */
async function serve({ forked, visitors, path }, ms) {
  const cpuBefore = await forked.ask('cpu');
  const start = performance.now();
  const end = start + ms;
  let requests = 0;
  const visit = async (/** @type {Visitor} */ visitor) => {
    while (performance.now() < end) {
      await visitor.get(path);
      requests++;
    }
  };
  await Promise.all(visitors.map(visit));
  const seconds = (performance.now() - start) / 1000;
  return { rate: requests / seconds, cpu: ((await forked.ask('cpu')) - cpuBefore) / requests };
}

const COUNTED = 10;

/**
 * A request's, as an average of a few.
 *
 * @param {Place} place
 * @param {RedisServer} redis
 * @returns {Promise<Commands>}
 */
async function countCommands({ forked, visitors: [visitor], path }, redis) {
  const statementsBefore = await forked.ask('statements');
  const { sent, inScripts } = await redis.commandsDuring(async () => {
    for (let i = 0; i < COUNTED; i++) await visitor?.get(path);
  });
  const statements = (await forked.ask('statements')) - statementsBefore;
  return { sent: (sent.length + statements) / COUNTED, inScripts: inScripts / COUNTED };
}

/**
 * @param {string} scenario
 * @param {string} contestant
 * @param {{ slices: { rate: number, cpu: number }[], rival: { rate: number }[] | undefined, commands: Commands }} measured
 * @returns {Row}
 */
function rowOf(scenario, contestant, { slices, rival, commands }) {
  return {
    scenario,
    contestant,
    rate: summarize(slices.map(({ rate }) => rate)),
    time: summarize(slices.map(({ rate }) => 1e6 / rate)),
    cpu: summarize(slices.map(({ cpu }) => cpu)),
    commands,
    ratio: summarize(slices.map(({ rate }, round) => rate / (rival?.[round]?.rate ?? Number.NaN))),
    bar: bars[scenario] ?? {},
  };
}
