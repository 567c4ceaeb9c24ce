import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

type MaxAge = number | 'session';
type Policy = { sessionTtl: number; idleTimeout?: number; absoluteTimeout?: number };
type Times = { createdAt: number; renewedAt: number; lastSeenAt: number };

const { nearestDeadline, nearestOf, ttlOf, isOver, isRenewalDue } = await inside<{
  nearestDeadline(times: Times, maxAge: MaxAge, policy: Policy): { at: number; reason: string };
  nearestOf(
    expiredAt: number,
    times: Omit<Times, 'renewedAt'>,
    policy: Omit<Policy, 'sessionTtl'>,
  ): { at: number; reason: string };
  ttlOf(maxAge: MaxAge, sessionTtl: number): number;
  isOver(expiresAt: number | undefined, now: number): boolean;
  isRenewalDue(expiresAt: number | undefined, maxAge: MaxAge, now: number): boolean;
}>('session/lifetime');

const times = { createdAt: 1000, renewedAt: 2000, lastSeenAt: 3000 };

test('a lifetime counts from the renewal, idleness from the last use, the absolute timeout from the start', () => {
  const policy = { sessionTtl: 900 };
  assert.deepEqual(nearestDeadline(times, 500, policy), { at: 2500, reason: 'expired' });
  assert.deepEqual(nearestDeadline(times, 'session', policy), { at: 2900, reason: 'expired' });
  const idle = { ...policy, idleTimeout: 100, absoluteTimeout: 5000 };
  assert.deepEqual(nearestDeadline(times, 5000, idle), { at: 3100, reason: 'idle' });
  const absolute = { ...policy, idleTimeout: 5000, absoluteTimeout: 2200 };
  assert.deepEqual(nearestDeadline(times, 5000, absolute), { at: 3200, reason: 'absolute' });
});

test('of deadlines that come at once, the lifetime names the reason, and then idleness', () => {
  const policy = { idleTimeout: 1000, absoluteTimeout: 3000 };
  assert.deepEqual(nearestOf(4000, times, policy), { at: 4000, reason: 'expired' });
  assert.deepEqual(nearestOf(4001, times, policy), { at: 4000, reason: 'idle' });
});

test('a store keeps a session as long as its lifetime, or as the option says', () => {
  assert.equal(ttlOf(5, 900), 5);
  assert.equal(ttlOf(0, 900), 0);
  assert.equal(ttlOf('session', 900), 900);
});

test('a session is over in the millisecond of its deadline', () => {
  assert.deepEqual([isOver(5, 4), isOver(5, 5), isOver(5, 6)], [false, true, true]);
  assert.equal(isOver(undefined, 5), false);
});

test('a renewal is due when less than half of the lifetime is left', () => {
  assert.deepEqual([isRenewalDue(1000, 100, 950), isRenewalDue(1000, 100, 951)], [false, true]);
  assert.equal(isRenewalDue(undefined, 100, 951), false);
  assert.equal(isRenewalDue(1000, 'session', 951), false);
});
