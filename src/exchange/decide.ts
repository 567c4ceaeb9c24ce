import type { LoadedSession } from '../persistence/loaded-session.js';
import type { CommitReason } from '../persistence/persistence.js';
import { type Content, isChangedContent, isEmptyContent } from '../session/content.js';
import { isRenewalDue } from '../session/lifetime.js';
import type { MaxAge } from '../session/record.js';

/** Everything that a commit's reason depends on. */
export interface Situation {
  /** What the session was when it was loaded, or last committed. */
  readonly base: LoadedSession | undefined;
  /** The base's data, and the data now; both undefined if the app never looked. */
  readonly baseline: Content | undefined;
  readonly ours: Content | undefined;
  /** The app requested it: `save()` or a new `maxAge`, `regenerate()`, `touch()`. */
  readonly force: 'save' | 'regenerate' | 'touch' | undefined;
  /** Made with an older key. */
  readonly isStale: boolean;
  /** The session has been saved by this request already. */
  readonly isCommitted: boolean;
  /** This use has to be recorded. */
  readonly isTouchDue: boolean;
  /** Epoch ms at which the lifetime began anew; undefined if it has to be derived from the expiry. */
  readonly renewedAt: number | undefined;
  readonly rolling: boolean;
  /** ms between two uses that roll the session; undefined: every use does. */
  readonly throttle: number | undefined;
  readonly renew: boolean;
  readonly maxAge: MaxAge;
  readonly now: number;
}

/** Decides why this response changes the session, or that it does not. */
export function decide(situation: Situation): CommitReason {
  const { base, baseline, ours, force } = situation;
  if (force === 'regenerate') return 'rotated';
  if (force === 'save') return 'forced';
  if (ours && isChangedContent(ours, baseline)) {
    if (!isEmptyContent(ours)) return 'changed';
    // A session that had data and has none is over; a new one that stayed empty never began.
    if (base) return 'ended';
  }
  if (base && force === 'touch') return 'rolling';
  return base && !situation.isCommitted ? decideUnchanged(situation, base) : 'unchanged';
}

function decideUnchanged(situation: Situation, base: LoadedSession): CommitReason {
  const { isStale, isTouchDue, rolling, renew, maxAge, now } = situation;
  if (isStale) return 'rotated';
  if (rolling && !isThrottled(situation, base)) return 'rolling';
  if (renew && isRenewalDue(lifetimeEndOf(base, maxAge), maxAge, now)) return 'renewed';
  return isTouchDue ? 'touched' : 'unchanged';
}

/** A stored session's other deadlines may come before its lifetime is over. */
function lifetimeEndOf({ savedAt, expiresAt }: LoadedSession, maxAge: MaxAge): number | undefined {
  return savedAt === undefined || maxAge === 'session' ? expiresAt : savedAt + maxAge;
}

function isThrottled(
  { throttle, renewedAt, maxAge, now }: Situation,
  { expiresAt, info }: LoadedSession,
): boolean {
  const derived = expiresAt === undefined || maxAge === 'session' ? undefined : expiresAt - maxAge;
  const since = renewedAt ?? derived ?? info.lastSeenAt;
  return throttle !== undefined && since !== undefined && now - since < throttle;
}
