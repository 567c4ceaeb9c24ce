/** Shares of the drawing, in pixels. */
const WIDTH = 880;
const TOP = 92;
const PANEL = 430;
const LABELS = 150;
const BARS = 210;
const ROW = 44;
const THICKNESS = 14;

/** The colours come with a ground of their own, so that they are legible on a page of any colour. */
const STYLE = `
  svg { --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --theirs: #9aa4af; --ours: #0a7d5c }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #151b23; --ink: #f0f6fc; --faint: #9198a1; --line: #3d444d; --theirs: #6e7781; --ours: #3fcf9d }
  }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--ink) }
  .title { font-size: 16px; font-weight: 600 }
  .faint { fill: var(--faint) }
  .end { text-anchor: end }
  .theirs { fill: var(--theirs) }
  .ours { fill: var(--ours) }
  .axis, .spread { stroke: var(--line) }
  .spread { stroke: var(--ink) }`;

/**
 * The overhead per scenario as an SVG, signed cookies beside stored sessions.
 *
 * @param {import('./measure.js').Row[]} rows
 * @param {string} subtitle what was measured on
 */
export function chart(rows, subtitle) {
  const signed = rows.filter(row => row.mode === 'signed');
  const drawn = signed.map(row => row.scenario);
  const stored = rows.filter(row => row.mode === 'store' && drawn.includes(row.scenario));
  const panels = [
    { title: 'signed cookie', rows: signed },
    { title: 'store', rows: stored },
  ];
  const height = TOP + Math.max(...panels.map(panel => panel.rows.length)) * ROW + 16;
  const scale = BARS / Math.max(...panels.flatMap(panel => panel.rows.map(row => row.koaSession.time.q3)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="What a session costs per request, in microseconds above bare Koa">
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${height}" rx="8" style="fill: var(--ground)"/>
<text class="title" x="16" y="28">What a session costs per request, in µs above bare Koa</text>
<text class="faint" x="16" y="47">${escapeXml(subtitle)}. Medians and quartiles; less is better.</text>
${legend()}
${panels.map((panel, index) => drawPanel(panel, 16 + index * PANEL, scale)).join('\n')}
</svg>
`;
}

function legend() {
  return `<rect class="theirs" x="640" y="17" width="12" height="12"/><text x="658" y="28">koa-session</text>
<rect class="ours" x="750" y="17" width="12" height="12"/><text x="768" y="28">sojourn</text>`;
}

/**
 * @param {{ title: string, rows: import('./measure.js').Row[] }} panel
 * @param {number} x
 * @param {number} scale pixels per microsecond
 */
function drawPanel({ title, rows }, x, scale) {
  const axis = x + LABELS;
  const bottom = TOP + rows.length * ROW;
  return `<g><text class="faint" x="${axis}" y="${TOP - 12}">${title}</text>
<line class="axis" x1="${axis}" y1="${TOP - 4}" x2="${axis}" y2="${bottom - 8}"/>
${rows.map((row, index) => drawRow(row, { axis, y: TOP + index * ROW, scale })).join('\n')}</g>`;
}

/**
 * @param {import('./measure.js').Row} row
 * @param {{ axis: number, y: number, scale: number }} place
 */
function drawRow({ title, koaSession, sojourn }, place) {
  const below = { ...place, y: place.y + THICKNESS + 2 };
  return `<text class="end" x="${place.axis - 8}" y="${place.y + THICKNESS + 5}">${escapeXml(title)}</text>
${drawBar('theirs', koaSession.time, place)}
${drawBar('ours', sojourn.time, below)}`;
}

/**
 * @param {string} name
 * @param {import('./statistics.js').Summary} time
 * @param {{ axis: number, y: number, scale: number }} place
 */
function drawBar(name, { median, q1, q3 }, { axis, y, scale }) {
  const [length = 0, from = 0, to = 0] = [median, q1, q3].map(value => round(Math.max(0, value) * scale));
  const middle = y + THICKNESS / 2;
  return `<rect class="${name}" x="${axis}" y="${y}" width="${length}" height="${THICKNESS}"/>
<line class="spread" x1="${axis + from}" y1="${middle}" x2="${axis + to}" y2="${middle}"/>
<text x="${axis + to + 6}" y="${y + 11}">${median.toFixed(1)}</text>`;
}

/** @param {number} pixels */
function round(pixels) {
  return Math.round(pixels * 10) / 10;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
