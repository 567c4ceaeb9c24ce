import type { TestContext } from 'node:test';

export const SECOND = 1000;
export const HOUR = 3_600_000;
export const DAY: number = 24 * HOUR;

/** Stops `Date.now` for a test; what it answers moves on only when it is told. Call it before `session()`. */
export function stoppedClock(t: TestContext): { now(): number; advance(ms: number): void } {
  let now = Math.ceil(Date.now() / SECOND) * SECOND;
  t.mock.method(Date, 'now', () => now);
  return {
    now: () => now,
    advance: ms => {
      now += ms;
    },
  };
}
