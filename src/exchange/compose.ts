import type { Context } from 'koa';
import { type Awaitable, whenReady } from '../awaitable.js';
import { SessionConflictError } from '../errors.js';
import type { ConflictPolicy } from '../options/options.js';
import type { ResolvedOptions } from '../options/resolved.js';
import type { Change, Newest } from '../persistence/persistence.js';
import { type Content, contentOf } from '../session/content.js';
import { mergeByKey } from '../session/merge.js';
import { type Data, isDataObject } from '../session/record.js';
import type { Draft } from './draft.js';
import { emitEvent } from './events.js';
import { migrated } from './fit.js';

/** How a request's change is applied to what another one saved. */
export interface Composition {
  readonly ctx: Context;
  readonly draft: Draft;
  /** The data as this request left them. */
  readonly ours: Content;
  readonly onConflict: ConflictPolicy;
  /** The app replaced all data: there is nothing to merge into them. */
  readonly isReplaced: boolean;
  /** The app asked for a new key: whatever another request made of the session, the old one must not stay valid. */
  readonly isRegenerated: boolean;
  /** `session.update(fn)`: runs on the resulting data. */
  readonly revise: ((data: Data) => unknown) | undefined;
  /** What another request left may be of an older shape. */
  readonly migrate: ResolvedOptions['migrate'];
}

/** Builds what a commit saves: at first this request's data, after a conflict what the policy says. */
export function composer(composition: Composition): Change['compose'] {
  const { ours, revise, migrate } = composition;
  return newest => {
    if (!newest) return revise ? revised(ours.data, revise) : ours;
    const current = migrated(newest.data, migrate);
    const composed = whenReady(current, data => onTopOf({ ...newest, data }, composition));
    return whenReady(composed, data => {
      if (data === undefined) return undefined;
      return revise ? revised(data, revise) : contentOf(data);
    });
  };
}

/** Applies a change to a copy of the data. */
export async function revised(data: Data, revise: (data: Data) => unknown): Promise<Content> {
  const copy = JSON.parse(JSON.stringify(data));
  await revise(copy);
  return contentOf(copy);
}

/** Undefined if this request's changes are to be dropped. */
function onTopOf(newest: Newest, composition: Composition): Awaitable<Data | undefined> {
  const { ctx, draft, ours, revise, isReplaced, isRegenerated } = composition;
  // Prolonging the session, or giving it a new key, conflicts with nothing.
  const isChanged = revise || isReplaced || draft.isChangedIn(ours);
  if (!isChanged) return newest.isSameGeneration || isRegenerated ? newest.data : undefined;
  const onConflict = isReplaced && composition.onConflict === 'merge' ? 'overwrite' : composition.onConflict;
  const conflict = (reason: string) =>
    emitEvent('session:conflict', { handle: draft.base?.info.handle, ctx, reason });
  if (!newest.isSameGeneration) {
    // The identity changed meanwhile: changes to the old one's data are dropped. An `update()` applies to any data.
    const isLost = !revise || isReplaced || draft.isChangedIn(ours);
    if (isLost && !draft.isDropTold) conflict('dropped');
    draft.isDropTold ||= isLost;
    return revise || isRegenerated ? newest.data : undefined;
  }
  const [base, own] = [JSON.parse(draft.baseline?.json ?? '{}'), JSON.parse(ours.json)] as [Data, Data];
  if (onConflict === 'refuse' && !revise) {
    conflict('refused');
    throw new SessionConflictError('another request changed the session at the same time: load it again');
  }
  conflict(onConflict === 'overwrite' ? 'overwritten' : 'merged');
  if (onConflict === 'overwrite') return own;
  return typeof onConflict === 'function'
    ? whenReady(onConflict(base, own, newest.data), checkMerged)
    : mergeByKey(base, own, newest.data);
}

function checkMerged(data: unknown): Data {
  if (isDataObject(data)) return data;
  throw new TypeError('option `onConflict` must return the merged data, an object');
}
