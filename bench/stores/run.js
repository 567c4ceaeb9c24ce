/** What each store costs a request, beside koa-session with koa-redis and express-session with connect-redis. */
import { parseArgs } from 'node:util';
import { publish } from '../page.js';
import { contestants } from './contestants.js';
import { missing } from './databases.js';
import { gatherFacts, heading } from './facts.js';
import { measure, measureConflicts } from './measure.js';
import { RedisServer } from './redis-server.js';
import { scenarios } from './scenarios.js';
import { tables } from './table.js';

const THOROUGH = { visitors: 16, warmup: 1000, rounds: 30, slice: 250 };
const QUICK = { visitors: 4, warmup: 20, rounds: 2, slice: 20 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(scenarios).join() },
    among: { type: 'string', default: Object.keys(contestants).join() },
  },
});
const effort = flags.quick ? QUICK : THOROUGH;
const facts = await gatherFacts();
const names = await available(chosen(flags.among, contestants));
const redis = await RedisServer.start();
const { rows, conflicts } = await measureAll().finally(() => redis.stop());

const text = `${heading(facts)}\n\n${tables(rows, conflicts)}`;
process.stdout.write(`${text}\n`);
const isWhole =
  names.length === Object.keys(contestants).length &&
  rows.length === names.length * Object.keys(scenarios).length;
if (isWhole && !flags.quick) await publish('stores', { facts: { ...facts, effort }, rows, conflicts }, text);

async function measureAll() {
  const rows = [];
  for (const scenario of chosen(flags.only, scenarios)) {
    process.stderr.write(`${scenario}\n`);
    rows.push(...(await measure(scenario, names, { redis, effort })));
  }
  const conflicts = await measureConflicts(
    names.filter(name => name.startsWith('sojourn/')),
    redis,
  );
  return { rows, conflicts };
}

/** @param {string} list @param {object} known */
function chosen(list, known) {
  const names = list.split(',');
  const stranger = names.find(name => !Object.hasOwn(known, name));
  if (stranger !== undefined) throw new TypeError(`${stranger} is none of ${Object.keys(known).join(', ')}`);
  return names;
}

/** Those whose server is there. @param {string[]} names */
async function available(names) {
  const available = [];
  for (const name of names) {
    const why = await missing(name.replace('sojourn/', ''));
    if (why === undefined) available.push(name);
    else process.stdout.write(`${name} is left out: ${why}\n`);
  }
  return available;
}
