import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Browser } from '../harness/browser.js';
import type { StoreSpec } from './stores.js';

export interface ServiceOptions {
  readonly store: StoreSpec;
  /** ms. */
  readonly storeTimeout?: number | undefined;
  /** Whether sessions belong to their `user`, and how many a user may have. */
  readonly hasOwners?: boolean | undefined;
  readonly maxSessions?: { readonly limit: number; readonly policy: 'end-oldest' | 'refuse' } | undefined;
}

/** What a process of the service can be asked. */
export interface Question {
  readonly ask: keyof Answers;
  readonly pages?: number;
}

export interface Answers {
  /** How often two requests changed one session at once. */
  conflicts: number;
  /** Timers that are set, and sockets but for the visitors'. */
  resources: { timers: number; sockets: number };
  /** Of the SQLite file: sets the limit, or counts. */
  maxPages: number;
  pages: number;
}

/** A process that serves the app of `routes.ts`. */
export class Service {
  readonly base: string;
  readonly #child: ChildProcess;
  isStopped = false;
  /** What a process must never say: unhandled rejections, uncaught exceptions, warnings. */
  readonly alarms: string[];

  private constructor(base: string, child: ChildProcess, alarms: string[]) {
    this.base = base;
    this.#child = child;
    this.alarms = alarms;
  }

  static async start(options: ServiceOptions): Promise<Service> {
    const child = fork(new URL('serve.js', import.meta.url), { execArgv: ['--enable-source-maps'] });
    const alarms: string[] = [];
    child.on('message', ({ alarm }: { alarm?: string }) => alarm && alarms.push(alarm));
    child.on('exit', (code, signal) => alarms.push(`the process ended: ${signal ?? code}`));
    child.send(options);
    const port = await portOf(child);
    assert.ok(port, `the service did not start: ${alarms.join('\n')}`);
    return new Service(`http://127.0.0.1:${port}`, child, alarms);
  }

  /** A visitor without cookies, who waits this many ms for an answer. */
  visitor(patience = 30_000): Browser {
    return new Browser(this.base, patience);
  }

  async ask<Ask extends keyof Answers>(ask: Ask, more: Omit<Question, 'ask'> = {}): Promise<Answers[Ask]> {
    const ended = new AbortController();
    const end = () => ended.abort(new Error('the process ended, and answers nothing'));
    this.#child.once('exit', end);
    try {
      this.#child.send({ ask, ...more });
      for (;;) {
        const [message] = (await once(this.#child, 'message', { signal: ended.signal })) as [
          { answer?: Answers[Ask] },
        ];
        if ('answer' in message) return message.answer as Answers[Ask];
      }
    } finally {
      this.#child.off('exit', end);
    }
  }

  /** Without a farewell, as a crash would. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.#child.removeAllListeners('exit');
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Undefined where the process ended before it listened. */
function portOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise(resolve => {
    child.on('message', ({ port }: { port?: number }) => port && resolve(port));
    child.once('exit', () => resolve(undefined));
  });
}
