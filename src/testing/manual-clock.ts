/** A clock that stands still until it is moved. Give it as the `clock` option, or call it for `call.now`. */
export interface ManualClock {
  /** Epoch ms. */
  (): number;
  /** Advances the time by this many ms; returns the new time. */
  advance(ms: number): number;
  /** Sets the time to this instant, in epoch ms. */
  set(at: number): void;
}

/**
 * A clock for tests.
 * @param start epoch ms. A store that also expires its records by its own clock needs one that is not long past.
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
