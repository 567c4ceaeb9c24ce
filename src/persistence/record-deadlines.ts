import { nearestOf } from '../session/lifetime.js';
import type { Bookkeeping, MaxAge } from '../session/record.js';
import type { LoadedRecord, RecordTimes, TimedSession } from './loaded-record.js';
import type { LoadedSession, LoadResult } from './loaded-session.js';
import type { Change } from './persistence.js';

/** The deadlines that the options add to a record's own expiry. All durations are ms. */
export interface DeadlineSettings {
  readonly idleTimeout: number | undefined;
  readonly absoluteTimeout: number | undefined;
  /** ms between two recorded uses. */
  readonly touchAfter: number;
  /** ms after its last save at which a record expires: it must not outlive the revocation of its session. */
  readonly longest?: number | undefined;
}

/** What is known of a session's times besides its record. Epoch ms. */
interface Knowledge {
  /** A use that was recorded elsewhere. */
  readonly usedAt?: number | undefined;
  /** When a session begins whose record does not say; undefined: it is then refused. */
  readonly startsAt?: number | undefined;
  /** The session's name in stamps of its last use. */
  readonly subject?: string | undefined;
}

/**
 * Deadlines of sessions in koa-session's format, which has only an expiry and a lifetime, and so implies the last save.
 * Whatever else a deadline counts from is in our own fields, unless koa-session dropped them.
 */
export class RecordDeadlines {
  readonly #settings: DeadlineSettings;

  constructor(settings: DeadlineSettings) {
    this.#settings = settings;
  }

  get hasIdle(): boolean {
    return this.#settings.idleTimeout !== undefined;
  }

  /** True if sessions need a handle: to bind use stamps to it, or to be revoked by it. */
  get needsHandle(): boolean {
    return this.hasIdle || this.#settings.longest !== undefined;
  }

  /** The session with its deadlines, if none has passed. */
  ifLive(loaded: LoadedRecord, now: number, known: Knowledge): LoadResult {
    const times = this.timesOf(loaded.bookkeeping, known);
    const value = loaded.raw;
    if (!times) return { refused: this.hasIdle ? 'idle' : 'absolute', value };
    const { at, reason } = this.#nearest(loaded.bookkeeping, times);
    return at <= now ? { refused: reason, at, value } : loaded.timed(times);
  }

  /** Undefined if a deadline needs a beginning or a last use that nobody knows. */
  timesOf(record: Bookkeeping, { usedAt, startsAt, subject }: Knowledge): RecordTimes | undefined {
    const { idleTimeout, absoluteTimeout, longest } = this.#settings;
    const savedAt = lastSaveOf(record);
    const recorded = {
      createdAt: record.createdAt ?? savedAt,
      lastSeenAt: latestOf(record.lastSeenAt, savedAt, usedAt),
    };
    const { createdAt = startsAt, lastSeenAt = startsAt } = recorded;
    if (absoluteTimeout !== undefined && createdAt === undefined) return undefined;
    if (idleTimeout !== undefined && lastSeenAt === undefined) return undefined;
    const times = {
      createdAt: (absoluteTimeout ?? longest) && createdAt,
      lastSeenAt: idleTimeout && lastSeenAt,
      savedAt,
      subject,
      isUnrecorded:
        (absoluteTimeout !== undefined && recorded.createdAt === undefined) ||
        (idleTimeout !== undefined && recorded.lastSeenAt === undefined),
    };
    const { at } = this.#nearest(record, times);
    return { expiresAt: at === Infinity ? undefined : at, ...times };
  }

  /** The bookkeeping of a save. Where there is an expiry, it implies the last use. */
  bookkeepingOf({ maxAge, base }: Pick<Change, 'maxAge' | 'base'>, now: number): Bookkeeping {
    const { idleTimeout, absoluteTimeout, longest } = this.#settings;
    return {
      createdAt: (absoluteTimeout ?? longest) && (base?.info.createdAt ?? now),
      lastSeenAt: (idleTimeout ?? longest) && maxAge === 'session' ? now : undefined,
      ...lifetimeFrom(now, maxAge),
    };
  }

  /** The bookkeeping of a session that is used at this instant, but not saved. */
  bookkeepingOfUse({ bookkeeping, times }: TimedSession, now: number): Bookkeeping {
    const { absoluteTimeout, idleTimeout } = this.#settings;
    const lastSeenAt = idleTimeout && latestOf(now, times?.lastSeenAt);
    return { ...bookkeeping, createdAt: absoluteTimeout && times?.createdAt, lastSeenAt };
  }

  isTouchDue(base: LoadedSession, lastUse: number | undefined, now: number): boolean {
    if ((base as TimedSession).times?.isUnrecorded) return true;
    return this.hasIdle && lastUse !== undefined && now - lastUse >= this.#settings.touchAfter;
  }

  #nearest(
    record: Bookkeeping,
    { createdAt = 0, lastSeenAt = 0 }: Pick<RecordTimes, 'createdAt' | 'lastSeenAt'>,
  ) {
    const { longest = Infinity } = this.#settings;
    const savedAt = lastSaveOf(record) ?? record.lastSeenAt ?? record.createdAt ?? Infinity;
    const expiredAt = Math.min(record.expiresAt ?? Infinity, savedAt + longest);
    return nearestOf(expiredAt, { createdAt, lastSeenAt }, this.#settings);
  }
}

/** A record's own lifetime, when it is saved at this instant. */
export function lifetimeFrom(now: number, maxAge: MaxAge): Bookkeeping {
  return { maxAge, expiresAt: maxAge === 'session' ? undefined : now + maxAge };
}

/** koa-session counts the expiry from the save. */
function lastSaveOf({ expiresAt, maxAge }: Bookkeeping): number | undefined {
  return expiresAt === undefined || typeof maxAge !== 'number' ? undefined : Math.floor(expiresAt - maxAge);
}

function latestOf(...instants: (number | undefined)[]): number | undefined {
  const known = instants.filter(instant => instant !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
