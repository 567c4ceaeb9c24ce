import { SessionLimitError, SessionOptionsError } from '../../errors.js';
import type { Content } from '../../session/content.js';
import type { Placement, StoredSession } from '../../stores/store.js';
import type { Change, Saved, Scope, Superseded } from '../persistence.js';
import { LoadedStored } from './stored-session.js';

/* The results of a commit to a sojourn store. */

/** The newest stored data cannot be decoded: leaves the row alone and reports it. */
export function giveUp(reason: string, scope: Scope): Superseded {
  const lost = `what another request left cannot be read (${reason}): the changes of this one were dropped`;
  scope.report(new TypeError(lost));
  return { is: 'superseded', reason };
}

/** Undefined where another request was faster. */
export function outcomeOf(placement: Placement, save: () => Saved): Saved | undefined {
  if (placement.placed) return { displaced: placement.displaced, ...save() };
  if (placement.because === 'stale') return undefined;
  if (placement.because === 'taken') refuseKey();
  throw new SessionLimitError(
    'the account is signed in at as many places as `maxSessions` allows: sign out at one of them first',
  );
}

export function refuseKey(): never {
  throw new SessionOptionsError('option `genid` made a key that another session has');
}

/** A session as it stands after a commit. */
export function saved(
  { key, session, content }: { key: string; session: StoredSession; content: Content },
  { maxAge }: Change,
  scope: Scope,
): Saved {
  return {
    is: 'saved',
    loaded: new LoadedStored(key, session, { json: content.json }),
    content,
    credential: key,
    credentialExpiresAt: maxAge === 'session' ? undefined : scope.now() + maxAge,
  };
}
