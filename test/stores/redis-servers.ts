import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../harness/free-port.js';
import { until } from '../harness/until.js';

/** Why the tests with servers of their own are skipped here; with CI set nothing is. */
export const missing: string | false =
  process.env.CI !== 'true' && spawnSync('redis-server', ['--version']).error
    ? 'redis-server is not installed'
    : false;

/** A server of the test's own, in a folder of its own. */
export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  return launch(port, ['--port', String(port), '--save', '', ...settings]);
}

/** A Sentinel that watches this server under the name `main`. */
export async function startSentinel(watched: RedisServer): Promise<RedisServer> {
  const port = await freePort();
  const config = `port ${port}\nsentinel monitor main 127.0.0.1 ${watched.port} 1\n`;
  return launch(port, ['sentinel.conf', '--sentinel'], { 'sentinel.conf': config });
}

export interface RedisCluster {
  /** Of its three masters. */
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

export async function startCluster(): Promise<RedisCluster> {
  const busPorts = await Promise.all([freePort(), freePort(), freePort()]);
  const servers = await Promise.all(
    busPorts.map(bus => startRedis('--cluster-enabled', 'yes', '--cluster-port', String(bus))),
  );
  const ports = servers.map(({ port }) => port);
  await introduce(ports, busPorts);
  return {
    ports,
    stop: async () => {
      await Promise.all(servers.map(server => server.stop()));
    },
  };
}

/** The three servers' slots: 0-5460, 5461-10922, 10923-16383. */
const SLOTS = [0, 5461, 10_923, 16_384];

async function introduce(ports: readonly number[], busPorts: readonly number[]): Promise<void> {
  const nodes = ports.map(port => new Redis(port));
  for (const [i, node] of nodes.entries()) {
    await node.call('CLUSTER', 'ADDSLOTSRANGE', Number(SLOTS[i]), Number(SLOTS[i + 1]) - 1);
    await node.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await node.call('CLUSTER', 'MEET', '127.0.0.1', Number(ports[0]), Number(busPorts[0]));
  }
  await Promise.all(nodes.map(untilMet));
  for (const node of nodes) node.disconnect();
}

function untilMet(node: Redis): Promise<void> {
  return until(async () => {
    const info = String(await node.call('CLUSTER', 'INFO'));
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
  });
}

async function launch(
  port: number,
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-redis-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const child = spawn('redis-server', args, { cwd: folder, stdio: 'ignore' });
  const ended = once(child, 'exit').then(() => rmSync(folder, { recursive: true, force: true }));
  await untilReady(port);
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function untilReady(port: number): Promise<void> {
  const probe = new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: 200 });
  // What is refused while the server starts is tried again.
  probe.on('error', () => {});
  await probe.ping();
  probe.disconnect();
}
