import type { MaxAge } from './record.js';

/** How long sessions live. All durations are ms. */
export interface LifetimePolicy {
  /** How long a store keeps a session whose cookie ends with the browser, after its last use. */
  readonly sessionTtl: number;
  readonly idleTimeout?: number | undefined;
  readonly absoluteTimeout?: number | undefined;
}

/** The instants that deadlines count from, in epoch ms. */
export interface Times {
  readonly createdAt: number;
  /** What the lifetime counts from: the last save, or the last use of a rolling session. */
  readonly renewedAt: number;
  readonly lastSeenAt: number;
}

/** Why a session ended by time. */
export type TimeReason = 'expired' | 'idle' | 'absolute';

/** The nearest of a session's deadlines: when it comes, in epoch ms, and what it is called. */
export interface Deadline {
  readonly at: number;
  readonly reason: TimeReason;
}

/** The nearest deadline of a session whose lifetime counts from `renewedAt`. */
export function nearestDeadline(times: Times, maxAge: MaxAge, policy: LifetimePolicy): Deadline {
  return nearestOf(times.renewedAt + ttlOf(maxAge, policy.sessionTtl), times, policy);
}

/** The nearest deadline of a session whose lifetime ends at this instant. */
export function nearestOf(
  expiredAt: number,
  { createdAt, lastSeenAt }: Pick<Times, 'createdAt' | 'lastSeenAt'>,
  { idleTimeout = Infinity, absoluteTimeout = Infinity }: Omit<LifetimePolicy, 'sessionTtl'>,
): Deadline {
  const idleAt = lastSeenAt + idleTimeout;
  const at = Math.min(expiredAt, idleAt, createdAt + absoluteTimeout);
  if (at === expiredAt) return { at, reason: 'expired' };
  return { at, reason: at === idleAt ? 'idle' : 'absolute' };
}

/** How long a store keeps a session of this lifetime: always a number. */
export function ttlOf(maxAge: MaxAge, sessionTtl: number): number {
  return maxAge === 'session' ? sessionTtl : maxAge;
}

/** True once the deadline has come: a session is over in the very millisecond of its deadline. */
export function isOver(expiresAt: number | undefined, now: number): boolean {
  return (expiresAt ?? Infinity) <= now;
}

/** True when less than half of the lifetime is left: koa-session's rule for `renew`. */
export function isRenewalDue(expiresAt: number | undefined, maxAge: MaxAge, now: number): boolean {
  return expiresAt !== undefined && maxAge !== 'session' && expiresAt - now < maxAge / 2;
}
