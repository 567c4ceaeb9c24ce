/**
 * The driver call at which a process is to die: before it is sent, or once its answer is there and nobody has it yet.
 */
export interface Crash {
  /** The first call is 1. */
  readonly at: number;
  readonly moment: 'unsent' | 'answered';
}

/** Lets a client's calls through, until the one at which this process dies: by SIGKILL, as from outside. */
export class Fuse {
  #crash: Crash | undefined;
  #calls = 0;

  /** Counts from now on. */
  light(crash: Crash): void {
    this.#crash = crash;
    this.#calls = 0;
  }

  /** @param didNothing true for the error of a call that need not count: the client tries another way */
  async through<T>(call: () => Promise<T>, didNothing = (_: unknown) => false): Promise<T> {
    const isLast = this.#isLast();
    if (isLast && this.#crash?.moment === 'unsent') die();
    try {
      const answer = await call();
      if (isLast) die();
      return answer;
    } catch (error) {
      if (didNothing(error)) this.#calls--;
      else if (isLast) die();
      throw error;
    }
  }

  /** For a client that answers at once. */
  throughAtOnce<T>(call: () => T): T {
    const isLast = this.#isLast();
    if (isLast && this.#crash?.moment === 'unsent') die();
    try {
      return call();
    } finally {
      if (isLast) die();
    }
  }

  #isLast(): boolean {
    this.#calls++;
    return this.#calls === this.#crash?.at;
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal may reach another thread first.
  for (;;) {}
}
