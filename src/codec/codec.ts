/** What a codec is told about the text that it makes or opens. */
export interface CodecContext {
  /**
   * What the text belongs to: the cookie's name, or a stored session's handle. An authenticating codec binds the
   * text to it, so that a text moved elsewhere does not open.
   */
  readonly name: string;
}

/** Turns a record into text and back. One codec serves cookies and stores alike. */
export interface Codec {
  /** The record as text. It may be any JSON object. */
  encode(record: Record<string, unknown>, context: CodecContext): string;
  /**
   * The record that `text` holds.
   * @throws SyntaxError for a text that this codec did not make: the visitor gets a new session. A
   * {@link TamperedError} also says that somebody tampered with it.
   */
  decode(text: string, context: CodecContext): unknown;
}

/** Shared by both copies of this file, as is the property below: an app can hold the ESM and the CommonJS one. */
const TAMPERED: unique symbol = Symbol.for('sojourn.tampered') as never;

/** A text that has a codec's mark, but does not open: cut, altered, moved, or sealed under a key that is gone. */
export class TamperedError extends SyntaxError {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, TAMPERED, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== TamperedError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return Object(value)[TAMPERED] === true;
  }
}

/** The property in which our codecs carry their {@link TextSeal}. */
export const SEAL: unique symbol = Symbol.for('sojourn.seal') as never;

/** An authenticating codec that works on JSON text, so that the core need not stringify again to see what changed. */
export interface TextSeal {
  seal(json: string, name: string): string;
  /**
   * The JSON text, and whether an older key than the newest sealed it.
   * @throws TamperedError
   */
  open(text: string, name: string): { readonly json: string; readonly isStale: boolean };
  /** True if a text has this codec's mark; one without it may be an older, plain text. */
  recognises(text: string): boolean;
  /** True if plain texts that are correctly signed are accepted too. */
  readonly acceptsPlain: boolean;
  /** The codec that carries it; options that this was spread into have its functions. */
  readonly codec: Codec;
}

/** A codec that authenticates what it opens. */
export interface SealedCodec extends Codec {
  readonly [SEAL]: TextSeal;
}

/** The seal that a codec, or options that a codec was spread into, carry. */
export function sealOf(carrier: object | undefined): TextSeal | undefined {
  return (carrier as Partial<SealedCodec> | undefined)?.[SEAL];
}
