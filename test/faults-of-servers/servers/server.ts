import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** A database server of a test's own: on a free port, with its data in a folder that outlives a crash. */
export interface Server {
  readonly port: number;
  /** SIGKILL: nothing is flushed, nobody is told. */
  crash(): Promise<void>;
  /** Starts it again, on the same port and the same data. */
  start(): Promise<void>;
  connections(): Promise<number>;
  /** Ends it for good, and removes its folder. */
  remove(): Promise<void>;
}

/** A test file that is ended before its time leaves none behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// As the test runner ends a file that takes too long.
process.once('SIGTERM', () => process.exit(143));

/** A server's process, with what it wrote to its console. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #log = '';

  constructor(command: string, args: readonly string[], folder: string) {
    this.#child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.#child, 'exit');
    running.add(this.#child);
    this.#child.once('exit', () => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', text => {
        this.#log = (this.#log + text).slice(-4000);
      });
    }
  }

  get pid(): number {
    return Number(this.#child.pid);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** @throws an `Error` with what the server said, where the probe fails for half a minute */
  async untilUp(probe: () => Promise<unknown>): Promise<void> {
    for (const deadline = Date.now() + 30_000; ; await delay(50)) {
      try {
        await probe();
        return;
      } catch (cause) {
        if (Date.now() > deadline) throw new Error(`the server did not come up: ${this.#log}`, { cause });
      }
    }
  }
}
