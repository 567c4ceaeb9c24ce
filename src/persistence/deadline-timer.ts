/** The longest delay of a Node timer, in ms: a longer one fires at once. */
export const MAX_DELAY: number = 2 ** 31 - 1;

/** ms that a timer waits at least: the app's clock may stand still, or a store may lag behind it. */
const MIN_DELAY = 100;

/** Calls back once the application's clock has reached an instant. It does not keep the process alive. */
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
