import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

const { toBase64, fromBase64 } = await inside<{
  toBase64(head: string, tail?: string): string;
  fromBase64(text: string): string;
}>('codec/plain');

for (const [what, text] of Object.entries({
  'is empty': '',
  'is short': '{"user":"ann"}',
  'has characters of two, three and four bytes': 'é€🔑',
  'is larger than most cookies': 'x'.repeat(50_000),
  'is larger in bytes than in characters': 'é€🔑'.repeat(1200),
})) {
  test(`a text that ${what} goes through base64 and back`, () => {
    assert.equal(toBase64(text), Buffer.from(text).toString('base64'));
    assert.equal(fromBase64(toBase64(text)), text);
  });

  test(`a text that ${what} is the same in base64 if it comes in two pieces`, () => {
    for (const tail of ['', ',', '"é":1}', 'y'.repeat(9000)])
      assert.equal(toBase64(text, tail), Buffer.from(text + tail).toString('base64'));
  });
}
