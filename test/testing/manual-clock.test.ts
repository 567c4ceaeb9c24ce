import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from 'sojourn/testing';

test('a manual clock stands still', () => {
  const clock = manualClock(1000);
  assert.deepEqual([clock(), clock()], [1000, 1000]);
});

test('a manual clock starts at the present', () => {
  const before = Date.now();
  const now = manualClock()();
  assert.ok(before <= now && now <= Date.now());
});

test('a manual clock advances, and answers the new time', () => {
  const clock = manualClock(1000);
  assert.equal(clock.advance(500), 1500);
  assert.equal(clock(), 1500);
});

test('a manual clock can be set, back too', () => {
  const clock = manualClock(1000);
  clock.set(10);
  assert.equal(clock(), 10);
});
