import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url);
const RESULTS = new URL('../results/', import.meta.url);

/** What the figures were measured on, and how busy that was with other things. */
export async function gatherFacts() {
  const packages = [
    'koa',
    'koa-session',
    'koa-redis',
    'express-session',
    'connect-redis',
    'ioredis',
    'redis',
    'pg',
    'mysql2',
  ];
  const versions = await Promise.all(
    packages.map(async name => [name, await versionOf(`node_modules/${name}/`)]),
  );
  return {
    node: process.versions.node,
    packages: Object.fromEntries(versions),
    redis: firstLine('redis-server', '--version'),
    postgres: firstLine('psql', '--version'),
    mysql: firstLine('mariadb', '--version'),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memory: os.totalmem(),
    platform: `${os.platform()} ${os.release()} ${os.arch()}`,
    load: os.loadavg(),
    measuredAt: new Date().toISOString(),
  };
}

/** @param {Awaited<ReturnType<typeof gatherFacts>>} facts */
export function heading({ node, cpu, cores, memory, platform, load, measuredAt }) {
  const [minute = 0] = load;
  return (
    `Node ${node}, ${cpu}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${platform}, ${measuredAt.slice(0, 10)}; ` +
    `when it began, the load of the machine (processes that wanted to run, in the minute before) was ${minute.toFixed(1)}.`
  );
}

/**
 * Keeps the results, and puts the tables into the page of benchmarks.
 *
 * @param {'stores' | 'scale' | 'owners'} name
 * @param {{ facts: { node: string }, [figures: string]: unknown }} results
 * @param {string} text Markdown
 */
export async function publish(name, results, text) {
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${name}-${Number.parseInt(results.facts.node, 10)}.json`, RESULTS);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  const page = await readFile(PAGE, 'utf8');
  await writeFile(PAGE, replaceSection(page, name, text));
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

/** @param {string} folder */
async function versionOf(folder) {
  return JSON.parse(await readFile(new URL(`../../${folder}package.json`, import.meta.url), 'utf8')).version;
}

/** @param {string} command @param {string[]} args */
function firstLine(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return 'not installed';
  }
}
