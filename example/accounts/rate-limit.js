/** How many keys are remembered. Beyond it those that were tried longest ago are forgotten. */
const CAPACITY = 10_000;

/**
 * Limits how often something may be tried, for each key (an account, an address): `burst` times at once, and then once
 * per `interval`. It is a leaky bucket, kept as one instant a key: when all that was tried has leaked out.
 *
 * It counts in this process. Where there are several, each allows as much; a counter in Redis would serve them all.
 */
export class RateLimit {
  /** @type {Map<string, number>} */
  #emptyAt = new Map();
  #burst;
  #interval;
  #clock;

  /**
   * @param {object} options
   * @param {number} options.burst
   * @param {number} options.interval  Ms.
   * @param {() => number} options.clock
   */
  constructor({ burst, interval, clock }) {
    this.#burst = burst;
    this.#interval = interval;
    this.#clock = clock;
  }

  /**
   * Counts a try, before it is known how it goes: tries at the same time must not all count as the first.
   *
   * @param {string} key
   * @returns {number}  Ms to wait; 0: go ahead. One that has to wait is not counted.
   */
  take(key) {
    const now = this.#clock();
    const emptyAt = Math.max(this.#emptyAt.get(key) ?? 0, now);
    const wait = emptyAt - now - (this.#burst - 1) * this.#interval;
    if (wait > 0) return wait;
    this.forget(key);
    this.#emptyAt.set(key, emptyAt + this.#interval);
    if (this.#emptyAt.size > CAPACITY) this.forget(this.#emptyAt.keys().next().value ?? '');
    return 0;
  }

  /** @param {string} key */
  forget(key) {
    this.#emptyAt.delete(key);
  }
}
