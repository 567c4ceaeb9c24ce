import { RecordDeadlines } from '../persistence/record-deadlines.js';
import type { ResolvedOptions } from './resolved.js';

/**
 * Browsers keep no cookie longer (RFC 6265bis section 5.5). With `revocations`, a copied cookie is refused this long
 * after its save.
 */
export const MAX_COOKIE_AGE: number = 400 * 86_400_000;

/** Undefined where the options set no deadline besides `maxAge`. */
export function recordDeadlines(options: ResolvedOptions): RecordDeadlines | undefined {
  const { idleTimeout, absoluteTimeout } = options;
  const longest = options.revocations && MAX_COOKIE_AGE;
  if ((idleTimeout ?? absoluteTimeout ?? longest) === undefined) return undefined;
  const touchAfter = touchAfterOf(options, idleTimeout ?? Infinity);
  return new RecordDeadlines({ idleTimeout, absoluteTimeout, touchAfter, longest });
}

/** In ms. */
const MAX_TOUCH_AFTER = 60_000;

/** ms between two recorded uses, for a deadline that counts from the last use. */
export function touchAfterOf({ touchAfter }: ResolvedOptions, timeout: number): number {
  return touchAfter ?? Math.min(timeout / 10, MAX_TOUCH_AFTER);
}
