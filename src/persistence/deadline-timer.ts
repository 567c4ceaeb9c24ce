/** Beyond 32 bits a timer of Node's fires at once. */
const LONGEST = 2 ** 31 - 1;

/** A clock other than the machine's may stand still, and a store may be behind it: whoever asks again waits so long. */
const SHORTEST = 100;

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
    const wait = Math.min(Math.max(at - this.#clock(), SHORTEST), LONGEST);
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
