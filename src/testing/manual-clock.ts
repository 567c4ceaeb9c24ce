/** A clock that stands still until it is told. It fits the `clock` option, and `call.now` when it is called. */
export interface ManualClock {
  /** Epoch ms. */
  (): number;
  /** Moves the time on by this many ms; returns the new time. */
  advance(ms: number): number;
  /** Sets the time to this instant, in epoch ms. */
  set(at: number): void;
}

/**
 * A clock for tests.
 * @param start epoch ms. A store that expires what it holds by its own time as well needs one that is not long past.
 * @default Date.now()
 */
export function manualClock(start: number = Date.now()): ManualClock {
  let now = start;
  return Object.assign(() => now, {
    advance(ms: number): number {
      now += ms;
      return now;
    },
    set(at: number): void {
      now = at;
    },
  });
}
