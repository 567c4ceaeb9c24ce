import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until it is so. A test that waits like this for what is to happen passes on a slow machine, too.
 * @throws an `Error` where it is not so within this many ms
 */
export async function until(holds: () => unknown, patience = 30_000): Promise<void> {
  // Not `Date.now`: a test may have stopped it.
  const deadline = performance.now() + patience;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not so within ${patience} ms: ${holds}`);
    await delay(10);
  }
}
