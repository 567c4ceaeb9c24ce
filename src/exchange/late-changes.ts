import type { Context } from 'koa';
import type { ResolvedOptions } from '../options/resolved.js';
import type { SessionResponse } from './response.js';

/** What is needed of the exchange. */
interface LateScope {
  readonly ctx: Context;
  readonly options: Readonly<ResolvedOptions>;
  readonly response: SessionResponse;
  /** Commits, and reports a failure instead of throwing it. */
  fail(): Promise<void>;
}

/**
 * What the app changes after the middleware has committed, while a body is sent or in an outer middleware: saved with
 * the end of the response if that needs no cookie, and otherwise reported.
 */
export class LateChanges {
  readonly #scope: LateScope;
  #areExpected = false;
  #isWatching = false;

  constructor(scope: LateScope) {
    this.#scope = scope;
  }

  /**
   * The middleware has committed.
   * @param isSentLater true if the app may still change the session, while the body is being sent
   */
  expect(isSentLater: boolean): void {
    this.#areExpected = true;
    if (isSentLater) this.#watch();
  }

  /** True once the middleware has committed. */
  get areExpected(): boolean {
    return this.#areExpected;
  }

  /** The app uses the session after that. */
  used(): void {
    const { response, options } = this.#scope;
    response.tellCaches(options, true);
    this.#watch();
  }

  #watch(): void {
    const { ctx, options } = this.#scope;
    if (this.#isWatching || !options.autoCommit) return;
    this.#isWatching = true;
    if (isClosed(ctx.res)) this.#commitLater();
    else
      ctx.res.once('close', () => {
        void this.#scope.fail();
        // The app's own listeners may change it, and some are called later.
        this.#commitLater();
      });
  }

  #commitLater(): void {
    setImmediate(() => {
      // From now on, no event tells of the next change.
      this.#isWatching = false;
      void this.#scope.fail();
    });
  }
}

/** True for a response that will emit no `close`. */
function isClosed(res: Context['res']): boolean {
  const { stream } = res as { stream?: { readonly destroyed: boolean } };
  return stream ? stream.destroyed : res.closed;
}
