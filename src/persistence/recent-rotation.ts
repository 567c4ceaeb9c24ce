/**
 * For how many ms another request's `regenerate()` may come second, and still get a session that works. Whoever has a
 * copy of the old key could otherwise hold a request open until the visitor regenerates, and go on.
 */
const RECENT = 10_000;

/** True for a rotation that is so recent that one click may have caused this request, too. */
export function isRecentRotation(at: number | undefined, now: number): boolean {
  return at !== undefined && now - at < RECENT;
}
