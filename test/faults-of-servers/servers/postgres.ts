import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../harness/free-port.js';
import { type Server, ServerProcess } from './server.js';

const VERSIONS = '/usr/lib/postgresql';

const bin: string | undefined = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .map(version => join(VERSIONS, version, 'bin'))
      .find(folder => existsSync(join(folder, 'initdb')))
  : undefined;

/** Why there can be no PostgreSQL of a test's own; with CI set there must. */
export const missingPostgres: string | false =
  process.env.CI !== 'true' && bin === undefined ? `no initdb in ${VERSIONS}/*/bin` : false;

/** PostgreSQL refuses to run as root. */
const isRoot = process.getuid?.() === 0;

/** A PostgreSQL of a test's own. */
export class PostgresServer implements Server {
  readonly port: number;
  readonly #folder: string;
  #process: ServerProcess;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#process = this.#spawn();
  }

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'sojourn-postgres-'));
    if (isRoot) chownSync(folder, idOfPostgres('-u'), idOfPostgres('-g'));
    const [command, ...args] = asPostgres(
      'initdb',
      '-D',
      folder,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
    );
    const made = spawnSync(command, args, { encoding: 'utf8', cwd: '/' });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
    const server = new PostgresServer(await freePort(), folder);
    await server.#untilUp();
    return server;
  }

  get address(): { host: string; port: number; user: string; database: string } {
    return { host: '127.0.0.1', port: this.port, user: 'postgres', database: 'postgres' };
  }

  /** The postmaster alone is killed; its children see it and end. */
  async crash(): Promise<void> {
    await this.#process.kill();
  }

  async start(): Promise<void> {
    this.#process = this.#spawn();
    await this.#untilUp();
  }

  async connections(): Promise<number> {
    const rows = await this.#query("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'");
    return rows.length;
  }

  async remove(): Promise<void> {
    await this.#process.kill();
    rmSync(this.#folder, { recursive: true, maxRetries: 20, retryDelay: 100 });
  }

  async #query(text: string): Promise<unknown[]> {
    const client = new Client(this.address);
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query(text)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }

  #spawn(): ServerProcess {
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${this.port}`];
    const [command, ...args] = asPostgres(
      'postgres',
      '-D',
      this.#folder,
      ...settings.flatMap(one => ['-c', one]),
    );
    return new ServerProcess(command, args, '/');
  }

  #untilUp(): Promise<void> {
    return this.#process.untilUp(() => this.#query('SELECT 1'));
  }
}

/** By `setpriv`, which becomes the command: a signal reaches it. */
function asPostgres(program: string, ...args: string[]): [string, ...string[]] {
  const path = join(bin ?? '', program);
  if (!isRoot) return [path, ...args];
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', path, ...args];
}

function idOfPostgres(which: '-u' | '-g'): number {
  return Number(spawnSync('id', [which, 'postgres'], { encoding: 'utf8' }).stdout);
}
