import { TamperedError } from '../codec/codec.js';
import type { RefusedSession } from './loaded-session.js';

/** A SyntaxError means that the text is no record; anything else is the app's own failure. */
export function refuseSyntax(error: unknown): RefusedSession {
  if (error instanceof TamperedError) return { refused: 'tampered' };
  if (error instanceof SyntaxError) return { refused: 'malformed' };
  throw error;
}
