import { setTimeout as delay } from 'node:timers/promises';
import type { Awaitable } from '../awaitable.js';
import { SessionStoreError } from '../errors.js';
import { withoutKeys } from './without-keys.js';

/** A store call: its method, and its keys, which no error may reveal. */
export interface NamedCall {
  readonly verb: string;
  readonly keys: readonly string[];
}

/**
 * Runs a store call. Whatever it throws, or a time-out, becomes a SessionStoreError.
 * @param run gets a signal that is aborted when nobody waits for the answer any more
 * @param timeout ms; without one, the call may take forever
 * @param next gets the answer; what it throws stays as it is
 */
export function callStore<T>(
  call: NamedCall,
  run: (signal?: AbortSignal) => Awaitable<T>,
  timeout: number | undefined,
): Promise<T>;
export function callStore<T, R>(
  call: NamedCall,
  run: (signal?: AbortSignal) => Awaitable<T>,
  timeout: number | undefined,
  next: (answer: T) => Awaitable<R>,
): Promise<R>;
export function callStore<T>(
  call: NamedCall,
  run: (signal?: AbortSignal) => Awaitable<T>,
  timeout: number | undefined,
  next?: (answer: T) => unknown,
): Promise<unknown> {
  try {
    const answer = timeout === undefined ? run() : runWithin(timeout, run);
    // Every request comes here: it makes no promise that it can do without.
    return Promise.resolve(answer).then(next, error => Promise.reject(failureOf(call, error)));
  } catch (error) {
    return Promise.reject(failureOf(call, error));
  }
}

function failureOf({ verb, keys }: NamedCall, error: unknown): SessionStoreError {
  const { cause, reason } = withoutKeys(error, keys);
  return new SessionStoreError(`the session store failed at \`${verb}\`: ${reason}`, { cause });
}

function runWithin<T>(timeout: number, run: (signal: AbortSignal) => Awaitable<T>): Promise<T> {
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

/** The store did not answer in time: whether it did the work is unknown, and a retry could take as long. */
class StoreTimeout extends Error {}

/** After a lost connection a retry may work; a time-out has taken long enough. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof SessionStoreError && !(error.cause instanceof StoreTimeout);
}

/** Early conflicts are retried at once; many over one row are spread out, by up to 50 ms each. */
export async function backOff(attempt: number): Promise<void> {
  if (attempt >= 2) await delay(Math.random() * Math.min(2 ** attempt, 50));
}
