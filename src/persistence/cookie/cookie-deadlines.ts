import type { Content } from '../../session/content.js';
import type { OwnerOption } from '../../session/owner.js';
import type { Bookkeeping } from '../../session/record.js';
import {
  CommittedSession,
  type LoadedRecord,
  type RecordTimes,
  type TimedSession,
} from '../loaded-record.js';
import type { LoadedSession, LoadResult } from '../loaded-session.js';
import { type Change, changesOwner, type Saved, type Scope } from '../persistence.js';
import { randomId } from '../random-id.js';
import type { RecordDeadlines } from '../record-deadlines.js';
import { subjectOf, type UseStamps } from './use-stamps.js';

/** What a cookie session's bookkeeping is based on. */
export interface CookieDeadlineSettings {
  readonly deadlines: RecordDeadlines;
  readonly stamps: UseStamps;
  readonly owner: OwnerOption;
  /** The beginning to record for a session that begins at this instant. */
  reserveBeginning(now: number): number;
}

/**
 * Deadlines of cookie sessions, and the names of those that need one. The last use travels in its own cookie, so that
 * reads need not send the data again.
 */
export class CookieDeadlines {
  readonly #settings: CookieDeadlineSettings;
  readonly #deadlines: RecordDeadlines;

  constructor(settings: CookieDeadlineSettings) {
    this.#settings = settings;
    this.#deadlines = settings.deadlines;
  }

  /** The session, if none of its deadlines has passed. */
  ifLive(loaded: LoadedRecord, credential: string, scope: Scope): LoadResult {
    const now = scope.now();
    if (!this.#deadlines.needsHandle) return this.#deadlines.ifLive(loaded, now, {});
    const subject = subjectOf(loaded.bookkeeping.handle, credential);
    const usedAt = this.#settings.stamps.latest(scope.ctx, subject);
    return this.#deadlines.ifLive(loaded, now, { usedAt, subject });
  }

  /** A change of account makes it another session, which begins now. */
  bookkeepingOf(change: Change, content: Content, now: number): Bookkeeping {
    const { owner, reserveBeginning } = this.#settings;
    const kept = changesOwner(change, content, owner) ? undefined : (change.base as TimedSession | undefined);
    const bookkeeping = this.#deadlines.bookkeepingOf({ maxAge: change.maxAge, base: kept }, now);
    const createdAt = kept ? bookkeeping.createdAt : bookkeeping.createdAt && reserveBeginning(now);
    if (!this.#deadlines.needsHandle) return { ...bookkeeping, createdAt };
    return {
      handle: kept?.info.handle ?? randomId(),
      rotations: rotationsOf(change, kept),
      ...bookkeeping,
      createdAt,
    };
  }

  timesOf(bookkeeping: Bookkeeping): RecordTimes | undefined {
    return this.#deadlines.timesOf(bookkeeping, { subject: bookkeeping.handle });
  }

  isTouchDue(base: LoadedSession, now: number): boolean {
    return this.#deadlines.isTouchDue(base, base.info.lastSeenAt, now);
  }

  /** True for a use that a stamp records. With `rolling`, the session itself is sent instead. */
  isStamped({ reason, base }: Change, { rolling }: Scope): boolean {
    if (!this.#deadlines.hasIdle || !base) return false;
    return reason === 'touched' || (reason === 'rolling' && !rolling);
  }

  /** Records a use, and leaves the client's cookie as it is. */
  stamp(base: TimedSession, content: Content, usedAt: number): Saved {
    const { bookkeeping } = base;
    const subject = base.times?.subject ?? '';
    const times = this.#deadlines.timesOf(bookkeeping, { usedAt, subject });
    return {
      is: 'saved',
      loaded: new CommittedSession(content, { bookkeeping, times }),
      content,
      credential: undefined,
      credentialExpiresAt: bookkeeping.expiresAt,
      stamp: this.#settings.stamps.write(usedAt, subject),
    };
  }
}

/** A cookie has no key for `regenerate()` to change: a counter changes instead. */
function rotationsOf({ reason, isNewIdentity }: Change, kept: TimedSession | undefined): number | undefined {
  const rotations = kept?.bookkeeping.rotations;
  return kept && isNewIdentity && reason === 'rotated' ? (rotations ?? 0) + 1 : rotations;
}
