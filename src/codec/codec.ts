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
   * {@link TamperedError} is one that also says that somebody tried.
   */
  decode(text: string, context: CodecContext): unknown;
}

/** A text that bears a codec's mark and does not open: cut, altered, moved, or sealed under a key that is gone. */
export class TamperedError extends SyntaxError {}

/** Under this name a codec of ours carries its {@link TextSeal}; shared by both copies of this file. */
export const SEAL: unique symbol = Symbol.for('sojourn.seal') as never;

/** An authenticating codec at work on JSON text, so that the core need not stringify again to see what changed. */
export interface TextSeal {
  seal(json: string, name: string): string;
  /**
   * The JSON text, and whether an older key than the newest sealed it.
   * @throws TamperedError
   */
  open(text: string, name: string): { readonly json: string; readonly isStale: boolean };
  /** Whether a text bears this codec's mark: one that does not may be a plain one from before. */
  recognises(text: string): boolean;
  /** Whether plain texts that are rightly signed are taken too. */
  readonly acceptsPlain: boolean;
  /** The codec that carries it: options into which that was spread have its functions. */
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
