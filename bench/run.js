/** What a session costs above bare Koa, in koa-session and in sojourn. README.md beside this file says how to run it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { chart } from './chart.js';
import { measure, nodeFacts } from './measure.js';
import { tablesByNode, writeSection } from './page.js';
import { modes, scenarios } from './scenarios.js';
import { measureSealed, publishSealed, sealedTable } from './sealed/measure.js';
import { barsTable, table } from './table.js';

const THOROUGH = { warmup: 30, rounds: 40, batches: 3, requests: 1000, windows: 15, windowRequests: 4000 };
const QUICK = { warmup: 2, rounds: 3, batches: 1, requests: 50, windows: 1, windowRequests: 200 };

/** What can be named: the scenarios, and the cost of `sealed()`, which is none. */
const MEASURED = { ...scenarios, sealed: {} };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    only: { type: 'string', default: Object.keys(MEASURED).join() },
    mode: { type: 'string', default: Object.keys(modes).join() },
    control: { type: 'boolean', default: false },
    floor: { type: 'boolean', default: false },
  },
});
const chosen = names(flags.only, MEASURED);
const only = chosen.filter(name => name !== 'sealed');
const inModes = names(flags.mode, modes);
const contestant = flags.control ? 'koa-session' : flags.floor ? './floor.js' : 'sojourn';
const effort = flags.quick ? QUICK : THOROUGH;

/** @type {import('./measure.js').Row[]} */
const rows = [];
for (const mode of inModes) {
  for (const scenario of only.filter(name => (scenarios[name]?.mode ?? mode) === mode)) {
    process.stderr.write(`${mode} ${scenario}\n`);
    rows.push(await measure({ mode, scenario, contestant }, flags.node, effort));
  }
}

const facts = await gatherFacts();
process.stdout.write(`${heading(facts)}\n`);
if (rows.length > 0) process.stdout.write(`\n${table(rows, contestant)}\n`);
if (chosen.includes('sealed')) {
  const sealed = await measureSealed(flags.node, effort);
  process.stdout.write(`\n${sealedTable(sealed)}\n`);
  if (!flags.quick) await publishSealed(facts, sealed);
}
const complete =
  only.length === Object.keys(scenarios).length && inModes.length === Object.keys(modes).length;
if (complete && !flags.quick && contestant === 'sojourn') await publish();

/**
 * @param {string} list
 * @param {object} known
 */
function names(list, known) {
  const chosen = list.split(',');
  const stranger = chosen.find(name => !Object.hasOwn(known, name));
  if (stranger !== undefined) throw new TypeError(`${stranger} is none of ${Object.keys(known).join(', ')}`);
  return chosen;
}

async function gatherFacts() {
  return {
    ...(await nodeFacts(flags.node)),
    koa: await versionOf('../node_modules/koa/'),
    'koa-session': await versionOf('../node_modules/koa-session/'),
    sojourn: await versionOf('../'),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    platform: `${os.platform()} ${os.arch()}`,
    measuredAt: new Date().toISOString(),
    effort,
  };
}

/** @param {string} folder */
async function versionOf(folder) {
  return JSON.parse(await readFile(new URL(`${folder}package.json`, import.meta.url), 'utf8')).version;
}

/** @param {Awaited<ReturnType<typeof gatherFacts>>} facts */
function heading(facts) {
  return `Node ${facts.node}, Koa ${facts.koa}, koa-session ${facts['koa-session']}, ${facts.cpu}`;
}

/** Only a whole run replaces the published figures. */
async function publish() {
  const results = new URL('results/', import.meta.url);
  const docs = new URL('../docs/', import.meta.url);
  await Promise.all([mkdir(results, { recursive: true }), mkdir(docs, { recursive: true })]);
  await writeFile(
    new URL(`${Number.parseInt(facts.node, 10)}.json`, results),
    `${JSON.stringify({ facts, rows }, null, 2)}\n`,
  );
  await writeFile(new URL('bench.svg', docs), chart(rows, heading(facts)));
  await writeSection('session', await tablesByNode('', barsTable));
}
