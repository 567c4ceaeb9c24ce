import { type Codec, sealOf, TamperedError } from '../../codec/codec.js';
import type { Content } from '../../session/content.js';
import { isNestedTooDeep } from '../../session/nesting.js';
import { isJsonObject } from '../../session/record.js';
import type { SessionStore } from '../../stores/store.js';

/** The text that a store keeps for these data: JSON, or what its codec makes of them. */
export function encodeData({ codec }: SessionStore, { data, json }: Content, name: string): string {
  if (!codec) return json;
  const seal = sealOf(codec);
  if (seal) return seal.seal(json, name);
  const text: unknown = codec.encode(data, { name });
  if (typeof text === 'string') return text;
  throw new TypeError(`a codec's \`encode\` must return a string, and returned ${typeof text}`);
}

/** What a stored text holds, and whether it is to be sealed again. */
export interface Decoded extends Content {
  readonly isStale?: boolean;
}

/**
 * The data in a stored text; undefined for a text that holds none.
 * @throws what the codec throws, except for a SyntaxError that is not a TamperedError
 */
export function decodeData({ codec }: SessionStore, text: string, name: string): Decoded | undefined {
  try {
    return codec ? decodeBy(codec, text, name) : contentOf(JSON.parse(text), text);
  } catch (error) {
    if (error instanceof SyntaxError && !(error instanceof TamperedError)) return undefined;
    throw error;
  }
}

function decodeBy(codec: Codec, text: string, name: string): Decoded | undefined {
  const seal = sealOf(codec);
  if (!seal) {
    const data = codec.decode(text, { name });
    return isNestedTooDeep(data) ? undefined : contentOf(data, JSON.stringify(data));
  }
  // Rows from before the store had a seal are accepted if the seal accepts plain cookies.
  if (seal.acceptsPlain && !seal.recognises(text)) return contentOf(JSON.parse(text), text);
  const { json, isStale } = seal.open(text, name);
  const content = contentOf(JSON.parse(json), json);
  return content && { ...content, isStale };
}

function contentOf(data: unknown, json: string): Content | undefined {
  return isJsonObject(data) && !isNestedTooDeep(data, json) ? { data, json } : undefined;
}
