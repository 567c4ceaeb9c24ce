import { markdown } from '../table.js';

/** @param {import('./measure.js').Result[]} results */
export function tables(results) {
  return [
    `### Sessions, and what one costs\n\n${speedTable(results)}`,
    `### Removing the half that is over, while serving\n\n${removalTable(results)}`,
  ].join('\n\n');
}

/** @param {import('./measure.js').Result[]} results */
function speedTable(results) {
  const head = ['', 'sessions', 'bytes each', 'load p50 µs', 'p99', 'save p50 µs', 'p99', 'process MB'];
  const rows = results.flatMap(({ database, few, many }) =>
    [few, many].map(speed => [database, ...speedCells(speed)]),
  );
  const ratios = results.map(({ database, few, many }) => [
    `${database}, ratio`,
    (many.sessions / few.sessions).toFixed(0),
    ...[
      many.bytes / few.bytes,
      many.load.p50 / few.load.p50,
      many.load.p99 / few.load.p99,
      many.save.p50 / few.save.p50,
      many.save.p99 / few.save.p99,
      many.memory / few.memory,
    ].map(ratio => ratio.toFixed(2)),
  ]);
  return markdown([head, ...rows, ...ratios]);
}

/** @param {import('./measure.js').Speed} speed */
function speedCells({ sessions, bytes, load, save, memory }) {
  const figures = [bytes, load.p50, load.p99, save.p50, save.p99, memory / 1e6];
  return [sessions.toLocaleString('en'), ...figures.map(figure => figure.toFixed(0))];
}

/** @param {import('./measure.js').Result[]} results */
function removalTable(results) {
  const head = [
    '',
    'removed',
    's',
    'read p99 ms before',
    'during',
    'change p99 ms before',
    'during',
    'worst during',
  ];
  // At a small scale it may be over before anybody comes.
  const ms = (/** @type {number} */ microseconds) =>
    Number.isFinite(microseconds) ? (microseconds / 1000).toFixed(1) : 'nobody';
  const rows = results.map(({ database, removal: { sessions, ms: took, before, during } }) => [
    database,
    sessions.toLocaleString('en'),
    (took / 1000).toFixed(1),
    ms(before.read.p99),
    ms(during.read.p99),
    ms(before.change.p99),
    ms(during.change.p99),
    ms(Math.max(during.read.worst, during.change.worst)),
  ]);
  return markdown([head, ...rows]);
}
