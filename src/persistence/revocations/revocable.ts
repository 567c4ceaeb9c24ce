import { type Awaitable, whenReady } from '../../awaitable.js';
import { type OwnerOption, ownerOf } from '../../session/owner.js';
import { type Ended, listenToEndings } from '../endings.js';
import type { LoadedRecord, TimedSession } from '../loaded-record.js';
import type { LoadedSession, LoadResult } from '../loaded-session.js';
import type { Change, EndingSource, EndTarget, Outcome, Persistence, Scope } from '../persistence.js';
import type { Revocable, Revocations } from './revocations.js';

/**
 * Cookie sessions that can be ended early: a store remembers which were. Each is loaded like any cookie session, and
 * then looked up there. What a commit ends is ended there before the client gets the replacement.
 */
export class RevocablePersistence implements Persistence {
  readonly keys = null;
  readonly isVersioned = false;
  readonly recordsUses = false;
  readonly endings: EndingSource;
  readonly #cookies: Persistence;
  readonly #revocations: Revocations;
  readonly #owner: OwnerOption;

  constructor(cookies: Persistence, revocations: Revocations, owner: OwnerOption) {
    this.#cookies = cookies;
    this.#revocations = revocations;
    this.#owner = owner;
    this.endings = {
      idOf: ({ info }) => info.handle ?? '',
      listen: ({ ended }) => listenToEndings(revocations.store, ended),
    };
  }

  load(credential: string, scope: Scope): Awaitable<LoadResult> {
    return this.#cookies.load(credential, scope);
  }

  async admit(loaded: LoadedSession, scope: Scope): Promise<LoadResult> {
    const begun = withBeginning(loaded as LoadedRecord, scope.now());
    const revocable = this.#presentedIn(loaded, scope);
    if (!revocable) return { refused: 'invalid', value: loaded.value };
    const over = await this.#revocations.endOf(revocable, scope);
    return over ? { refused: over.reason, at: over.at, value: loaded.value } : begun;
  }

  /** Undefined where `owner` throws: nobody can tell whether the account's sessions were ended. */
  #presentedIn(loaded: LoadedSession, scope: Scope): Revocable | undefined {
    try {
      return revocableIn(loaded, this.#owner);
    } catch (error) {
      scope.report(error);
      return undefined;
    }
  }

  commit(change: Change, scope: Scope): Awaitable<Outcome> {
    const base = change.base as TimedSession | undefined;
    if (!base) return this.#cookies.commit(change, scope);
    return whenReady(this.#cookies.commit(change, scope), outcome => {
      const ending = this.#endReplaced(base, outcome, scope);
      return ending ? ending.then(over => (over ? supersededBy(over) : outcome)) : outcome;
    });
  }

  /** Reads the handle from a cookie that was not loaded, perhaps because the store failed. */
  async end({ credential, handle: known }: EndTarget, reason: string, scope: Scope): Promise<boolean> {
    const handle = known ?? handleIn(await this.#cookies.load(credential, scope));
    if (handle === undefined) return false;
    return (await this.#revocations.end(handle, { reason }, scope)) === undefined;
  }

  isTouchDue(base: LoadedSession, now: number): boolean {
    return this.#cookies.isTouchDue(base, now);
  }

  renewedAt(base: LoadedSession): number | undefined {
    return this.#cookies.renewedAt(base);
  }

  /** Ends what this outcome replaces. Returns why that was already over, if it was. */
  #endReplaced(base: TimedSession, outcome: Outcome, scope: Scope): Promise<Ended | undefined> | undefined {
    const { handle = '' } = base.info;
    if (outcome.is === 'ended') return this.#revocations.end(handle, { reason: 'logout' }, scope);
    if (outcome.is !== 'saved' || outcome.credential === undefined) return undefined;
    const { info, bookkeeping } = outcome.loaded as TimedSession;
    const isSame = info.handle === handle;
    if (isSame && bookkeeping.rotations === base.bookkeeping.rotations) return undefined;
    scope.requireWritable(outcome);
    const next = revocableIn(outcome.loaded, this.#owner);
    return isSame ? this.#revocations.rotate(next, scope) : this.#endByOwner(handle, next, scope);
  }

  /** A sign-in goes on even if another request was first to end the previous session. */
  async #endByOwner(handle: string, next: Revocable, scope: Scope): Promise<Ended | undefined> {
    const over = await this.#revocations.end(handle, { reason: 'rotated' }, scope);
    return next.owner === null ? over : undefined;
  }
}

function handleIn(loading: LoadResult): string | undefined {
  return loading.refused === undefined ? loading.info.handle : undefined;
}

function revocableIn(loaded: LoadedSession, owner: OwnerOption): Revocable {
  const { info, bookkeeping } = loaded as TimedSession;
  return {
    handle: info.handle ?? '',
    owner: ownerOf(owner, loaded.open().data),
    rotations: bookkeeping.rotations ?? 0,
    createdAt: info.createdAt,
  };
}

/**
 * A session whose beginning is unknown counts as begun at this lookup: if it is ended while a request works with it,
 * what that request saves is over, too.
 */
function withBeginning(loaded: LoadedRecord, now: number): LoadedRecord {
  const { times } = loaded;
  return times && times.createdAt === undefined ? loaded.timed({ ...times, createdAt: now }) : loaded;
}

function supersededBy({ reason, at }: Ended): Outcome {
  return { is: 'superseded', reason, at };
}
