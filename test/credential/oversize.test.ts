import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionTooLargeError } from 'sojourn';
import { inside } from '../harness/inside.js';

type Oversize = 'throw' | 'chunk' | { readonly chunk: number };
interface Issue {
  readonly value: string;
  readonly expiresAt: undefined;
  readonly data: Record<string, unknown> | undefined;
}
const { pack } = await inside<{
  pack(name: string, issue: Issue, oversize?: Oversize): { value: string; chunks: string[] };
}>('credential/oversize');

const issue = (value: string, data: Issue['data'] = {}): Issue => ({ value, expiresAt: undefined, data });
const text = (length: number): Issue => issue('x'.repeat(length));

function tooLarge(name: string, { value, data }: Issue, oversize?: Oversize): SessionTooLargeError {
  try {
    pack(name, { value, expiresAt: undefined, data }, oversize);
  } catch (error) {
    assert.ok(error instanceof SessionTooLargeError, String(error));
    return error;
  }
  assert.fail('it was packed');
}

describe('one cookie', () => {
  test('takes 4096 bytes, name and value together', () => {
    for (const oversize of [undefined, 'throw', 'chunk'] as const) {
      assert.deepEqual(pack('k', text(4095), oversize), { value: 'x'.repeat(4095), chunks: [] });
      assert.deepEqual(pack('ké', issue(`${'x'.repeat(4091)}é`), oversize).chunks, []);
    }
    assert.equal(tooLarge('k', text(4096)).size, 4097);
    assert.equal(tooLarge('ké', issue(`${'x'.repeat(4092)}é`), 'throw').size, 4097);
  });

  test('that is too large is told with what to do about it', () => {
    assert.equal(
      tooLarge('k', issue('x'.repeat(4096), { cart: 1 })).message,
      'the session cookie would be 4097 bytes, and browsers drop a cookie over 4096: ' +
        'keep less in the session, give a `store`, or set `oversize: \'chunk\'`. Its largest fields: "cart"',
    );
  });

  test('of a store is not cut, however long its key is', () => {
    const key = { ...text(5000), data: undefined };
    for (const oversize of ['throw', 'chunk', { chunk: 16_000 }] as const) {
      const error = tooLarge('k', key, oversize);
      assert.match(
        error.message,
        /^the session cookie would be 5001 bytes.*: let `prefix` or `genid` make shorter keys$/,
      );
      assert.deepEqual(error.fields, []);
    }
  });
});

describe('several cookies', () => {
  test('take 7 KB in all, or what the option says', () => {
    // Beside the text: the main cookie has 1 + 48, and each chunk 3 + 9.
    assert.equal(pack('k', text(7168 - 73), 'chunk').chunks.length, 2);
    assert.equal(tooLarge('k', text(7168 - 72), 'chunk').size, 7169);
    assert.equal(pack('k', text(9000 - 85), { chunk: 9000 }).chunks.length, 3);
    const error = tooLarge('k', issue('x'.repeat(9000 - 84), { cart: 1 }), { chunk: 9000 });
    assert.equal(
      error.message,
      "the session's cookies would be 9001 bytes in all, and `oversize` allows 9000: " +
        'keep less in the session, or give a `store`. Its largest fields: "cart"',
    );
    assert.deepEqual([error.size, error.fields], [9001, ['cart']]);
  });

  test('are as few as browsers allow', () => {
    const most = 4096 - 'k.20'.length - 9;
    const limit = { chunk: 1_000_000 };
    assert.equal(pack('k', text(2 * most), limit).chunks.length, 2);
    assert.equal(pack('k', text(2 * most + 1), limit).chunks.length, 3);
    assert.equal(pack('k', text(20 * most), limit).chunks.length, 20);
    assert.match(tooLarge('k', text(20 * most + 1), limit).message, /allows 1000000/);
  });

  test('need room beside their names', () => {
    const limit = { chunk: 1_000_000 };
    assert.equal(pack('k'.repeat(4083), text(14), limit).chunks.length, 14);
    for (const length of [4084, 4090]) tooLarge('k'.repeat(length), text(14), limit);
  });

  test('count the bytes of a text, and not its characters', () => {
    assert.equal(pack('k', issue('é'.repeat(4083)), { chunk: 9000 }).chunks.length, 2);
    assert.equal(pack('k', issue('é'.repeat(4084)), { chunk: 9000 }).chunks.length, 3);
  });
});

test('an app’s text of the form of a manifest is refused', () => {
  const value = `~1.2.${'A'.repeat(43)}`;
  const message = 'option `encode`: a text of this form stands for chunks, and cannot be a session';
  assert.throws(() => pack('k', issue(value), 'chunk'), new TypeError(message));
});

test('a text is not cut that a cookie cannot hold', () => {
  const message = 'option `encode`: the text has characters that a cookie cannot hold';
  for (const character of [';', '\n', '\u007f', '\u0100', '\u0000', '🔑']) {
    const values = [`${'x'.repeat(4096)}${character}`, `${character}${'x'.repeat(4096)}`];
    for (const value of values)
      assert.throws(() => pack('k', issue(value), 'chunk'), new TypeError(message), character);
  }
  for (const character of ['\t', ' ', ':', '<', '~', '\u0080', 'ÿ', '"', ','])
    assert.equal(pack('k', issue('x'.repeat(4096) + character), 'chunk').chunks.length, 2, character);
});

describe('the fields that an error names', () => {
  test('are the three largest, the largest first, and their values are not told', () => {
    const data = { a: 'secret', b: 'x'.repeat(30), c: undefined, d: 'x'.repeat(20), e: 'x'.repeat(40) };
    const error = tooLarge('k', issue('x'.repeat(4096), data));
    assert.deepEqual(error.fields, ['e', 'b', 'd']);
    assert.match(error.message, /\. Its largest fields: "e","b","d"$/);
  });

  test('forge no line of a log, though the app’s users may choose them', () => {
    const { message } = tooLarge(
      'k',
      issue('x'.repeat(4096), { 'a\n2026-01-01 admin signed in\u001b[2J': 1 }),
    );
    assert.match(message, /"a\\n2026-01-01 admin signed in\\u001b\[2J"$/);
  });

  test('are measured with their names, which are cut', () => {
    const long = 'n'.repeat(70);
    const data = { c: undefined, [long]: 1, b: 'x'.repeat(60) };
    assert.deepEqual(tooLarge('k', issue('x'.repeat(4096), data)).fields, [long.slice(0, 64), 'b', 'c']);
  });

  test('have no size where JSON has nothing of them', () => {
    const data = { nothing: undefined, d: '123456789' };
    assert.deepEqual(tooLarge('k', issue('x'.repeat(4096), data)).fields, ['d', 'nothing']);
  });

  test('are not mentioned where there are none', () => {
    assert.match(tooLarge('k', text(4096)).message, /'chunk'`$/);
  });
});
