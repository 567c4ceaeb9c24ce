import { setTimeout as delay } from 'node:timers/promises';
import { SessionStoreError } from '../errors.js';
import { withoutKeys } from './without-keys.js';

/** A call of a store: its method, and the keys that it is about, which no error tells. */
export interface NamedCall {
  readonly verb: string;
  readonly keys: readonly string[];
}

/**
 * Runs a call of a store: what it throws, and that it does not answer in time, is a SessionStoreError.
 * @param run gets a signal that is aborted when nobody waits for the answer any more
 * @param timeout ms; without one the call may take for ever
 */
export async function callStore<T>(
  { verb, keys }: NamedCall,
  run: (signal?: AbortSignal) => T | Promise<T>,
  timeout: number | undefined,
): Promise<T> {
  try {
    return await (timeout === undefined ? run() : runWithin(timeout, run));
  } catch (error) {
    const { cause, reason } = withoutKeys(error, keys);
    throw new SessionStoreError(`the session store failed at \`${verb}\`: ${reason}`, { cause });
  }
}

function runWithin<T>(timeout: number, run: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
  const abort = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new StoreTimeout(`no answer within \`storeTimeout\` (${timeout} ms)`);
      reject(error);
      abort.abort(error);
    }, timeout);
    new Promise<T>(started => started(run(abort.signal)))
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** The store did not answer in time: whether it did the work is not known, and asking again would take as long. */
class StoreTimeout extends Error {}

/** A connection that was cut says nothing of the work; a time-out was long enough. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof SessionStoreError && !(error.cause instanceof StoreTimeout);
}

/** Few conflicts are met at once; many over one row are spread out, by up to 50 ms each. */
export async function backOff(attempt: number): Promise<void> {
  if (attempt >= 2) await delay(Math.random() * Math.min(2 ** attempt, 50));
}
