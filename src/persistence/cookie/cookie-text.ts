import { type Awaitable, isThenable, isUnwantedPromise } from '../../awaitable.js';
import type { Codec, TextSeal } from '../../codec/codec.js';
import { fromBase64, toBase64 } from '../../codec/plain.js';
import type { Content } from '../../session/content.js';
import { isNestedTooDeep } from '../../session/nesting.js';
import {
  type Bookkeeping,
  cutDataText,
  type KoaRecord,
  readRecord,
  toRecord,
  toRecordText,
} from '../../session/record.js';
import { loadRecord, type RecordLoadResult } from '../loaded-record.js';
import { refuseSyntax } from '../refuse-syntax.js';

/** How a record is written as the cookie's text, and read from it. */
export interface CookieText {
  write(content: Content, bookkeeping: Bookkeeping): string;
  /** @throws what the app's `decode` throws, except for a SyntaxError */
  read(text: string): Awaitable<RecordLoadResult>;
}

/** koa-session's text: base64 of JSON. */
export const plainText: CookieText = {
  write: ({ data, json }, bookkeeping) => toBase64(...toRecordText(data, json, bookkeeping)),
  read: text => readJson(fromBase64(text), false),
};

/** Sealed text; also plain text, where the seal accepts it. */
export function sealedText(seal: TextSeal, name: string): CookieText {
  return {
    write: ({ data, json }, bookkeeping) => seal.seal(toRecordText(data, json, bookkeeping).join(''), name),
    read(text) {
      if (seal.acceptsPlain && !seal.recognises(text)) return plainText.read(text);
      try {
        const { json, isStale } = seal.open(text, name);
        return readJson(json, isStale);
      } catch (error) {
        return refuseSyntax(error);
      }
    },
  };
}

/** Text by the app's own `encode` and `decode`. */
export function codecText(codec: Codec, name: string): CookieText {
  const load = (value: unknown): RecordLoadResult =>
    loadRecord(isNestedTooDeep(value) ? undefined : readRecord(value), {});
  return {
    write({ data }, bookkeeping) {
      const text: unknown = codec.encode(toRecord(data, bookkeeping), { name });
      if (typeof text === 'string') return text;
      const kind = isUnwantedPromise(text) ? 'a promise' : typeof text;
      throw new TypeError(`option \`encode\`: it must return a string, and returned ${kind}`);
    },
    read(text) {
      try {
        const value = codec.decode(text, { name });
        return isThenable(value) ? Promise.resolve(value).then(load, refuseSyntax) : load(value);
      } catch (error) {
        return refuseSyntax(error);
      }
    },
  };
}

function readJson(recordText: string, isStale: boolean): RecordLoadResult {
  const record = parseRecord(recordText);
  return loadRecord(record, { cutJson: record && cutDataText(recordText, record), isStale });
}

function parseRecord(text: string): KoaRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isNestedTooDeep(value, text) ? undefined : readRecord(value);
  } catch {
    return undefined;
  }
}
