import type { Context } from 'koa';
import type { ResolvedOptions } from '../options/resolved.js';
import type { SessionResponse } from './response.js';

/** What is needed of the exchange. */
interface LateScope {
  readonly ctx: Context;
  readonly options: Readonly<ResolvedOptions>;
  readonly response: SessionResponse;
  /** Commits; reports a failure instead of throwing it, and returns false then. */
  tryToCommit(): Promise<boolean>;
}

/**
 * What the app changes after the middleware has committed, while a body is sent or in an outer middleware: saved with
 * the end of the response if that needs no cookie, and otherwise reported.
 */
export class LateChanges {
  readonly #scope: LateScope;
  #areExpected = false;
  #isUsed = false;
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

  /** False once the middleware has committed, unless the app has used the session since: a body's end is no use. */
  get countAsUse(): boolean {
    return !this.#areExpected || this.#isUsed;
  }

  /** The app uses the session after that. */
  used(): void {
    this.#isUsed = true;
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
        void this.#scope.tryToCommit();
        // The app's own listeners may change it, and some are called later.
        this.#commitLater();
      });
  }

  /** From then on, no event tells of the next change. After a failure none is waited for: it might fail for ever. */
  #commitLater(): void {
    setImmediate(async () => {
      this.#isWatching = !(await this.#scope.tryToCommit());
    });
  }
}

/** True for a response that will emit no `close`. */
function isClosed(res: Context['res']): boolean {
  const { stream } = res as { stream?: { readonly destroyed: boolean } };
  return stream ? stream.destroyed : res.closed;
}
