import { isThenable } from '../awaitable.js';
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

  /** @throws TypeError from within a function that a commit calls, as far as that can be seen */
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

  /**
   * The commit after the app's middleware; `done` is called after it, also where it fails. What is too late for an answer
   * with a status is told, once: while a body is sent, the same is found again at its end.
   */
  runAtEnd(done: () => void): void | Promise<void> {
    const failed = (error: unknown): void => {
      done();
      if (!(error instanceof SessionHeadersSentError)) throw error;
      const { isEnding, mustClear } = this.#scope.draft;
      const what = isEnding || mustClear ? 'end' : 'save';
      if (this.#toldTooLate !== what) this.#scope.report(error);
      this.#toldTooLate = what;
    };
    let committing: CommitResult;
    try {
      committing = this.run();
    } catch (error) {
      return failed(error);
    }
    return isThenable(committing) ? committing.then(done, failed) : done();
  }

  /** Whether the last one failed is told to those who asked for it. */
  #next(last: Promise<unknown>, request: CommitRequest): Promise<Outcome | undefined> {
    const commit = () => this.#commit(request);
    return last.then(commit, commit);
  }

  /** Commits what this change makes of the newest data. */
  update(change: (data: Data) => unknown): CommitResult {
    const revise = (data: Data): unknown => {
      const before = this.#isInside;
      this.#isInside = true;
      try {
        return change(data);
      } finally {
        this.#isInside = before;
      }
    };
    return this.run({ revise });
  }

  #commit(request: CommitRequest): CommitResult {
    this.#isInside = true;
    try {
      return commitDraft(this.#scope, request);
    } finally {
      this.#isInside = false;
    }
  }
}
