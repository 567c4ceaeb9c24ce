import type { Context } from 'koa';
import type { ResolvedOptions } from '../options/resolved.js';
import type { MaxAge } from '../session/record.js';
import { dataIn } from '../session/session.js';
import type { Draft } from './draft.js';
import type { SessionResponse } from './response.js';

/** What is needed of the exchange. */
interface LateScope {
  readonly ctx: Context;
  readonly options: Readonly<ResolvedOptions>;
  readonly response: SessionResponse;
  readonly draft: Draft;
  readonly ownMaxAge: MaxAge | undefined;
  /** Commits; reports a failure instead of throwing it. */
  tryToCommit(): Promise<void>;
  report(error: unknown): void;
}

/** An app whose `beforeSave` or listeners change the session each time it is committed must not keep that going. */
const MAX_ATTEMPTS = 1000;

/**
 * What the app changes after the middleware has committed, while a body is sent or in an outer middleware: saved with
 * the end of the response if that needs no cookie, and otherwise reported.
 */
export class LateChanges {
  readonly #scope: LateScope;
  #isUsed = false;
  #isWatching = false;
  #attempts = 0;
  #tried: string | undefined;

  constructor(scope: LateScope) {
    this.#scope = scope;
  }

  /** True once the app has used the session this late: the end of a body alone is no use. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  used(): void {
    this.#isUsed = true;
    const { response, options } = this.#scope;
    response.tellCaches(options, true);
    this.watch();
  }

  /** Commits once the response has ended. */
  watch(): void {
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
  #commitLater(first?: Promise<void>): void {
    setImmediate(async () => {
      await first;
      await this.#commit();
    });
  }

  /**
   * Commits until the session stops changing. No state is committed twice: `beforeSave` and listeners may use the
   * session and so request another commit.
   */
  async #commit(): Promise<void> {
    for (let state = this.#state; state !== this.#tried; state = this.#state) {
      if (++this.#attempts > MAX_ATTEMPTS) return this.#giveUp();
      this.#tried = state;
      await this.#scope.tryToCommit();
    }
    // In the same turn as the last look: what is changed from now on has to be watched for again.
    this.#isWatching = false;
  }

  /** Leaves the watch on: nothing is tried any more. */
  #giveUp(): void {
    this.#scope.report(
      new Error(
        `after ${MAX_ATTEMPTS} saves behind the response no more are tried: call \`session.save()\`, or find what changes the session at each save`,
      ),
    );
  }

  /** Text that tells one state of the session from another. */
  get #state(): string {
    const { draft, ownMaxAge } = this.#scope;
    const { isEnding, object } = draft;
    try {
      return JSON.stringify([isEnding, ownMaxAge, object && dataIn(object)]);
    } catch {
      return 'data that have no JSON';
    }
  }
}

/** True for a response that will emit no `close`. */
function isClosed(res: Context['res']): boolean {
  const { stream } = res as { stream?: { readonly destroyed: boolean } };
  return stream ? stream.destroyed : res.closed;
}
