import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';

const PAGE = new URL('../docs/benchmarks.md', import.meta.url);
/** Where the figures are kept. */
export const RESULTS = new URL('results/', import.meta.url);

/**
 * Keeps the results, and puts the tables into the page of benchmarks.
 *
 * @param {'stores' | 'scale' | 'owners' | 'sealed'} name
 * @param {{ facts: { node: string }, [figures: string]: unknown }} results
 * @param {string} text Markdown
 */
export async function publish(name, results, text) {
  await keep(name, results);
  await writeSection(name, text);
}

/**
 * @param {string} name
 * @param {{ facts: { node: string }, [figures: string]: unknown }} results
 */
export async function keep(name, results) {
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${name}-${Number.parseInt(results.facts.node, 10)}.json`, RESULTS);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}

/**
 * @param {string} name of the section
 * @param {string} text Markdown
 */
export async function writeSection(name, text) {
  const page = await readFile(PAGE, 'utf8');
  await writeFile(PAGE, replaceSection(page, name, text));
}

/**
 * What is kept of each Node, in their order, with a table of it.
 *
 * @template Row
 * @param {string} prefix of the results' files
 * @param {(rows: Row[]) => string} tableOf Markdown
 */
export async function tablesByNode(prefix, tableOf) {
  const majors = (await readdir(RESULTS))
    .filter(file => file.startsWith(prefix) && /^\d+\.json$/.test(file.slice(prefix.length)))
    .map(file => Number.parseInt(file.slice(prefix.length), 10))
    .sort((a, b) => a - b);
  const tables = majors.map(async major => {
    const { facts, rows } = JSON.parse(await readFile(new URL(`${prefix}${major}.json`, RESULTS), 'utf8'));
    return `Node ${facts.node}, ${facts.cpu}:\n\n${tableOf(rows)}`;
  });
  return (await Promise.all(tables)).join('\n\n');
}

/**
 * @param {string} page
 * @param {string} name of the section: what stands between two comments that name it
 * @param {string} text
 */
function replaceSection(page, name, text) {
  const [begin, end] = [`<!-- ${name}: written by the benchmark -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no section ${name}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
