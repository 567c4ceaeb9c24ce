/** What a store costs when it holds a million sessions, and to remove half of them while it serves. */
import { parseArgs } from 'node:util';
import { publish } from '../page.js';
import { missing } from './databases.js';
import { gatherFacts, heading } from './facts.js';
import { places } from './places.js';
import { measure } from './scale/measure.js';
import { tables } from './scale/table.js';

const MILLION = 1_000_000;
const THOROUGH = { warmup: 3000, rounds: 40, calls: 250, calm: 10_000 };
const QUICK = { warmup: 50, rounds: 2, calls: 50, calm: 200 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    sessions: { type: 'string', default: String(MILLION) },
    only: { type: 'string', default: Object.keys(places).join() },
  },
});
const many = Number(flags.sessions);
const few = Math.min(1000, Math.ceil(many / 2));
const effort = flags.quick ? QUICK : THOROUGH;
const facts = await gatherFacts();

const results = [];
for (const database of flags.only.split(',')) {
  const why = await missing(database);
  if (why === undefined) results.push(await measure(database, { few, many, effort }));
  else process.stdout.write(`${database} is left out: ${why}\n`);
}

const text = `${heading(facts)}\n\n${tables(results)}`;
process.stdout.write(`${text}\n`);
const isWhole = results.length === Object.keys(places).length && many === MILLION;
if (isWhole && !flags.quick) await publish('scale', { facts: { ...facts, effort }, results }, text);
