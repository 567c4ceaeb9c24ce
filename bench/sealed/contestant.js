/** Seals or opens one text over and over, and says how long it took: what ../forked.js starts. */
import { randomBytes } from 'node:crypto';
import { sealed } from 'sojourn';
import { primitives } from './primitives.js';

const NAME = 'koa.sess';

// Who asks may leave at any point, if another contestant has failed.
process.once('disconnect', () => process.exit());

/** @type {import('./measure.js').Task} */
const { contestant, operation, bytes } = JSON.parse(process.argv[2] ?? '{}');
const key = randomBytes(32);
const json = JSON.stringify({ text: 'x'.repeat(bytes - '{"text":""}'.length) });
const { seal, open } = contestant === 'sealed' ? ours() : primitives(key);
const text = seal(json);
if (Buffer.byteLength(json) !== bytes || open(text) !== json) throw new Error(`${contestant} does not open`);
const work = operation === 'seal' ? () => seal(json) : () => open(text);

process.on('message', (/** @type {any} */ { batches, requests }) => {
  process.send?.(Array.from({ length: batches }, () => time(requests)));
});
process.send?.('ready');

function ours() {
  const codec = sealed(key);
  const [symbol] = Object.getOwnPropertySymbols(codec);
  const seal = /** @type {any} */ (codec)[symbol];
  return {
    seal: (/** @type {string} */ json) => seal.seal(json, NAME),
    open: (/** @type {string} */ text) => seal.open(text, NAME).json,
  };
}

/** Microseconds of processor time. @param {number} times */
function time(times) {
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / times;
}
