import { isThenable } from '../awaitable.js';
import { SessionNotLoadedError, SessionOptionsError, SessionStoreError } from '../errors.js';
import type { ResolvedOptions } from '../options/resolved.js';
import { type Arrival, arrive, NOTHING, type Visit } from './load.js';

/** What loading needs from its exchange. */
export interface LoadScope extends Visit {
  readonly options: Readonly<ResolvedOptions>;
  /** Called once, with what the credential led to. */
  arrive(arrival: Arrival): void;
}

/** Loads one request's session, once. */
export class Loader {
  /** What the credential led to, as far as that is known. */
  arrival: Arrival = NOTHING;
  /** The store's failure, if any. */
  failure: SessionStoreError | undefined;
  /** True once there is nothing left to load. */
  isDone = false;
  readonly #scope: LoadScope;
  #loading: void | Promise<void> = undefined;

  constructor(scope: LoadScope) {
    this.#scope = scope;
  }

  /** Loads at once if no store has to be asked, else as a promise. */
  load(): void | Promise<void> {
    if (this.isDone) return undefined;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /**
   * Loads when the app first uses the session. A store cannot be asked then: the session is empty until it was loaded.
   * @throws SessionNotLoadedError with `lazy`
   */
  loadAtOnce(): void {
    if (this.isDone || this.failure) return;
    const { config } = this.#scope;
    if (config.options.lazy) {
      throw new SessionNotLoadedError(
        'the session is lazy: call `await ctx.loadSession()` before you use `ctx.session`',
      );
    }
    if (config.isEager) return;
    const loading = this.load();
    if (!loading) return;
    loading.catch(() => {});
    this.isDone = true;
    throw new SessionOptionsError(
      'options `valid`, `schema`, `migrate` and `decode` of a cookie session are awaited only with `lazy: true`',
    );
  }

  #load(): void | Promise<void> {
    try {
      const arriving = arrive(this.#scope);
      return isThenable(arriving) ? this.#settleLater(arriving) : this.#settle(arriving);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #settleLater(arriving: Promise<Arrival>): Promise<void> {
    return arriving.then(
      arrival => this.#settle(arrival),
      error => this.#fail(error),
    );
  }

  #settle(arrival: Arrival): void {
    // An answer that was not awaited comes too late.
    if (this.isDone) return;
    this.isDone = true;
    this.failure = undefined;
    this.arrival = arrival;
    this.#scope.arrive(arrival);
  }

  /** After a failure of the store, loading may be tried again; after one of the app's own functions, not. */
  #fail(error: unknown): void {
    this.#loading = undefined;
    if (!(error instanceof SessionStoreError)) {
      this.isDone = true;
      throw error;
    }
    this.failure = error;
    if (this.#scope.options.onStoreFailure !== 'anonymous') throw error;
    this.isDone = true;
    this.#scope.report(error);
  }
}
