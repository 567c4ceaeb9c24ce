import type { Bookkeeping } from '../session/record.js';
import { CommittedSession, type LoadedRecord, type RecordTimes, type TimedSession } from './loaded-record.js';
import type { Change, Content, LoadedSession, Loading, Saved, Scope } from './persistence.js';
import type { RecordDeadlines } from './record-deadlines.js';
import { randomId } from './stored-session.js';
import { subjectOf, type UseStamps } from './use-stamps.js';

/** Deadlines of cookie sessions. The last use travels in a cookie of its own: no read sends the data again. */
export class CookieDeadlines {
  readonly #deadlines: RecordDeadlines;
  readonly #stamps: UseStamps;

  constructor(deadlines: RecordDeadlines, stamps: UseStamps) {
    this.#deadlines = deadlines;
    this.#stamps = stamps;
  }

  /** The session, if none of its deadlines has come. */
  ifLive(loaded: LoadedRecord, credential: string, scope: Scope): Loading {
    const now = scope.now();
    if (!this.#deadlines.hasIdle) return this.#deadlines.ifLive(loaded, now, {});
    const subject = subjectOf(loaded.bookkeeping.handle, credential);
    const usedAt = this.#stamps.latest(scope.ctx, subject);
    return this.#deadlines.ifLive(loaded, now, { usedAt, subject });
  }

  bookkeepingOf(change: Change, now: number): Bookkeeping {
    const bookkeeping = this.#deadlines.bookkeepingOf(change, now);
    if (!this.#deadlines.hasIdle) return bookkeeping;
    return { ...bookkeeping, handle: change.base?.info.handle ?? randomId() };
  }

  timesOf(bookkeeping: Bookkeeping): RecordTimes | undefined {
    return this.#deadlines.timesOf(bookkeeping, { subject: bookkeeping.handle });
  }

  isTouchDue(base: LoadedSession, now: number): boolean {
    return this.#deadlines.isTouchDue(base, base.info.lastSeenAt, now);
  }

  /** True for a use that a stamp records. What `rolling` calls for sends the session itself. */
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
      loaded: new CommittedSession(content.json, { bookkeeping, times }),
      content,
      credential: undefined,
      credentialExpiresAt: bookkeeping.expiresAt,
      stamp: this.#stamps.write(usedAt, subject),
    };
  }
}
