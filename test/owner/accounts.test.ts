import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

const { ownerOf, ownerText } = await inside<{
  ownerOf(derive: ((data: never) => unknown) | undefined, data: object): string | null;
  ownerText(owner: unknown): string | null;
}>('session/owner');

for (const [owner, account] of [
  ['ann', 'ann'],
  [0, '0'],
  [-1.5, '-1.5'],
  [12n, '12'],
  [null, null],
  [undefined, null],
] as const) {
  test(`the account of ${typeof owner === 'bigint' ? '12n' : JSON.stringify(owner)} is ${account}`, () => {
    assert.equal(ownerText(owner), account);
    assert.equal(
      ownerOf(({ user }: { user: unknown }) => user, { user: owner }),
      account,
    );
  });
}

test('without an `owner` a session is nobody’s', () => {
  assert.equal(ownerOf(undefined, { user: 'ann' }), null);
});

for (const [owner, name] of [
  ['', 'an empty string'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [true, 'of type boolean'],
  [{}, 'of type object'],
  [Promise.resolve('ann'), 'a promise'],
] as const) {
  test(`an owner that is ${name} is refused, by that name`, () => {
    const message = `an \`owner\` is a string that is not empty, a number, a bigint, or null for nobody, and not ${name}`;
    assert.throws(() => ownerText(owner), new TypeError(message));
  });
}
