import { isThenable } from '../../awaitable.js';
import type { Content } from '../../session/content.js';
import { CommittedSession, ifLive, type RecordLoadResult, type TimedSession } from '../loaded-record.js';
import {
  type Change,
  isEmptied,
  type LoadResult,
  type Outcome,
  type Persistence,
  type Saved,
  type Scope,
} from '../persistence.js';
import { lifetimeFrom } from '../record-deadlines.js';
import type { CookieDeadlines } from './cookie-deadlines.js';
import type { CookieText } from './cookie-text.js';

/**
 * Sessions whose data travel in the cookie itself. The last response wins: there is nothing to compare with.
 * @param deadlines those besides the record's own expiry; undefined where the options set none
 */
export function cookiePersistence(text: CookieText, deadlines?: CookieDeadlines): Persistence {
  const ifInTime = (found: RecordLoadResult, credential: string, scope: Scope): LoadResult => {
    if (found.refused !== undefined) return found;
    return deadlines ? deadlines.ifLive(found, credential, scope) : ifLive(found, scope.now());
  };
  const save = (change: Change, content: Content, now: number): Saved => {
    const bookkeeping = deadlines
      ? deadlines.bookkeepingOf(change, content, now)
      : lifetimeFrom(now, change.maxAge);
    const loaded = new CommittedSession(content, {
      bookkeeping,
      times: deadlines?.timesOf(bookkeeping),
    });
    const credential = text.write(content, bookkeeping);
    return { is: 'saved', loaded, content, credential, credentialExpiresAt: bookkeeping.expiresAt };
  };
  const commit = (content: Content, change: Change, scope: Scope): Outcome => {
    if (deadlines?.isStamped(change, scope))
      return deadlines.stamp(change.base as TimedSession, content, scope.now());
    return isEmptied(change, content) ? { is: 'ended' } : save(change, content, scope.now());
  };
  // Where the app's own functions are asynchronous.
  const loadLater = async (reading: Promise<RecordLoadResult>, credential: string, scope: Scope) =>
    ifInTime(await reading, credential, scope);
  const commitLater = async (composing: Promise<Content>, change: Change, scope: Scope) =>
    commit(await composing, change, scope);
  return {
    keys: null,
    load(credential, scope) {
      const found = read(text, credential, scope);
      return isThenable(found) ? loadLater(found, credential, scope) : ifInTime(found, credential, scope);
    },
    commit(change, scope) {
      const content = change.compose() as Content | Promise<Content>;
      return isThenable(content) ? commitLater(content, change, scope) : commit(content, change, scope);
    },
    end: async () => true,
    recordsUses: false,
    endings: null,
    isTouchDue: (base, now) => deadlines?.isTouchDue(base, now) === true,
    renewedAt: ({ savedAt }) => savedAt,
  };
}

/** A failure to read a text is the app's own error, not just the client's doing. */
function read(
  text: CookieText,
  credential: string,
  scope: Scope,
): RecordLoadResult | Promise<RecordLoadResult> {
  try {
    const loading = text.read(credential);
    return isThenable(loading) ? readLater(loading, scope) : loading;
  } catch (error) {
    scope.discard();
    throw error;
  }
}

async function readLater(reading: Promise<RecordLoadResult>, scope: Scope): Promise<RecordLoadResult> {
  try {
    return await reading;
  } catch (error) {
    scope.discard();
    throw error;
  }
}
