import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

const { isNestedTooDeep } = await inside<{ isNestedTooDeep(value: unknown, text?: string): boolean }>(
  'session/nesting',
);

/** A value of so many levels. */
const nested = (levels: number): unknown => JSON.parse(`${'[1,'.repeat(levels)}null${']'.repeat(levels)}`);

test('a value is nested too deep beyond a thousand levels', () => {
  for (const [levels, isTooDeep] of [
    [1, false],
    [1000, false],
    [1001, true],
    [1100, true],
  ] as const) {
    assert.equal(isNestedTooDeep(nested(levels)), isTooDeep, String(levels));
    assert.equal(isNestedTooDeep({ a: null, b: nested(levels - 1) }), isTooDeep, String(levels));
  }
  for (const value of [null, undefined, 5, 'text', {}, []]) assert.equal(isNestedTooDeep(value), false);
});

test('a value whose text has few brackets is not looked into', () => {
  const value = nested(2000);
  const text = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(isNestedTooDeep(value, text(1000)), false);
  assert.equal(isNestedTooDeep(value, text(1001)), true);
  const flat = `["${'x'.repeat(3000)}"]`;
  assert.equal(isNestedTooDeep(value, flat), false);
});
