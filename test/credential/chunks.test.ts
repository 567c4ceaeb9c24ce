import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

interface Manifest {
  readonly count: number;
  readonly digest: string;
}
const { CHUNK_OVERHEAD, MAX_CHUNKS, chunkName, cut, isChunkOf, join, readManifest } = await inside<{
  CHUNK_OVERHEAD: number;
  MAX_CHUNKS: number;
  chunkName(name: string, number: number): string;
  cut(text: string, count: number): { value: string; chunks: string[] };
  isChunkOf(manifest: Manifest, chunk: string): boolean;
  join(manifest: Manifest, chunks: readonly (string | undefined)[]): string | undefined;
  readManifest(value: string): Manifest | undefined;
}>('credential/chunks');

const DIGEST = createHash('sha256').update('abcdefg').digest('base64url');
const ISSUE = DIGEST.slice(0, 8);
const MANIFEST = { count: 2, digest: DIGEST };

test('a text is cut into parts of one length, and the last has the rest', () => {
  const chunks = [`${ISSUE}abcd~`, `${ISSUE}efg~`];
  assert.deepEqual(cut('abcdefg', 2), { value: `~1.2.${DIGEST}`, chunks });
  assert.deepEqual([chunkName('a.b', 1), CHUNK_OVERHEAD, MAX_CHUNKS], ['a.b.1', 9, 20]);
});

for (const count of [1, 2, 9, 10, 20, 99]) {
  test(`a manifest may count ${count} chunks`, () => {
    assert.deepEqual(readManifest(`~1.${count}.${DIGEST}`), { count, digest: DIGEST });
  });
}

for (const value of [
  '',
  `~1.0.${DIGEST}`,
  `~1.02.${DIGEST}`,
  `~1.100.${DIGEST}`,
  `~1.x.${DIGEST}`,
  `~1..${DIGEST}`,
  `~2.2.${DIGEST}`,
  `1.2.${DIGEST}`,
  ` ~1.2.${DIGEST}`,
  `~1.2.${DIGEST} `,
  `~1.2.${DIGEST}A`,
  `~1.2.${DIGEST.slice(1)}`,
  `~1.2.+${DIGEST.slice(1)}`,
]) {
  test(`'${value}' is no manifest`, () => {
    assert.equal(readManifest(value), undefined);
  });
}

test('a chunk has the first letters of its issue, and an end', () => {
  assert.ok(isChunkOf(MANIFEST, `${ISSUE}~`));
  for (const chunk of ['', '~', ISSUE, `${ISSUE}abc`, `a${ISSUE}~`, `${ISSUE.slice(0, 7)}~`])
    assert.ok(!isChunkOf(MANIFEST, chunk), chunk);
});

test('chunks are put together where all are there, and unaltered', () => {
  const { chunks } = cut('abcdefg', 2);
  const [first, second] = chunks as [string, string];
  assert.equal(join(MANIFEST, chunks), 'abcdefg');
  assert.equal(join(MANIFEST, [first, second, 'more']), 'abcdefg');
  for (const others of [
    [],
    [first],
    [undefined, second],
    [second, first],
    [first, first],
    [first, second.slice(0, -1)],
    [first, second.replace(ISSUE, 'AAAAAAAA')],
    [first, `${ISSUE}efG~`],
    [`${ISSUE}abcdefg~`],
  ]) {
    assert.equal(join(MANIFEST, others), undefined, String(others));
  }
  assert.equal(join({ ...MANIFEST, count: 1 }, chunks), undefined);
});
