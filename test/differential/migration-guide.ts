import { AREAS, type Difference } from './differences.js';

/** The table of docs/migrating-from-koa-session.md: the list of the intended differences, in words. */

const BEGIN = /<!-- differences: [^>]* -->\n/;
const END = '<!-- /differences -->';

/** The guide, its table written anew from the list. */
export function withTable(guide: string, differences: readonly Difference[]): string {
  const begin = BEGIN.exec(guide);
  const end = guide.indexOf(END);
  if (!begin || end < 0) throw new Error('the guide has no place for the table');
  return guide.slice(0, begin.index + begin[0].length) + tables(differences) + guide.slice(end);
}

function tables(differences: readonly Difference[]): string {
  return AREAS.map(area => {
    const rows = differences.filter(difference => difference.area === area).map(row);
    return `\n### ${area}\n\n| koa-session | sojourn | why |\n| --- | --- | --- |\n${rows.join('')}`;
  })
    .join('')
    .concat('\n');
}

function row({ koaSession, sojourn, why }: Difference): string {
  return `| ${[koaSession, sojourn, why].map(cell).join(' | ')} |\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
