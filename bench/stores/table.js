import { CANDIDATE, CONFLICT_BAR, RIVAL, scenarios } from './scenarios.js';

/**
 * @param {import('./measure.js').Row[]} rows
 * @param {{ contestant: string, roundTrips: number }[]} conflicts
 */
export function tables(rows, conflicts) {
  const named = Object.entries(scenarios).filter(([name]) => rows.some(row => row.scenario === name));
  return [
    ...named.map(
      ([name, { title }]) => `### ${title}\n\n${scenarioTable(rows.filter(row => row.scenario === name))}`,
    ),
    `### A change that another request overtook\n\n${conflictTable(conflicts)}`,
  ].join('\n\n');
}

/** @param {import('./measure.js').Row[]} rows */
function scenarioTable(rows) {
  const head = ['', 'requests/s', 'µs', 'CPU µs', 'commands', `× ${RIVAL}`, 'bar'];
  return markdown([head, ...rows.map(cells)]);
}

/** @param {import('./measure.js').Row} row */
function cells({ contestant, rate, time, cpu, commands, ratio, bar }) {
  return [
    contestant,
    spread(rate, 0),
    time.median.toFixed(0),
    cpu.median.toFixed(0),
    commandsOf(commands),
    contestant === RIVAL ? '1' : spread(ratio, 2),
    contestant === CANDIDATE ? verdicts({ ratio: ratio.median, commands: commands.sent }, bar) : '',
  ];
}

/** @param {import('./measure.js').Commands} commands */
function commandsOf({ sent, inScripts }) {
  return inScripts > 0 ? `${sent} (and ${inScripts} inside)` : String(sent);
}

/**
 * @param {{ ratio: number, commands: number }} measured
 * @param {{ ratio?: number, commands?: number }} bar
 */
function verdicts(measured, bar) {
  const verdict = (/** @type {string} */ text, /** @type {boolean} */ isMet) =>
    `${text} ${isMet ? 'met' : 'NOT MET'}`;
  return [
    bar.ratio === undefined ? [] : verdict(`≥ ${bar.ratio}`, measured.ratio >= bar.ratio),
    bar.commands === undefined
      ? []
      : verdict(`≤ ${bar.commands} commands`, measured.commands <= bar.commands),
  ]
    .flat()
    .join(', ');
}

/** @param {{ contestant: string, roundTrips: number }[]} conflicts */
function conflictTable(conflicts) {
  return markdown([
    ['', 'more round trips', 'bar'],
    ...conflicts.map(({ contestant, roundTrips }) => [
      contestant,
      String(roundTrips),
      `≤ ${CONFLICT_BAR} ${roundTrips <= CONFLICT_BAR ? 'met' : 'NOT MET'}`,
    ]),
  ]);
}

/**
 * @param {import('../statistics.js').Summary} summary
 * @param {number} digits
 */
export function spread({ median, q1, q3 }, digits) {
  return `${median.toFixed(digits)} (${q1.toFixed(digits)}–${q3.toFixed(digits)})`;
}

/**
 * A Markdown table that is legible as text too. The first column is for names, the others are for figures.
 *
 * @param {string[][]} lines the head first
 */
export function markdown([head = [], ...rows]) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map(line => line[column]?.length ?? 0)),
  );
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell, column) => cell[column === 0 ? 'padEnd' : 'padStart'](widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
