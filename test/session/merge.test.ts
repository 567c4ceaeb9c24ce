import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

type Data = Record<string, unknown>;
const { mergeByKey } = await inside<{ mergeByKey(base: Data, ours: Data, theirs: Data): Data }>(
  'session/merge',
);

for (const [what, base, ours, theirs, merged] of [
  ['nobody changed anything', { a: 1 }, { a: 1 }, { a: 1 }, { a: 1 }],
  ['each changed a key', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 2 }],
  ['each added a key', {}, { a: 1 }, { b: 1 }, { b: 1, a: 1 }],
  ['both changed one key', { a: 1 }, { a: 2 }, { a: 3 }, { a: 2 }],
  ['we deleted what they left', { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 1 }, { b: 1 }],
  ['we deleted what they changed', { a: 1 }, {}, { a: 2 }, {}],
  ['they deleted what we left', { a: 1, b: 1 }, { a: 1, b: 1 }, { b: 1 }, { b: 1 }],
  ['they deleted what we changed', { a: 1 }, { a: 2 }, {}, {}],
  ['they changed what stands alike but apart', { a: { x: [1] } }, { a: { x: [1] } }, { a: 5 }, { a: 5 }],
  ['we changed it within', { a: { x: [1] } }, { a: { x: [2] } }, { a: 5 }, { a: { x: [2] } }],
  ['we added what is undefined', {}, { a: undefined }, { b: 1 }, { b: 1, a: undefined }],
  ['we deleted what was undefined', { a: undefined }, {}, { a: undefined, b: 1 }, { b: 1 }],
  ['both added one key', {}, { a: 1 }, { a: 2 }, { a: 1 }],
] as const) {
  test(`merged by key, where ${what}`, () => {
    assert.deepEqual(mergeByKey(base, ours, theirs), merged);
    assert.deepEqual(Object.keys(mergeByKey(base, ours, theirs)), Object.keys(merged));
  });
}

test('a key of any name is merged, as it is', () => {
  const parse = (text: string): Record<string, unknown> => JSON.parse(text);
  const merged = mergeByKey(parse('{}'), parse('{"__proto__":1,"toString":2}'), parse('{"constructor":3}'));
  assert.equal(JSON.stringify(merged), '{"constructor":3,"__proto__":1,"toString":2}');
});
