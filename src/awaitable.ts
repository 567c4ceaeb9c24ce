/*
 * A cookie session is read synchronously, a stored one asynchronously; the steps are the same. These helpers let one
 * function serve both, without making the synchronous case wait.
 */

/** A value, or a promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** True for a promise of any library. */
export function isThenable<T>(value: Awaitable<T>): value is Promise<T>;
export function isThenable(value: unknown): value is PromiseLike<unknown>;
export function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function';
}

/** Whether a function that must answer at once returned a promise: if that rejects, nobody else will hear of it. */
export function isUnwantedPromise(value: unknown): boolean {
  if (!isThenable(value)) return false;
  Promise.resolve(value).catch(() => {});
  return true;
}

/** Calls `next` with a value: at once, or when its promise resolves. */
export function whenReady<T, R>(value: T | PromiseLike<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}
