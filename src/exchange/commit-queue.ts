import { type Awaitable, isThenable } from '../awaitable.js';
import { SessionHeadersSentError } from '../errors.js';
import type { Outcome } from '../persistence/persistence.js';
import type { Data } from '../session/record.js';
import { commitDraft } from './commit.js';
import type { CommitRequest, CommitResult, CommitScope } from './commit-scope.js';

/** One request's commits: they run one after the other, however the app calls them. */
export class CommitQueue {
  readonly #scope: CommitScope;
  #last: Promise<unknown> | undefined;
  #isInside = false;
  #toldTooLate: 'end' | 'save' | undefined;

  constructor(scope: CommitScope) {
    this.#scope = scope;
  }

  /** @throws TypeError when called by a function that a commit calls, as far as that is noticed */
  run(request: CommitRequest = {}): CommitResult {
    if (this.#isInside) {
      throw new TypeError(
        'a session cannot be saved from within its own `update` or `beforeSave`: each would wait for the other',
      );
    }
    const done = this.#last ? this.#next(this.#last, request) : this.#commit(request);
    if (isThenable(done)) this.#last = done;
    return done;
  }

  /** The commit after the app's middleware. The headers for caches come after it, even if it fails. */
  runAtEnd(): Awaitable<void> {
    let committing: CommitResult;
    try {
      committing = this.run();
    } catch (error) {
      return this.#failedAtEnd(error);
    }
    if (!isThenable(committing)) return this.#tellCaches();
    return committing.then(
      () => this.#tellCaches(),
      error => this.#failedAtEnd(error),
    );
  }

  #tellCaches(): void {
    const { response, options, isUsed } = this.#scope;
    response.tellCaches(options, isUsed);
  }

  /** Reports, instead of throwing, a change made after the headers were sent; not again when the body ends. */
  #failedAtEnd(error: unknown): void {
    this.#tellCaches();
    if (!(error instanceof SessionHeadersSentError)) throw error;
    const { isEnding, mustClear } = this.#scope.draft;
    const what = isEnding || mustClear ? 'end' : 'save';
    if (this.#toldTooLate !== what) this.#scope.report(error);
    this.#toldTooLate = what;
  }

  /** If the last commit failed, only its own caller is told. */
  #next(last: Promise<unknown>, request: CommitRequest): Promise<Outcome | undefined> {
    const commit = () => this.#commit(request);
    return last.then(commit, commit);
  }

  /**
   * Applies a change to the newest data and commits it.
   * @param endings the draft's, when the app requested this
   * @returns false if there was nothing to change
   */
  async update(change: (data: Data) => unknown, endings: number): Promise<boolean> {
    await this.run({ revise: data => this.inside(() => change(data)), endings });
    return this.#scope.draft.goesOn(endings);
  }

  /** Calls a function of the app's that must not save the session: each would wait for the other. */
  inside<T>(call: () => T): T {
    const before = this.#isInside;
    this.#isInside = true;
    try {
      return call();
    } finally {
      this.#isInside = before;
    }
  }

  #commit(request: CommitRequest): CommitResult {
    return this.inside(() => commitDraft(this.#scope, request));
  }
}
