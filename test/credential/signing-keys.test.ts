import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Keygrip from 'keygrip';
import { inside } from '../harness/inside.js';

interface SigningKeys {
  sign(data: string): string;
  verify(data: string, signature: string): boolean;
}
const { signingKeys, signatureOf, isEqual } = await inside<{
  signingKeys(keys: readonly unknown[]): SigningKeys | undefined;
  signatureOf(keys: SigningKeys, name: string, value: string): string;
  isEqual(presented: string, expected: string): boolean;
}>('credential/signing-keys');

const made = (keys: readonly unknown[]): SigningKeys => signingKeys(keys) as SigningKeys;

describe('a signature is Keygrip’s', () => {
  for (const [what, key] of Object.entries({
    'for a short key': 'key',
    'for a key of one block': 'k'.repeat(64),
    'for a longer key': 'k'.repeat(65),
    'for a key with other characters than ASCII': 'ключ',
    'for a key whose bytes are more than a block': 'é'.repeat(40),
  })) {
    test(what, () => {
      for (const data of ['', 'koa.sess=abc', 'é', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(5000)]) {
        const signature = new Keygrip([key]).sign(data);
        assert.equal(made([key]).sign(data), signature);
        assert.equal(made([key]).sign(data), signature, 'the second time, too');
      }
    });
  }

  test('for a cookie, of whatever size, and by whomever it is signed', () => {
    const keygrip = new Keygrip(['key']);
    for (const name of ['koa.sess', 'n'.repeat(130)]) {
      for (const length of [0, 20, 118, 119, 120, 4000, 4096, 4200, 13_000]) {
        for (const letter of ['x', 'é', '\u{1f511}']) {
          const value = letter.repeat(length);
          const signature = keygrip.sign(`${name}=${value}`);
          for (const keys of [made(['key']), made(['key', 'older']), keygrip])
            assert.equal(signatureOf(keys, name, value), signature, `${name} of ${length} times ${letter}`);
        }
      }
    }
  });

  test('for texts of as many lengths as there are', () => {
    const [own, keygrip] = [made(['key']), new Keygrip(['key'])];
    for (let length = 0; length < 1200; length++) own.sign('x'.repeat(length));
    for (const length of [0, 129, 500, 628, 629, 630, 1128, 1129, 1199]) {
      const data = 'y'.repeat(length);
      assert.equal(own.sign(data), keygrip.sign(data));
    }
  });

  test('for as many keys and texts as there are', () => {
    for (let i = 0; i < 70; i++)
      assert.equal(made([`key ${i}`]).sign('a'), new Keygrip([`key ${i}`]).sign('a'));
    const [own, keygrip] = [made(['key']), new Keygrip(['key'])];
    for (let i = 0; i < 2100; i++) own.sign(String(i));
    for (const i of [0, 999, 1000, 1001, 2099]) assert.equal(own.sign(String(i)), keygrip.sign(String(i)));
  });
});

test('the first key signs, all are accepted, and the list counts as it is', () => {
  const keys = ['new', 'old'];
  const own = made(keys);
  const [byNew, byOld] = [new Keygrip(['new']).sign('text'), new Keygrip(['old']).sign('text')];
  assert.equal(own.sign('text'), byNew);
  assert.ok(own.verify('text', byNew) && own.verify('text', byOld));
  assert.ok(!own.verify('text', new Keygrip(['other']).sign('text')) && !own.verify('other', byNew));
  keys.shift();
  assert.equal(own.sign('text'), byOld);
  assert.ok(!own.verify('text', byNew));
  assert.equal(signingKeys(keys), own);
  assert.notEqual(signingKeys([...keys]), own);
});

test('keys of the app’s own are asked for nothing but `sign`', () => {
  const keygrip = new Keygrip(['key']);
  const own = new Proxy(keygrip, {
    get(target, name) {
      if (name !== 'sign' && name !== 'verify') throw new Error(`what is ${String(name)}?`);
      return target[name].bind(target);
    },
  });
  assert.equal(signatureOf(own, 'name', 'value'), keygrip.sign('name=value'));
});

test('a list that is not of texts alone is left to Keygrip', () => {
  for (const keys of [[], [Buffer.from('key')], ['key', Buffer.from('key')], [undefined], [5]])
    assert.equal(signingKeys(keys), undefined);
});

test('texts are equal if they are, whatever was compared before', () => {
  for (const [one, two] of [
    ['', ''],
    ['a', 'a'],
    ['abc', 'abd'],
    ['abc', 'abc'],
    ['abc', 'ab'],
    ['ab', 'abc'],
    ['\u0141', 'A'],
    ['a\u0141', 'aA'],
    ['\u{1f511}', '\u{1f510}'],
    ['\u{1f511}', '\u{1f511}'],
    ['xbc', 'abc'],
  ] as const) {
    assert.equal(isEqual(one, two), one === two, `${one} and ${two}`);
  }
});
