import { mock } from 'node:test';

/**
 * One clock for both packages: koa-session, and the `cookies` package beneath the two, read the time by `Date.now()`.
 * sojourn's own default clock is that function too, as it stands when the middleware is made.
 */
let now = Date.UTC(2026, 0, 1);

/** From here on `Date.now()` stands still until it is told. */
export function stopClock(): void {
  mock.method(Date, 'now', () => now);
}

export function startClock(): void {
  mock.restoreAll();
}

/** Epoch ms. */
export function timeNow(): number {
  return now;
}

export function setTime(at: number): void {
  now = at;
}
