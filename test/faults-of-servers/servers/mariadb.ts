import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { freePort } from '../../harness/free-port.js';
import { type Server, ServerProcess } from './server.js';

/** In a user's PATH it need not be. */
const MARIADBD = ['mariadbd', '/usr/sbin/mariadbd'].find(
  command => spawnSync(command, ['--no-defaults', '--version']).status === 0,
);

/** Why there can be no MariaDB of a test's own; with CI set there must. */
export const missingMariadb: string | false =
  process.env.CI !== 'true' && MARIADBD === undefined ? 'mariadbd is not installed' : false;

const USER = process.getuid?.() === 0 ? ['--user=root'] : [];

/** A MariaDB of a test's own. */
export class MariadbServer implements Server {
  readonly port: number;
  readonly #folder: string;
  #process: ServerProcess;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#process = this.#spawn();
  }

  static async start(): Promise<MariadbServer> {
    const folder = mkdtempSync(join(tmpdir(), 'sojourn-mariadb-'));
    const options = ['--no-defaults', `--datadir=${folder}`, '--auth-root-authentication-method=normal'];
    const made = spawnSync('mariadb-install-db', [...options, ...USER], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`);
    const server = new MariadbServer(await freePort(), folder);
    await server.#untilUp();
    await server.#query('CREATE DATABASE IF NOT EXISTS test');
    return server;
  }

  get address(): { host: string; port: number; user: string; database: string } {
    return { host: '127.0.0.1', port: this.port, user: 'root', database: 'test' };
  }

  async crash(): Promise<void> {
    await this.#process.kill();
  }

  async start(): Promise<void> {
    this.#process = this.#spawn();
    await this.#untilUp();
  }

  async connections(): Promise<number> {
    const rows = await this.#query("SELECT 1 FROM information_schema.processlist WHERE user = 'root'");
    return rows.length;
  }

  async remove(): Promise<void> {
    await this.#process.kill();
    rmSync(this.#folder, { recursive: true });
  }

  async #query(text: string): Promise<RowDataPacket[]> {
    const client = await createConnection({ host: '127.0.0.1', port: this.port, user: 'root' });
    try {
      return (await client.query<RowDataPacket[]>(text))[0];
    } finally {
      client.destroy();
    }
  }

  #spawn(): ServerProcess {
    const settings = [
      `--datadir=${this.#folder}`,
      `--port=${this.port}`,
      '--bind-address=127.0.0.1',
      `--socket=${this.#folder}/s`,
      '--skip-log-bin',
      '--innodb-buffer-pool-size=32M',
    ];
    return new ServerProcess(MARIADBD ?? '', ['--no-defaults', ...USER, ...settings], this.#folder);
  }

  #untilUp(): Promise<void> {
    return this.#process.untilUp(() => this.#query('SELECT 1'));
  }
}
