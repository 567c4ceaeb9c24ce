import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

interface Cipher {
  seal(nonce: Buffer, plaintext: string | Uint8Array, additionalData: Uint8Array): [Buffer, Buffer];
  open(nonce: Buffer, sealed: Buffer, additionalData: Uint8Array): Buffer | undefined;
}

/** The primitive is no part of the package's surface. */
const { Xaes } = await inside<{ Xaes: { fromBytes(key: Uint8Array): Cipher } }>('codec/xaes');

const NONCE = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX');
const PLAINTEXT = 'XAES-256-GCM';

/** The vectors of C2SP's XAES-256-GCM.md. */
const vectors = [
  { byte: 1, additionalData: '', sealed: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
  {
    byte: 3,
    additionalData: 'c2sp.org/XAES-256-GCM',
    sealed: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
  },
];

for (const { byte, additionalData, sealed } of vectors) {
  test(`XAES-256-GCM agrees with the published vector of key ${byte}`, () => {
    const cipher = Xaes.fromBytes(Buffer.alloc(32, byte));
    const data = Buffer.from(additionalData);
    assert.equal(Buffer.concat(cipher.seal(NONCE, PLAINTEXT, data)).toString('hex'), sealed);
    assert.equal(cipher.open(NONCE, Buffer.from(sealed, 'hex'), data)?.toString(), PLAINTEXT);
    assert.equal(cipher.open(NONCE, Buffer.from(sealed, 'hex'), Buffer.from('other')), undefined);
  });
}

test('text is sealed as its UTF-8 bytes are', () => {
  const cipher = Xaes.fromBytes(Buffer.alloc(32, 1));
  const text = 'naïve 🔑';
  assert.deepEqual(cipher.seal(NONCE, text, NONCE), cipher.seal(NONCE, Buffer.from(text), NONCE));
});

test('what is shorter than a tag does not open', () => {
  const cipher = Xaes.fromBytes(Buffer.alloc(32, 1));
  for (let size = 0; size < 16; size++)
    assert.equal(cipher.open(NONCE, Buffer.alloc(size), Buffer.of()), undefined);
  const nothing = Buffer.concat(cipher.seal(NONCE, '', Buffer.of()));
  assert.deepEqual(cipher.open(NONCE, nothing, Buffer.of()), Buffer.of());
});

/** What the specification's accumulated test comes to after so many rounds. */
const accumulations: readonly [rounds: number, sum: string][] = [
  [10_000, 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939'],
  [1_000_000, '2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15'],
];

/** The million takes a minute, and is for the long run. */
const wanted = process.env.SCALE === 'full' ? accumulations : accumulations.slice(0, 1);

for (const [rounds, sum] of wanted) {
  test(`XAES-256-GCM agrees with the published accumulated test of ${rounds} rounds`, () => {
    assert.equal(accumulate(rounds), sum);
  });
}

function accumulate(rounds: number): string {
  const stream = createHash('shake128', { outputLength: rounds * (32 + 24 + 2 + 2 * 255) }).digest();
  assert.equal(stream.subarray(0, 8).toString('hex'), '7f9c2ba4e88f827d');
  let at = 0;
  const draw = (length: number): Buffer => {
    at += length;
    return stream.subarray(at - length, at);
  };
  const drawSome = (): Buffer => draw(draw(1)[0] as number);
  const accumulated = createHash('shake128', { outputLength: 32 });
  for (let round = 0; round < rounds; round++) {
    const cipher = Xaes.fromBytes(draw(32));
    const nonce = draw(24);
    const [plaintext, additionalData] = [drawSome(), drawSome()];
    const sealed = Buffer.concat(cipher.seal(nonce, plaintext, additionalData));
    assert.deepEqual(cipher.open(nonce, sealed, additionalData), Buffer.from(plaintext));
    accumulated.update(sealed);
  }
  return accumulated.digest('hex');
}
