import { type Awaitable, isThenable, whenReady } from '../awaitable.js';
import { SessionStoreError, SessionTooLargeError } from '../errors.js';
import type { Change, ChangeReason, Outcome, Saved, Superseded } from '../persistence/persistence.js';
import type { Content } from '../session/content.js';
import type { CommitResult, CommitScope } from './commit-scope.js';
import { emitEvent } from './events.js';

/**
 * True for what only prolongs the session.
 * @param isRequested true if the app itself asked for another key
 */
export function isOnlyUse(reason: ChangeReason, isRequested: boolean): boolean {
  const isRefresh = reason === 'rotated' && !isRequested;
  return isRefresh || reason === 'rolling' || reason === 'touched' || reason === 'renewed';
}

/** Announces the outcome, and sends, clears, or leaves alone the client's credential. */
export function settle(
  scope: CommitScope,
  change: Change,
  outcome: Awaitable<Outcome>,
  ours: Content,
): CommitResult {
  return isThenable(outcome)
    ? settleLater(scope, change, outcome, ours)
    : settleNow(scope, change, outcome, ours);
}

function settleLater(
  scope: CommitScope,
  change: Change,
  outcome: Promise<Outcome>,
  ours: Content,
): CommitResult {
  return outcome.then(
    settled => settleNow(scope, change, settled, ours),
    error => {
      if (scope.config.persistence.isVersioned) scope.draft.newKey.forgetUntold();
      return tolerate(scope, change, error);
    },
  );
}

/**
 * A use that could not be recorded does not fail a request that may go on without a store; nor does a session that was
 * read, but that today's `oversize` does not allow to be sent again.
 */
function tolerate(scope: CommitScope, { reason, isNewIdentity }: Change, error: unknown): undefined {
  const mayGoOn =
    error instanceof SessionTooLargeError ||
    (error instanceof SessionStoreError && scope.options.onStoreFailure === 'anonymous');
  if (!mayGoOn || !isOnlyUse(reason, isNewIdentity)) throw error;
  scope.report(error);
  return undefined;
}

function settleNow(scope: CommitScope, change: Change, outcome: Outcome, ours: Content): CommitResult {
  const { ctx, draft } = scope;
  if (outcome.is === 'superseded') {
    giveWay(scope, change, outcome);
    return outcome;
  }
  if (outcome.is === 'ended') {
    emitEvent('session:ended', { handle: change.base?.info.handle, ctx, reason: 'logout' });
    draft.ended(ours);
    return outcomeAfter(clear(scope), outcome);
  }
  return handOut(scope, change, outcome, ours);
}

function giveWay(scope: CommitScope, { base, isChanged }: Change, outcome: Superseded): void {
  const { draft } = scope;
  // The app may have ended that session meanwhile, and work with another one now.
  if (draft.base !== base) return;
  draft.supersededBy(outcome);
  tellDropped(scope, isChanged);
}

/**
 * Emits `session:conflict` (`dropped`) once if this request's changes are discarded because the session changed
 * identity; nothing if the session has ended.
 */
export function tellDropped({ ctx, draft }: CommitScope, isChanged: boolean): void {
  const { refused = '' } = draft.superseded ?? {};
  if (!isChanged || draft.isDropTold || (refused !== 'rotated' && refused !== 'conflict')) return;
  draft.isDropTold = true;
  emitEvent('session:conflict', { handle: draft.base?.info.handle, ctx, reason: 'dropped' });
}

/** A stored session is saved before the client gets its key; a cookie session only once the cookie is set. */
function handOut(scope: CommitScope, change: Change, outcome: Saved, ours: Content): CommitResult {
  const { config, ctx, response, options } = scope;
  const isCookie = config.persistence.keys === null;
  if (!isCookie) note(scope, change, outcome, ours);
  try {
    const isLate = ctx.res.headersSent;
    const writing = isLate ? reportMissed(scope, change, outcome) : response.write(outcome, options);
    if (isCookie) note(scope, change, outcome, ours);
    return isThenable(writing) ? outcomeAfter(writing, outcome) : outcome;
  } catch (error) {
    return tolerate(scope, change, error);
  }
}

/**
 * If the headers went out while the session was being saved, a credential that the client lacks is lost.
 * @throws SessionHeadersSentError for a cookie session: nothing of it is saved then
 */
function reportMissed(scope: CommitScope, { base }: Change, { credential }: Saved): void {
  if (credential === undefined || credential === base?.key || scope.draft.isEnding) return;
  try {
    scope.response.requireUnsent();
  } catch (error) {
    if (!scope.config.persistence.keys) throw error;
    scope.report(error);
  }
}

function outcomeAfter(writing: Awaitable<void>, outcome: Outcome): CommitResult {
  return whenReady(writing, () => outcome);
}

/** Further changes are compared with what was saved. */
function note(scope: CommitScope, change: Change, outcome: Saved, ours: Content): void {
  const { draft } = scope;
  announce(scope, change, outcome);
  draft.committed(outcome, ours);
  if (draft.isEnding) return;
  // The app may have set another lifetime while this one was being saved.
  draft.isForced = scope.ownMaxAge !== change.ownMaxAge;
  if (outcome.keepsOthersMaxAge && !draft.isForced) scope.adoptMaxAge(outcome.loaded.maxAge);
}

function announce({ ctx }: CommitScope, { base, reason }: Change, { loaded, displaced }: Saved): void {
  const event = { handle: loaded.info.handle, ctx, reason };
  if (!base) emitEvent('session:created', event);
  else if (base.key !== loaded.key || base.info.handle !== event.handle) emitEvent('session:rotated', event);
  emitEvent('session:saved', event);
  for (const handle of displaced ?? []) emitEvent('session:ended', { handle, ctx, reason: 'displaced' });
}

export function clear({ draft, response, options }: CommitScope): Awaitable<void> {
  response.requireUnsent();
  draft.credentialCleared();
  return response.clear(options);
}
