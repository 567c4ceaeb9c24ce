import { setTimeout as delay } from 'node:timers/promises';
import { scaled } from '../service/load.js';

/** ms that one test of a fault may take. What hangs must fail by itself, and say which it was. */
export const LIMIT: number = scaled(900_000, 90_000);

/** Asks until it is so. @throws an `Error` where it is not so within this many ms */
export async function until(holds: () => Promise<boolean>, patience = 30_000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so within ${patience} ms: ${holds}`);
    await delay(50);
  }
}
