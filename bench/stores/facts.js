import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';

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
