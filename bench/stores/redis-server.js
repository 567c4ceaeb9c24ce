import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis of our own, which keeps nothing on disk and ends with this process. */
export class RedisServer {
  /** @type {number} */
  port;
  /** A connection for what is not measured. */
  admin;
  #stop;

  /**
   * @param {number} port
   * @param {() => void} stop
   */
  constructor(port, stop) {
    this.port = port;
    this.#stop = stop;
    this.admin = new Redis(port, { retryStrategy: () => 50, maxRetriesPerRequest: 200 });
    // What is refused while the server starts is tried again.
    this.admin.on('error', () => {});
  }

  static async start() {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'sojourn-bench-redis-'));
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', settings, { cwd: folder, stdio: 'ignore' });
    child.once('error', error => {
      throw new Error('redis-server is needed: install it', { cause: error });
    });
    const stop = () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    };
    process.once('exit', stop);
    const server = new RedisServer(port, stop);
    await server.admin.ping();
    return server;
  }

  /**
   * How often each command was carried out, by the server's own count.
   *
   * @returns {Promise<Map<string, number>>}
   */
  async commandStats() {
    const text = await this.admin.info('commandstats');
    const lines = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    return new Map(Array.from(lines, ([, name = '', calls]) => [name, Number(calls)]));
  }

  /** @param {string} section of INFO @param {string} field */
  async info(section, field) {
    const text = await this.admin.info(section);
    return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1]);
  }

  /**
   * The commands that clients send while `work` runs, and how many commands the scripts among them run in the
   * server. The server's statistics count both alike; its monitor tells them apart, and the two must agree.
   *
   * @param {() => Promise<unknown>} work
   */
  async commandsDuring(work) {
    const monitor = await this.admin.monitor();
    /** @type {string[]} */
    const sent = [];
    let inScripts = 0;
    const end = randomUUID();
    const ended = new Promise(resolve => {
      monitor.on('monitor', (_time, [name, argument], source) => {
        if (argument === end) resolve(undefined);
        else if (source === 'lua') inScripts++;
        else if (name !== 'info') sent.push(name.toLowerCase());
      });
    });
    const before = await this.commandStats();
    await work();
    const after = await this.commandStats();
    await this.admin.echo(end);
    await ended;
    monitor.disconnect();
    requireAgreement(before, after, sent.length + inScripts);
    return { sent, inScripts };
  }

  stop() {
    this.admin.disconnect();
    this.#stop();
  }
}

/**
 * @param {Map<string, number>} before
 * @param {Map<string, number>} after
 * @param {number} seen
 */
function requireAgreement(before, after, seen) {
  let counted = 0;
  for (const [name, calls] of after) if (name !== 'info') counted += calls - (before.get(name) ?? 0);
  if (counted !== seen) throw new Error(`the server counts ${counted} commands, and its monitor ${seen}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
