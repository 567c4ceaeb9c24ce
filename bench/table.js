import { markdown, spread } from './stores/table.js';

/**
 * The rows as text in columns.
 *
 * @param {import('./measure.js').Row[]} rows
 * @param {string} contestant the name of the one in sojourn's place
 */
export function table(rows, contestant) {
  const head = [
    [
      '',
      '',
      'Koa',
      'koa-session',
      contestant,
      'ratio',
      'bar',
      'koa-session',
      contestant,
      'ratio',
      'bar',
      'store',
    ],
    [
      'mode',
      'scenario',
      'µs',
      '+µs (quartiles)',
      '+µs (quartiles)',
      '',
      '',
      '+bytes',
      '+bytes',
      '',
      '',
      'calls',
    ],
  ];
  const legend = [
    'µs and bytes per request; + is above bare Koa. Medians over the rounds; the ratio is that of the overheads,',
    `${contestant} / koa-session. Store calls per request: koa-session's, then ${contestant}'s.`,
  ];
  return [...align([...head, ...rows.map(cells)]), '', ...legend].join('\n');
}

/** @param {import('./measure.js').Row} row */
function cells({ mode, scenario, title, bare, koaSession, sojourn, ratio, bar }) {
  return [
    mode,
    `${scenario} ${title}`,
    bare.time.median.toFixed(1),
    spread(koaSession.time, 1),
    spread(sojourn.time, 1),
    spread(ratio.time, 2),
    verdict(ratio.time.median, bar.time),
    koaSession.bytes.toFixed(0),
    sojourn.bytes.toFixed(0),
    ratio.bytes.toFixed(2),
    verdict(ratio.bytes, bar.bytes),
    mode === 'store'
      ? `${koaSession.storeCalls}, ${sojourn.storeCalls} ${verdict(sojourn.storeCalls, bar.storeCalls)}`
      : '',
  ];
}

/**
 * The rows that have a bar, as Markdown.
 *
 * @param {import('./measure.js').Row[]} rows
 */
export function barsTable(rows) {
  const barred = rows.filter(({ bar }) => Object.keys(bar).length > 0);
  return markdown([
    ['', 'time, ratio (quartiles)', 'bar', 'bytes, ratio', 'bar', 'store calls', 'bar'],
    ...barred.map(({ mode, scenario, title, ratio, sojourn, bar }) => [
      `${mode}, ${scenario}: ${title}`,
      spread(ratio.time, 2),
      verdict(ratio.time.median, bar.time),
      ratio.bytes.toFixed(2),
      verdict(ratio.bytes, bar.bytes),
      String(sojourn.storeCalls),
      verdict(sojourn.storeCalls, bar.storeCalls),
    ]),
  ]);
}

/**
 * @param {number} measured
 * @param {number} [bar]
 */
function verdict(measured, bar) {
  if (bar === undefined) return '';
  return `≤ ${bar} ${measured <= bar ? 'met' : 'NOT MET'}`;
}

/** @param {string[][]} lines */
function align(lines) {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map(line => line[column]?.length ?? 0)),
  );
  return lines.map(line =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
