import { type Awaitable, isThenable } from '../awaitable.js';

/** The key under which one request's session will be saved. */
export class NewKey {
  #key: Awaitable<string> | undefined;
  /** The app has read it, and may have handed it out. */
  #isTold = false;

  /** The key, made once. If that fails, those waiting get the error, and the next caller makes another. */
  from(make: () => Awaitable<string>): Awaitable<string> {
    this.#key ??= make();
    const key = this.#key;
    if (isThenable(key)) {
      key.catch(() => {
        if (this.#key === key) this.#key = undefined;
      });
    }
    return key;
  }

  /** The same, for the app. */
  toldFrom(make: () => Awaitable<string>): Awaitable<string> {
    this.#isTold = true;
    return this.from(make);
  }

  /** The key in the form that its session needs, unless the app has read it. */
  adapt(key: string, adapt: (key: string) => string): string {
    if (this.#isTold) return key;
    this.#key = adapt(key);
    return this.#key;
  }

  /** A store that failed may have done the work all the same, and then refuses to insert the same key again. */
  forgetUntold(): void {
    if (!this.#isTold) this.forget();
  }

  forget(): void {
    this.#key = undefined;
    this.#isTold = false;
  }
}

/** @throws TypeError for a key that must still be awaited */
export function keyAtOnce(key: Awaitable<string>): string {
  if (typeof key === 'string') return key;
  throw new TypeError(
    '`genid` is asynchronous: the key of a new session is known after `await ctx.session.save()`',
  );
}
