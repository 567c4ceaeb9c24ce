import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A contestant in a process of its own: it says once that it is ready, and then answers what it is asked. */
export class Forked {
  #child;
  #dead = new AbortController();
  /** What it said when it was ready. @type {any} */
  greeting;

  /**
   * @param {string} script gets the task as JSON, its only argument; it must leave when its parent does
   * @param {{ contestant: string, [parameter: string]: unknown }} task
   * @param {{ node?: string, flags?: string[] }} [options]
   */
  constructor(script, task, { node = process.execPath, flags = [] } = {}) {
    this.#child = fork(script, [JSON.stringify(task)], { execPath: node, execArgv: flags });
    this.#child.once('exit', code => this.#dead.abort(new Error(`${task.contestant} exited with ${code}`)));
  }

  /** Waits until it is ready. */
  async greet() {
    this.greeting = await this.#answer();
  }

  /**
   * @param {string} command
   * @param {object} [parameters]
   * @returns {Promise<any>}
   */
  ask(command, parameters) {
    this.#child.send({ command, ...parameters });
    return this.#answer();
  }

  async leave() {
    if (this.#dead.signal.aborted) return;
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }

  async #answer() {
    const [message] = await once(this.#child, 'message', { signal: this.#dead.signal });
    return message;
  }
}

/**
 * Runs `work` with all contestants alive, each of which has said that it is ready.
 *
 * @template T
 * @param {Forked[]} contestants
 * @param {(contestants: Forked[]) => Promise<T>} work
 */
export async function withForked(contestants, work) {
  try {
    await Promise.all(contestants.map(contestant => contestant.greet()));
    return await work(contestants);
  } finally {
    await Promise.all(contestants.map(contestant => contestant.leave()));
  }
}

/**
 * What `measure` answers: for each contestant one result a round. Every round begins with another contestant, so
 * that what the machine does besides hits all alike.
 *
 * @template C, T
 * @param {C[]} contestants
 * @param {number} rounds
 * @param {(contestant: C) => Promise<T>} measure
 * @returns {Promise<T[][]>}
 */
export async function takeTurns(contestants, rounds, measure) {
  const results = contestants.map(() => /** @type {T[]} */ ([]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length;
      results[index]?.push(await measure(/** @type {C} */ (contestants[index])));
    }
  }
  return results;
}
