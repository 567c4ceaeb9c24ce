import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { inside } from '../harness/inside.js';

interface KeyForm {
  readonly prefix?: string;
  readonly hashKeys?: boolean | { readonly acceptPlain?: boolean };
}
const { generateHandle, generateSessionKey, generateUuid, storedForms, withOwnerTag } = await inside<{
  generateHandle(key: string, prefix: string): string;
  generateSessionKey(prefix: string, previous?: string): string;
  generateUuid(): string;
  storedForms(key: string, form: KeyForm): string[];
  withOwnerTag(key: string, prefix: string, owner: string): string;
}>('credential/session-key');

const SECRET = 'x'.repeat(43);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

test('a UUID is of version 4', () => {
  assert.match(generateUuid(), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

describe('a generated key', () => {
  test('has a tag and 256 bits behind the prefix, and is never the same', () => {
    const keys = Array.from({ length: 50 }, () => generateSessionKey('app:'));
    for (const key of keys) assert.match(key, /^app:[\w-]{3}\.[\w-]{43}$/);
    assert.equal(new Set(keys).size, 50);
    assert.ok(new Set(keys.map(key => key.slice(0, 7))).size > 1);
    assert.match(generateSessionKey(''), /^[\w-]{3}\.[\w-]{43}$/);
  });

  test('keeps the tag of the key that it takes the place of', () => {
    assert.match(generateSessionKey('app:', `app:T_-.${SECRET}`), /^app:T_-\.[\w-]{43}$/);
  });

  for (const previous of [
    `T_-.${SECRET}`,
    `other:T_-.${SECRET}`,
    `oth:T_-.${SECRET}`,
    `app:T_-${SECRET}`,
    `app:T!-.${SECRET}`,
    'app:T_.',
  ]) {
    test(`takes no tag from ${previous}`, () => {
      for (let i = 0; i < 3; i++)
        assert.match(generateSessionKey('app:', previous), /^app:(?!T_-)[\w-]{3}\.[\w-]{43}$/);
    });
  }

  test('takes its owner’s tag in place of its own', () => {
    const key = withOwnerTag(`app:T_-.${SECRET}`, 'app:', 'ann');
    assert.equal(key, `app:${sha256('ann').slice(0, 3)}.${SECRET}`);
  });
});

test('a handle has the tag of its key, and 128 bits', () => {
  assert.match(generateHandle(`app:T_-.${SECRET}`, 'app:'), /^T_-[\w-]{22}$/);
  assert.match(generateHandle('own-key', ''), /^[\w-]{22}$/);
  assert.match(generateHandle(`app:T_-.${SECRET}`, ''), /^[\w-]{22}$/);
  assert.match(generateHandle(`T_-.${SECRET}`, 'app:'), /^[\w-]{22}$/);
});

describe('a store sees', () => {
  const HASH = `h1:${sha256('any')}`;
  const key = `app:T_-.${SECRET}`;
  const hashed = `app:h1:T_-.${sha256(key)}`;
  const cases: [what: string, key: string, form: KeyForm, forms: string[]][] = [
    ['the key', key, {}, [key]],
    ['the key', key, { hashKeys: false, prefix: 'app:' }, [key]],
    ['its hash behind the tag', key, { hashKeys: true, prefix: 'app:' }, [hashed]],
    [
      'its hash, and for a while the key',
      key,
      { hashKeys: { acceptPlain: true }, prefix: 'app:' },
      [hashed, key],
    ],
    ['its hash alone', key, { hashKeys: { acceptPlain: false }, prefix: 'app:' }, [hashed]],
    ['its hash alone', key, { hashKeys: {}, prefix: 'app:' }, [hashed]],
    ['a hash without a tag', 'own-key', { hashKeys: true }, [`h1:${sha256('own-key')}`]],
    ['a hash without a tag', 'own-key', { hashKeys: true, prefix: 'app:' }, [`app:h1:${sha256('own-key')}`]],
    ['nothing of a key that is a hash', hashed, { prefix: 'app:' }, []],
    ['nothing of a key that is a hash', hashed, { hashKeys: true, prefix: 'app:' }, []],
    ['nothing of a key that is a hash', 'h1:abc', { prefix: 'app:' }, []],
    ['nothing of a key that is a hash', 'app:h1:abc', { prefix: 'app:' }, []],
    ['nothing of another session’s hash', `other:${HASH}`, { prefix: 'app:' }, []],
    ['nothing of another session’s hash', `other:h1:T_-.${'Az-_'.repeat(11).slice(1)}`, {}, []],
    ['a key that only looks like a hash', `other:${HASH}x`, {}, [`other:${HASH}x`]],
    ['a key that only looks like a hash', 'other:h1:a', {}, ['other:h1:a']],
    ['nothing of the key of a row that is no session', 'revoked:1:T_-.session-abc', {}, []],
    ['nothing of the key of a row that is no session', 'revoked:1:T_-.owner-abc', { hashKeys: true }, []],
    ['a key that only looks like one', 'xrevoked:1:abc', {}, ['xrevoked:1:abc']],
    ['a key that only looks like one', 'xh1:abc', { prefix: 'app:' }, ['xh1:abc']],
  ];
  for (const [what, presented, form, forms] of cases) {
    test(`${what}: ${presented} with ${JSON.stringify(form)}`, () => {
      assert.deepEqual(storedForms(presented, form), forms);
    });
  }
});
