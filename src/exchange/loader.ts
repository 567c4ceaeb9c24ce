import { type Awaitable, isThenable, isUnwantedPromise } from '../awaitable.js';
import { SessionNotLoadedError, SessionOptionsError, SessionStoreError } from '../errors.js';
import type { ResolvedOptions } from '../options/resolved.js';
import { type Arrival, loadPresented, NOTHING, type Visit } from './load.js';

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
  #isDone = false;
  /** Why the session could not be loaded: what the client presented must be left alone. */
  #failure: { readonly error: unknown } | undefined;
  readonly #scope: LoadScope;
  #loading: Awaitable<void> = undefined;

  constructor(scope: LoadScope) {
    this.#scope = scope;
  }

  /** True once there is nothing left to load. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** True before the middleware has loaded it from a store: an outer one may use the session already. */
  get isPending(): boolean {
    return this.#scope.config.isEager && !this.#isDone && !this.#failure;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The store's failure, if that is what it was. */
  get storeFailure(): SessionStoreError | undefined {
    const error = this.#failure?.error;
    return error instanceof SessionStoreError ? error : undefined;
  }

  /** @throws what loading failed with */
  requireLoaded(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Loads at once if no store has to be asked, else as a promise. */
  load(): Awaitable<void> {
    if (!this.#isDone) {
      this.#loading ??= this.#load();
      return this.#loading;
    }
    if (!this.storeFailure) this.requireLoaded();
    return undefined;
  }

  /**
   * Loads when the app first uses the session. A store cannot be asked then: the session is empty until it was loaded.
   * @throws SessionNotLoadedError with `lazy`; once, what the app's own functions threw
   */
  loadAtOnce(): void {
    if (this.#isDone || this.#failure) return;
    const { config } = this.#scope;
    if (config.options.lazy) {
      throw new SessionNotLoadedError(
        'the session is lazy: call `await ctx.loadSession()` before you use `ctx.session`',
      );
    }
    if (config.isEager) return;
    if (!isUnwantedPromise(this.load())) return;
    this.#failWith(
      new SessionOptionsError(
        'options `valid`, `schema`, `migrate` and `decode` of a cookie session are awaited only with `lazy: true`',
      ),
    );
  }

  /** The app has ended the session, loaded or not: there is nothing left to load. */
  abandon(): void {
    this.#isDone = true;
    if (!this.storeFailure) this.#failure = undefined;
  }

  #load(): Awaitable<void> {
    try {
      const arriving = loadPresented(this.#scope);
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
    if (this.#isDone) return;
    this.#isDone = true;
    this.#failure = undefined;
    this.arrival = arrival;
    this.#scope.arrive(arrival);
  }

  /** After a failure of the store, loading may be tried again; after one of the app's own functions, not. */
  #fail(error: unknown): void {
    const isAbandoned = this.#isDone;
    const isStoreFailure = error instanceof SessionStoreError;
    this.#loading = undefined;
    if (!isAbandoned && !isStoreFailure) this.#failWith(error);
    if (!isAbandoned) this.#failure = { error };
    if (!isStoreFailure || this.#scope.options.onStoreFailure !== 'anonymous') throw error;
    this.#isDone = true;
    this.#scope.report(error);
  }

  #failWith(error: unknown): never {
    this.#isDone = true;
    this.#failure = { error };
    throw error;
  }
}
