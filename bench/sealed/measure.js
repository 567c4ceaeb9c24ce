/** What sealing and opening a text costs, beside the bare primitives of node:crypto for the same bytes. */
import { fileURLToPath } from 'node:url';
import { Forked, takeTurns, withForked } from '../forked.js';
import { keep, tablesByNode, writeSection } from '../page.js';
import { median, summarize } from '../statistics.js';
import { markdown, spread } from '../stores/table.js';

const SCRIPT = fileURLToPath(new URL('contestant.js', import.meta.url));

/** What sealed() may cost, in terms of the primitives. */
const BAR = 1.3;

/**
 * @typedef {{ contestant: 'sealed' | 'primitives', operation: 'seal' | 'open', bytes: number }} Task
 *
 * @typedef {import('../statistics.js').Summary} Summary
 *
 * @typedef {object} Row
 * @property {Task['operation']} operation
 * @property {number} bytes of JSON
 * @property {Summary} primitives in microseconds
 * @property {Summary} sealed in microseconds
 * @property {Summary} ratio sealed / primitives, taken round by round
 */

/**
 * @param {string} node path of the binary that runs the contestants
 * @param {import('../race.js').Effort} effort
 */
export async function measureSealed(node, effort) {
  const rows = [];
  for (const bytes of [200, 2500]) {
    for (const operation of /** @type {const} */ (['seal', 'open'])) {
      rows.push(await measure({ operation, bytes }, node, effort));
    }
  }
  return rows;
}

/**
 * @param {Pick<Task, 'operation' | 'bytes'>} what
 * @param {string} node
 * @param {import('../race.js').Effort} effort
 * @returns {Promise<Row>}
 */
async function measure(what, node, { warmup, rounds, batches, requests }) {
  const forked = ['primitives', 'sealed'].map(
    contestant => new Forked(SCRIPT, { contestant, ...what }, { node }),
  );
  const [primitives = [], sealed = []] = await withForked(forked, async contestants => {
    for (const contestant of contestants) await contestant.ask('time', { batches: warmup, requests });
    return takeTurns(contestants, rounds, async contestant =>
      median(await contestant.ask('time', { batches, requests })),
    );
  });
  return {
    ...what,
    primitives: summarize(primitives),
    sealed: summarize(sealed),
    ratio: summarize(sealed.map((time, round) => time / (primitives[round] ?? Number.NaN))),
  };
}

/** @param {Row[]} rows */
export function sealedTable(rows) {
  return markdown([
    ['', 'bytes', 'node:crypto µs', 'sealed() µs', 'ratio', 'bar'],
    ...rows.map(({ operation, bytes, primitives, sealed, ratio }) => [
      operation,
      bytes.toLocaleString('en'),
      spread(primitives, 1),
      spread(sealed, 1),
      spread(ratio, 2),
      `≤ ${BAR} ${ratio.median <= BAR ? 'met' : 'NOT MET'}`,
    ]),
  ]);
}

/**
 * Keeps the rows, and shows them beside those of other Nodes.
 *
 * @param {{ node: string, cpu: string }} facts
 * @param {Row[]} rows
 */
export async function publishSealed(facts, rows) {
  await keep('sealed', { facts, rows });
  await writeSection('sealed', await tablesByNode('sealed-', sealedTable));
}
