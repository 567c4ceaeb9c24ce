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
 * @param {import('./statistics.js').Summary} summary
 * @param {number} digits
 */
function spread({ median, q1, q3 }, digits) {
  return `${median.toFixed(digits)} (${q1.toFixed(digits)}–${q3.toFixed(digits)})`;
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
