import type { Context } from 'koa';
import type { ResolvedOptions } from '../options/resolved.js';
import type { MaxAge } from '../session/record.js';
import type { Draft } from './draft.js';
import type { SessionResponse } from './response.js';

/** What is needed of the exchange. */
interface LateScope {
  readonly ctx: Context;
  readonly options: Readonly<ResolvedOptions>;
  readonly response: SessionResponse;
  readonly draft: Draft;
  readonly ownMaxAge: MaxAge | undefined;
  /** Commits; reports a failure instead of throwing it. Returns false where anything was reported. */
  tryToCommit(): Promise<boolean>;
}

/**
 * Listeners to events, and `beforeSave`, may use the session too, and so ask for the next commit: a state that failed is
 * not tried again, and there are only so many failures, and attempts in a row.
 */
const MAX_FAILURES = 3;
const MAX_ATTEMPTS = 5;

/**
 * What the app changes after the middleware has committed, while a body is sent or in an outer middleware: saved with
 * the end of the response if that needs no cookie, and otherwise reported.
 */
export class LateChanges {
  readonly #scope: LateScope;
  #areExpected = false;
  #isUsed = false;
  #isWatching = false;
  #failures = 0;
  #failed: string | undefined;

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
    else ctx.res.once('close', () => this.#commitLater(this.#scope.tryToCommit()));
  }

  /**
   * Commits in the next turn: the app's own listeners to the response's end may change the session, and some are called
   * later. From then on, no event tells of the next change.
   * @param first a commit to wait for
   */
  #commitLater(first?: Promise<unknown>): void {
    setImmediate(async () => {
      await first;
      await this.#commit();
      this.#isWatching = false;
    });
  }

  /** Commits, and once more what was changed meanwhile. */
  async #commit(): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS && this.#failures < MAX_FAILURES; attempt++) {
      const state = this.#state;
      if (state === this.#failed) return;
      const isDone = await this.#scope.tryToCommit();
      this.#failed = isDone ? undefined : state;
      if (!isDone) this.#failures++;
      if (!isDone || this.#state === state) return;
    }
  }

  get #state(): string {
    return `${this.#scope.ownMaxAge} ${this.#scope.draft.state}`;
  }
}

/** True for a response that will emit no `close`. */
function isClosed(res: Context['res']): boolean {
  const { stream } = res as { stream?: { readonly destroyed: boolean } };
  return stream ? stream.destroyed : res.closed;
}
