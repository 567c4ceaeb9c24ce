import { type Awaitable, whenReady } from '../awaitable.js';
import type { Change, ChangeReason, CommitReason, Outcome } from '../persistence/persistence.js';
import type { Content } from '../session/content.js';
import type { Data } from '../session/record.js';
import type { CommitRequest, CommitResult, CommitScope } from './commit-scope.js';
import { composer, revised } from './compose.js';
import { decide } from './decide.js';
import { endPresented } from './end-presented.js';
import { isTraced, type SessionTrace, trace } from './events.js';
import { checkedOnSave } from './fit.js';
import { clear, isOnlyUse, settle, tellDropped } from './settle.js';

/** How many sessions may be ended, one after the other, while `beforeSave` is asked about them. */
const MAX_HOOKED = 10;

/** Carries out what the request did to its session. */
export function commitDraft(scope: CommitScope, request: CommitRequest): CommitResult {
  const { draft } = scope;
  // What was to be changed has ended: what the app has begun since is another session.
  if (request.revise && request.endings !== draft.endings)
    return commitDraft(scope, { hooked: request.hooked });
  if (draft.isEnding) return endFirst(scope, request);
  if (draft.object === null) return finish(scope);
  if (draft.superseded && !isKeyToReplace(scope, request)) {
    tellDropped(scope, request.revise !== undefined || draft.isChanged);
    return finish(scope);
  }
  if (request.revise && !draft.base) return begin(scope, request.revise);
  const ours = draft.object && draft.current();
  const reason = request.revise ? 'changed' : decideNow(scope, request, ours);
  if (reason === 'unchanged') return finish(scope);
  // Nothing may replace a session that is not known.
  scope.loader.requireLoaded();
  if (!isTraced('commit')) return save(scope, reason, request, ours);
  return traced(scope, reason, () => save(scope, reason, request, ours));
}

/** True if the session goes on under its old key, as another request left it, and the app asks for a new one. */
function isKeyToReplace({ draft }: CommitScope, { force }: CommitRequest): boolean {
  return force === 'regenerate' && draft.superseded?.refused === 'conflict';
}

/** What the app assigned after ending the session is a new session. */
async function endFirst(scope: CommitScope, request: CommitRequest): Promise<Outcome | undefined> {
  if (isTraced('commit')) await traced(scope, 'ended', () => endPresented(scope));
  else await endPresented(scope);
  try {
    return await commitDraft(scope, request);
  } catch (error) {
    // What comes after it could not be saved: the session has ended all the same.
    await clearAnyway(scope);
    throw error;
  }
}

async function clearAnyway(scope: CommitScope): Promise<void> {
  try {
    if (!scope.ctx.res.headersSent) await finish(scope);
  } catch (error) {
    scope.report(error);
  }
}

/** No other request has a session that is not saved yet: it begins if this change leaves data in it. */
async function begin(scope: CommitScope, revise: (data: Data) => unknown): Promise<Outcome | undefined> {
  const { draft } = scope;
  const { object } = draft;
  const ours = draft.current();
  const content = await revised(ours.data, revise);
  // What the app has begun since it ended this session is another one.
  if (draft.isEnding) return undefined;
  if (draft.object === object) draft.show(content.data, ours);
  try {
    return await commitDraft(scope, {});
  } catch (error) {
    // As with a session that exists, what was not saved has not happened: the app may try again.
    if (draft.object === object) draft.show(ours.data, content);
    throw error;
  }
}

function traced(scope: CommitScope, reason: ChangeReason, run: () => CommitResult): CommitResult {
  const context: SessionTrace = { ctx: scope.ctx, reason };
  return trace('commit', context, () =>
    whenReady(run(), outcome => {
      context.outcome = outcome?.is ?? 'none';
      if (outcome?.is === 'superseded') context.reason = outcome.reason;
      return outcome;
    }),
  );
}

function finish(scope: CommitScope): Awaitable<undefined> {
  return scope.draft.mustClear ? whenReady(clear(scope), () => undefined) : undefined;
}

function decideNow(scope: CommitScope, { force }: CommitRequest, ours: Content | undefined): CommitReason {
  const { draft, options, config, maxAge } = scope;
  const { base } = draft;
  const now = scope.now();
  return decide({
    base,
    baseline: draft.baseline,
    ours,
    force: draft.isForced && force !== 'regenerate' ? 'save' : force,
    isStale: base?.isStale === true || scope.loader.arrival.presented?.isStale === true,
    isCommitted: draft.isCommitted,
    isTouchDue: scope.countsAsUse && isTouchDue(scope),
    renewedAt: base && config.persistence.renewedAt(base),
    rolling: scope.rolling,
    throttle: options.touchAfter,
    renew: options.renew === true,
    maxAge,
    now,
  });
}

function isTouchDue(scope: CommitScope): boolean {
  const { base } = scope.draft;
  return base !== undefined && scope.config.persistence.isTouchDue(base, scope.now());
}

function save(
  scope: CommitScope,
  reason: ChangeReason,
  request: CommitRequest,
  ours: Content | undefined,
): CommitResult {
  const { ctx, options } = scope;
  if (ctx.res.headersSent && isOnlyUse(reason, request.force === 'regenerate'))
    return recordLateUse(scope, reason, request, ours);
  const isAppAsked = options.beforeSave && reason !== 'ended' && reason !== 'touched';
  return isAppAsked ? saveAfterHook(scope, reason, request) : saveUnderKey(scope, reason, request, ours);
}

/** The headers are sent: a use can be recorded, but only where that needs no cookie, and undoes nothing. */
function recordLateUse(
  scope: CommitScope,
  reason: ChangeReason,
  request: CommitRequest,
  ours: Content | undefined,
): CommitResult {
  const { draft, config, countsAsUse } = scope;
  const { isVersioned, recordsUses } = config.persistence;
  const isRequested = request.force === 'touch';
  if (isRequested && isVersioned) return saveUnderKey(scope, reason, request, ours);
  const isDue = reason === 'touched' || isRequested || (countsAsUse && isTouchDue(scope));
  return recordsUses && isDue && draft.base ? saveUnderKey(scope, 'touched', request, ours) : undefined;
}

function saveAfterHook(scope: CommitScope, reason: ChangeReason, request: CommitRequest): CommitResult {
  const { draft, ctx, options, commits } = scope;
  const session = draft.object ?? draft.open(scope);
  const hooked = commits.inside(() => options.beforeSave?.(ctx, session as never));
  return whenReady(hooked, () => {
    if (draft.isEnding) return commitDraft(scope, { ...request, hooked: countedHook(request) });
    const content = draft.current();
    // The hook may have turned a mere use of the session into a change.
    const isChanged = isOnlyUse(reason, request.force === 'regenerate') && draft.isChangedIn(content);
    return saveUnderKey(scope, isChanged ? 'changed' : reason, request, content);
  });
}

/** @throws TypeError for a hook that would be asked for ever */
function countedHook({ hooked = 0 }: CommitRequest): number {
  if (hooked < MAX_HOOKED) return hooked + 1;
  throw new TypeError(
    'option `beforeSave`: whenever it is asked, the session is ended, and another one begun',
  );
}

function saveUnderKey(
  scope: CommitScope,
  reason: ChangeReason,
  request: CommitRequest,
  ours: Content = scope.draft.current(),
): CommitResult {
  const { draft, config, response, options } = scope;
  draft.sending();
  const needsKey = config.persistence.keys !== null && (request.force === 'regenerate' || !draft.base);
  if (needsKey || !config.persistence.keys) response.requireWritable(options);
  return needsKey
    ? persistUnderKey(scope, reason, request, ours)
    : persist(scope, changeOf(scope, reason, request, ours), ours);
}

function persistUnderKey(
  scope: CommitScope,
  reason: ChangeReason,
  request: CommitRequest,
  ours: Content,
): CommitResult {
  const change = changeOf(scope, reason, request, ours);
  return whenReady(scope.newKey(), key => {
    // The app may have ended the session while its `genid` made the key.
    if (scope.draft.isEnding) return commitDraft(scope, request);
    // Not `{ ...change, key }`: on Node 20 that takes a microsecond longer.
    return persist(scope, Object.assign(change, { key }), ours);
  });
}

function changeOf(scope: CommitScope, reason: ChangeReason, request: CommitRequest, ours: Content): Change {
  const { ctx, draft, options, maxAge, ownMaxAge } = scope;
  const { base, baseline, isReplaced } = draft;
  const isRegenerated = request.force === 'regenerate';
  const isNewIdentity = isRegenerated || isReplaced;
  const isChanged = reason === 'changed' || draft.isChangedIn(ours);
  const { onConflict = 'merge', migrate } = options;
  const { revise } = request;
  const compose = composer({ ctx, draft, ours, revise, onConflict, migrate, isReplaced, isRegenerated });
  const change = {
    reason,
    base,
    baseline,
    maxAge,
    ownMaxAge,
    setsMaxAge: draft.isForced || ownMaxAge !== base?.maxAge,
    key: undefined,
    isChanged,
    isNewIdentity,
    compose,
  };
  return checkedOnSave(change, scope.config);
}

function persist(scope: CommitScope, change: Change, ours: Content): CommitResult {
  return settle(scope, change, scope.config.persistence.commit(change, scope), ours);
}
