/** @import { SessionManager } from 'sojourn' */

const DISPLACED = 'displaced';

/**
 * One device at a time, after a sign-in: the newest session of the account stays, those before it end.
 *
 * Had every account the same limit, the option `maxSessions: 1` would do this in one step with the sign-in. Here it is
 * the account's choice, and this is what it guarantees, however many sign in at once, in however many processes: when
 * their sign-ins are answered, exactly the newest is live. For each session was saved before its request looks at the
 * list, so the last one to look sees them all, and ends all but the newest; and nobody ends a session but for a newer
 * one, so nobody ends the newest. The price is that two can be live for the few milliseconds between the two steps.
 *
 * The account's choice is read after the session was saved, too. So a sign-in that overlaps with `keepOnly` either
 * sees that the choice was made, or is in the list from which `keepOnly` ends all others.
 *
 * @param {SessionManager} sessions
 * @param {string} owner
 */
export async function displaceOlder(sessions, owner) {
  for (;;) {
    const [, ...older] = await sessions.list(owner);
    if (older.length === 0) return;
    for (const { handle } of older) await sessions.end(handle, { owner, reason: DISPLACED });
  }
}

/**
 * One device at a time, when that is chosen: this session stays, all others of the account end. The choice must have
 * been kept before. Where a sign-in overlaps, each may end the other, and then both have to sign in again.
 *
 * @param {SessionManager} sessions
 * @param {string} owner
 * @param {object} session  The `ctx.session` that stays.
 */
export async function keepOnly(sessions, owner, session) {
  return sessions.endAll(owner, { except: session, reason: DISPLACED });
}
