import { isInCookie, type Mode } from './mode.js';

/** The app's own `encode` and `decode`, in the modes that have them: hexadecimal, and strict about it. */
export const hexCodec = {
  encode: (record: unknown): string => Buffer.from(JSON.stringify(record)).toString('hex'),
  decode(text: string): unknown {
    if (!/^(?:[0-9a-f]{2})+$/.test(text)) throw new RangeError('not hexadecimal');
    return JSON.parse(Buffer.from(text, 'hex').toString());
  },
};

/** A cookie's text in this mode. */
export function encode(record: unknown, { hasCodec }: Mode): string {
  return Buffer.from(JSON.stringify(record)).toString(hasCodec ? 'hex' : 'base64');
}

/** The JSON text of the record in a cookie; in a mode that has a store, the key. */
export function decodeText(text: string, mode: Mode): string {
  return isInCookie(mode) ? Buffer.from(text, mode.hasCodec ? 'hex' : 'base64').toString() : text;
}
