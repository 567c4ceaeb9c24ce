import { markdown } from '../table.js';
import { SESSIONS_EACH } from './population.js';

/** Among many accounts a call may take so many times as long as among few, in the worst of a hundred. */
const BAR = 2;

/** @param {import('./measure.js').Result[]} results */
export function table(results) {
  const head = ['', 'accounts', 'sessions', 'list p50 µs', 'p99', 'endAll p50 µs', 'p99'];
  const rows = results.flatMap(({ database, few, many }) =>
    [few, many].map(speed => [database, ...cells(speed)]),
  );
  const ratios = results.map(({ database, few, many }) => [
    `${database}, ratio`,
    (many.owners / few.owners).toFixed(0),
    '',
    (many.list.p50 / few.list.p50).toFixed(2),
    verdict(many.list.p99 / few.list.p99),
    (many.endAll.p50 / few.endAll.p50).toFixed(2),
    verdict(many.endAll.p99 / few.endAll.p99),
  ]);
  return markdown([head, ...rows, ...ratios]);
}

/** @param {import('./measure.js').Speed} speed */
function cells({ owners, list, endAll }) {
  const figures = [list.p50, list.p99, endAll.p50, endAll.p99];
  return [
    owners.toLocaleString('en'),
    (owners * SESSIONS_EACH).toLocaleString('en'),
    ...figures.map(figure => figure.toFixed(0)),
  ];
}

/** @param {number} ratio */
function verdict(ratio) {
  return `${ratio.toFixed(2)}, ≤ ${BAR} ${ratio <= BAR ? 'met' : 'NOT MET'}`;
}
