/** What it costs to list an account's sessions, and to end them all, among few accounts and among many. */
import { parseArgs } from 'node:util';
import { publish } from '../page.js';
import { missing } from './databases.js';
import { gatherFacts, heading } from './facts.js';
import { measure } from './owners/measure.js';
import { table } from './owners/table.js';
import { places } from './places.js';

const FEW = 100;
const MANY = 100_000;
const THOROUGH = { warmup: 500, rounds: 40, lists: 100, ends: 50 };
const QUICK = { warmup: 20, rounds: 2, lists: 20, ends: 10 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    owners: { type: 'string', default: String(MANY) },
    only: { type: 'string', default: Object.keys(places).join() },
  },
});
const many = Number(flags.owners);
const few = Math.min(FEW, Math.ceil(many / 2));
const effort = flags.quick ? QUICK : THOROUGH;
const facts = await gatherFacts();

const results = [];
for (const database of flags.only.split(',')) {
  const why = await missing(database);
  if (why === undefined) results.push(await measure(database, { few, many, effort }));
  else process.stdout.write(`${database} is left out: ${why}\n`);
}

const text = `${heading(facts)}\n\n${table(results)}`;
process.stdout.write(`${text}\n`);
const isWhole = results.length === Object.keys(places).length && many === MANY;
if (isWhole && !flags.quick) await publish('owners', { facts: { ...facts, effort }, results }, text);
