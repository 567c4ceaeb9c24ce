/** ms that a timer of Node's can wait: beyond 32 bits it fires at once. */
export const MAX_DELAY: number = 2 ** 31 - 1;

/** A clock other than the machine's may stand still, and a store may be behind it: whoever asks again waits so long. */
const MIN_DELAY = 100;

/** Calls back once an instant has come by the application's clock. It keeps no process alive. */
export class DeadlineTimer {
  readonly #clock: () => number;
  readonly #onTime: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: () => number, onTime: () => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** @param at epoch ms; undefined: never */
  set(at: number | undefined): void {
    this.clear();
    if (at === undefined) return;
    const wait = Math.min(Math.max(at - this.#clock(), MIN_DELAY), MAX_DELAY);
    this.#timer = setTimeout(() => this.#fire(at), wait).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #fire(at: number): void {
    if (this.#clock() < at) this.set(at);
    else this.#onTime();
  }
}
