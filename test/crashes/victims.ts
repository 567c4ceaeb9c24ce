import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Browser } from '../harness/browser.js';
import type { CrashSpec } from './clients.js';
import type { Crash } from './fuse.js';
import type { SiteOptions } from './site.js';

/** A request that is to crash the process that serves it. */
export interface Attempt {
  readonly visitor: Browser;
  readonly path: string;
  readonly options: SiteOptions;
  readonly crash: Crash;
}

/** Processes to crash: while one is used, the next is started. */
export class Victims {
  readonly #spec: CrashSpec;
  #next: Promise<Victim>;

  constructor(spec: CrashSpec) {
    this.#spec = spec;
    this.#next = Victim.start(spec);
  }

  /** True where the process died; false where it answered before it came to that call. */
  async attempt(attempt: Attempt): Promise<boolean> {
    const victim = await this.#next;
    const isDead = await victim.attempt(attempt);
    if (isDead) this.#next = Victim.start(this.#spec);
    return isDead;
  }

  async end(): Promise<void> {
    (await this.#next).kill();
  }
}

class Victim {
  readonly #child: ChildProcess;
  readonly #base: string;
  readonly #ended: Promise<[code: number | null, signal: string | null]>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#base = `http://127.0.0.1:${port}`;
    this.#ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  }

  static async start(spec: CrashSpec): Promise<Victim> {
    const child = fork(new URL('victim.js', import.meta.url));
    child.send(spec);
    const failed = once(child, 'exit').then(([code]) => assert.fail(`the process did not start: ${code}`));
    const [port] = (await Promise.race([once(child, 'message'), failed])) as [number];
    failed.catch(() => {});
    return new Victim(child, port);
  }

  async attempt({ visitor, path, options, crash }: Attempt): Promise<boolean> {
    this.#child.send({ options, crash });
    await once(this.#child, 'message');
    const browser = new Browser(this.#base, 30_000);
    const answering = browser.get(path, { cookie: visitor.cookieHeader }).catch(() => undefined);
    const answer = await answering;
    if (answer) {
      assert.equal(answer.status, 200, answer.body);
      return false;
    }
    const [, signal] = await this.#ended;
    assert.equal(signal, 'SIGKILL');
    return true;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
