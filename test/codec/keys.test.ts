import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey, SessionOptionsError, sealed } from 'sojourn';
import { inside } from '../harness/inside.js';

interface Seal {
  recognises(text: string): boolean;
  open(text: string, name: string): { json: string; isStale: boolean };
}
const { sealOf, TamperedError } = await inside<{
  sealOf(carrier: object | undefined): Seal | undefined;
  TamperedError: new () => Error;
}>('codec/codec');

const OLD = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const BYTES = Buffer.from(OLD, 'base64url');
const SEALED_ONCE = 'AWjHhcK5zBO7XwpuCSRT7SO9O6LofN5s2Vf5j-Nh6ebVYGaiTsT7bzOK0SA8Cu-bzTq-7uJEuC7mKcY';

test('a text that was sealed by the first version opens', () => {
  assert.deepEqual(sealed(OLD).decode(SEALED_ONCE, { name: 'koa.sess' }), { user: 'ann' });
});

test('a text of any length is sealed and opens, whatever was opened before', () => {
  const codec = sealed(OLD);
  for (const length of [0, 6000, 6100, 50_000, 10]) {
    const record = { text: 'é'.repeat(length) };
    assert.deepEqual(codec.decode(codec.encode(record, { name: 'a' }), { name: 'a' }), record);
  }
});

describe('one key', () => {
  const text = sealed(OLD).encode({ user: 'ann' }, { name: 'a' });
  for (const [what, key] of Object.entries({
    'is base64url': OLD,
    'is base64url with its padding': `${OLD}=`,
    'is a Buffer': BYTES,
    'is a Uint8Array': new Uint8Array(BYTES),
    'stands in a list': [BYTES],
  })) {
    test(`${what}`, () => {
      assert.deepEqual(sealed(key).decode(text, { name: 'a' }), { user: 'ann' });
    });
  }

  test('is not kept by reference', () => {
    const key = Buffer.from(BYTES);
    const codec = sealed(key);
    key.fill(0);
    assert.deepEqual(codec.decode(text, { name: 'a' }), { user: 'ann' });
  });
});

for (const [what, keys, problem] of [
  ['no key', [], /must be given, the newest first: generateKey/],
  ['an object', {}, /must be given/],
  ['one key twice', [OLD, generateKey(), BYTES], /must differ: one is given twice/],
  ['too few bytes', Buffer.alloc(31), /must be 32 bytes, and number 1 has 31/],
  ['too many bytes', [OLD, Buffer.alloc(33)], /must be 32 bytes, and number 2 has 33/],
  ['a longer text', `${OLD}A`, /32 random bytes.*base64url, and number 1 is none; a passphrase is no key/],
  ['an empty text', [OLD, ''], /must be 32 random bytes.*, and number 2 is empty/],
  ['a text with something before', `:${OLD}`, /must be 32 random bytes/],
  ['a text with something behind', `${OLD}=:`, /must be 32 random bytes/],
  ['a number', [42], /must be 32 random bytes/],
  ['a list in a list', [[OLD]], /must be 32 random bytes/],
] as const) {
  test(`${what}: the error says what keys must be`, () => {
    assert.throws(
      () => sealed(keys as never),
      (error: Error) => error instanceof SessionOptionsError && problem.test(error.message),
    );
  });
}

test('a sealed text is told from a plain one at sight', () => {
  const seal = sealOf(sealed(OLD)) as Seal;
  assert.ok(seal.recognises(SEALED_ONCE));
  for (const text of ['', 'eyJ1c2VyIjoiYW5uIn0=', `e${SEALED_ONCE}`]) assert.ok(!seal.recognises(text));
});

test('a seal is found in what `sealed()` made, and in nothing else', () => {
  assert.equal(sealOf(undefined), undefined);
  assert.equal(sealOf({}), undefined);
  assert.ok(sealOf({ ...sealed(OLD) }));
});

test('an error that tells of tampering is known as such, and no other is', () => {
  class Cut extends TamperedError {}
  const [error, cut] = [new TamperedError(), new Cut()];
  assert.deepEqual(
    [error, cut, new SyntaxError(), null].map(each => each instanceof TamperedError),
    [true, true, false, false],
  );
  assert.deepEqual([error instanceof Cut, cut instanceof Cut], [false, true]);
  assert.deepEqual(Object.keys(error), []);
});

test('what does not open says whether it was altered, or is of another key or name', () => {
  const seal = sealOf(sealed(OLD)) as Seal;
  const thrown = (text: string, name = 'koa.sess'): string => {
    try {
      return seal.open(text, name).json;
    } catch (error) {
      assert.ok(error instanceof TamperedError);
      return error.message;
    }
  };
  assert.equal(thrown(SEALED_ONCE), '{"user":"ann"}');
  assert.equal(thrown(`${SEALED_ONCE}=`), 'the sealed text is cut or altered');
  assert.match(
    thrown(SEALED_ONCE, 'other'),
    /does not open: altered, of another name, or of a key that is gone/,
  );
  for (let length = 0; length < SEALED_ONCE.length; length++)
    assert.match(thrown(SEALED_ONCE.slice(0, length)), /the sealed text/);
});

test('a text is stale if another key than the newest sealed it', () => {
  const seal = sealOf(sealed([generateKey(), OLD])) as Seal;
  assert.equal(seal.open(SEALED_ONCE, 'koa.sess').isStale, true);
  assert.equal(sealOf(sealed([OLD, generateKey()]))?.open(SEALED_ONCE, 'koa.sess').isStale, false);
});
