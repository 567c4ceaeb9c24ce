import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { raceForMemory, raceForTime } from './race.js';
import { bars, scenarios } from './scenarios.js';
import { summarize } from './statistics.js';

/**
 * @typedef {import('./statistics.js').Summary} Summary
 *
 * @typedef {object} Cost of one request, that of a bare Koa taken off
 * @property {Summary} time in microseconds
 * @property {number} bytes allocated
 * @property {number} storeCalls
 *
 * @typedef {object} Row
 * @property {string} mode
 * @property {string} scenario
 * @property {string} title
 * @property {{ time: Summary, bytes: number }} bare what a request costs in Koa alone
 * @property {Cost} koaSession
 * @property {Cost} sojourn
 * @property {{ time: Summary, bytes: number }} ratio sojourn / koa-session; that of time is taken round by round
 * @property {import('./scenarios.js').Bar} bar
 */

/**
 * @param {{ mode: string, scenario: string, contestant: string }} what `contestant` runs in sojourn's place
 * @param {string} node path of the binary that runs the contestants
 * @param {import('./race.js').Effort} effort
 * @returns {Promise<Row>}
 */
export async function measure({ mode, scenario, contestant }, node, effort) {
  const tasks = ['koa', 'koa-session', contestant].map(name => ({ contestant: name, mode, scenario }));
  const [bareTimes = [], ...times] = await raceForTime(tasks, node, effort);
  const [bareMemory, ...memory] = await raceForMemory(tasks, node, effort);
  const overheads = times.map(rounds => rounds.map((time, round) => time - (bareTimes[round] ?? 0)));
  const [koaSession, sojourn] = overheads.map((rounds, index) => ({
    time: summarize(rounds),
    bytes: memory[index].bytes - bareMemory.bytes,
    storeCalls: memory[index].storeCalls,
  }));
  return {
    mode,
    scenario,
    title: scenarios[scenario]?.title ?? scenario,
    bare: { time: summarize(bareTimes), bytes: bareMemory.bytes },
    koaSession,
    sojourn,
    ratio: {
      time: summarize(overheads[1].map((time, round) => time / overheads[0][round])),
      bytes: sojourn.bytes / koaSession.bytes,
    },
    bar: bars[mode]?.[scenario] ?? {},
  };
}

/**
 * @param {string} node
 * @returns {Promise<{ node: string, v8: string }>}
 */
export async function nodeFacts(node) {
  const { stdout } = await promisify(execFile)(node, ['-p', 'JSON.stringify(process.versions)']);
  const versions = JSON.parse(stdout);
  return { node: versions.node, v8: versions.v8 };
}
