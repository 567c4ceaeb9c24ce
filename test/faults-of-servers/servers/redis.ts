import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../harness/free-port.js';
import { type Server, ServerProcess } from './server.js';

/** A Redis of a test's own. */
export class RedisServer implements Server {
  readonly port: number;
  readonly #args: readonly string[];
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'sojourn-redis-'));
  #process: ServerProcess;

  private constructor(port: number, args: readonly string[], config?: string) {
    this.port = port;
    this.#args = args;
    if (config) writeFileSync(join(this.#folder, 'redis.conf'), config);
    this.#process = this.#spawn();
  }

  static async start(...settings: string[]): Promise<RedisServer> {
    const port = await freePort();
    const server = new RedisServer(port, ['--port', String(port), '--save', '', ...settings]);
    await server.#untilUp();
    return server;
  }

  /** A Sentinel that watches this server under the name `main`, and needs nobody's consent. */
  static async sentinel(watched: Server): Promise<RedisServer> {
    const port = await freePort();
    const config = [
      `port ${port}`,
      `sentinel monitor main 127.0.0.1 ${watched.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
    ];
    const server = new RedisServer(port, ['redis.conf', '--sentinel'], `${config.join('\n')}\n`);
    await server.#untilUp();
    return server;
  }

  async crash(): Promise<void> {
    await this.#process.kill();
  }

  async start(): Promise<void> {
    this.#process = this.#spawn();
    await this.#untilUp();
  }

  async connections(): Promise<number> {
    return String(await this.ask('CLIENT', 'LIST'))
      .trim()
      .split('\n').length;
  }

  /** Answers one command, by a connection of its own. */
  async ask(command: string, ...args: (string | number)[]): Promise<unknown> {
    const client = new Redis(this.port, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    try {
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  }

  async remove(): Promise<void> {
    await this.#process.kill();
    rmSync(this.#folder, { recursive: true });
  }

  #spawn(): ServerProcess {
    return new ServerProcess('redis-server', this.#args, this.#folder);
  }

  /** It answers from the first, but with an error while it reads its data. */
  #untilUp(): Promise<void> {
    return this.#process.untilUp(() => this.ask('PING'));
  }
}
