import { hash } from 'node:crypto';

/**
 * A text that is too long for one cookie travels in several. In its place the main cookie holds a manifest: the
 * format's version, the number of chunks, and the SHA-256 of the whole text (FIPS 180-4, base64url).
 *
 *     koa.sess=~1.2.n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg
 *     koa.sess.1=n4bQgYhM<first part>~
 *     koa.sess.2=n4bQgYhM<second part>~
 *
 * Whatever authenticates the main cookie also authenticates the whole text, and the number and order of the chunks.
 * Each chunk begins like the hash, so that those of another response or path are recognised at once. The tilde at its
 * end keeps a space before it from being trimmed. Neither base64 nor a seal begins with a tilde.
 */
const MANIFEST = /^~1\.([1-9]\d?)\.([\w-]{43})$/;

const END = '~';
const ISSUE_LENGTH = 8;

/** The most chunks that are ever written or read. */
export const MAX_CHUNKS = 20;

/** What a chunk adds to its part of the text. */
export const CHUNK_OVERHEAD: number = ISSUE_LENGTH + END.length;

/** The name of a chunk's cookie; chunks are counted from 1. */
export function chunkName(name: string, number: number): string {
  return `${name}.${number}`;
}

/** What the main cookie says about its chunks. */
export interface Manifest {
  readonly count: number;
  readonly digest: string;
}

/** The manifest in a main cookie's value; undefined for any other value. */
export function readManifest(value: string): Manifest | undefined {
  const found = MANIFEST.exec(value);
  return found ? { count: Number(found[1]), digest: found[2] as string } : undefined;
}

/** What the session's cookies hold: the main one's value, and those of the chunks, if any, in their order. */
export interface Packed {
  readonly value: string;
  readonly chunks: readonly string[];
}

/** Cuts a text into `count` parts, all except the last equally long. */
export function cut(text: string, count: number): Packed {
  const digest = digestOf(text);
  const length = Math.ceil(text.length / count);
  const chunks = Array.from({ length: count }, (_, index) => {
    const part = text.slice(index * length, (index + 1) * length);
    return digest.slice(0, ISSUE_LENGTH) + part + END;
  });
  return { value: `~1.${count}.${digest}`, chunks };
}

/** True for a chunk that was made with this manifest, as far as the chunk alone tells. */
export function isChunkOf({ digest }: Manifest, chunk: string): boolean {
  return chunk.startsWith(digest.slice(0, ISSUE_LENGTH)) && chunk.endsWith(END);
}

/** The whole text; undefined where a chunk is missing, altered, or from elsewhere. */
export function join(manifest: Manifest, chunks: readonly (string | null | undefined)[]): string | undefined {
  let text = '';
  for (let index = 0; index < manifest.count; index++) {
    const chunk = chunks[index];
    if (!chunk || !isChunkOf(manifest, chunk)) return undefined;
    text += chunk.slice(ISSUE_LENGTH, -END.length);
  }
  return digestOf(text) === manifest.digest ? text : undefined;
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
