import type { Content } from '../../session/content.js';
import { type OwnerOption, ownerBefore, ownerOnSave } from '../../session/owner.js';
import type { StoredSession } from '../../stores/store.js';
import type { Change } from '../persistence.js';
import type { Ownership } from './new-row.js';
import type { LoadedStored } from './stored-session.js';

/** What an attempt to write is based on. */
export interface Basis {
  readonly from: string;
  readonly stored: StoredSession;
  readonly owner: OwnerOption;
  /** The account that the data belonged to; called only where they belong to another than the store knows. */
  ownerBefore(): string | null | undefined;
}

/** The first attempt is based on what this request loaded. */
export function firstBasis({ base }: Change, owner: OwnerOption): Basis {
  const loaded = base as LoadedStored;
  const { key: from, stored } = loaded;
  return { from, stored, owner, ownerBefore: () => ownerBefore(owner, loaded.open().data) };
}

/** The next one is based on what another request left. */
export function nextBasis(found: StoredSession, basis: Basis): Basis {
  const isSame = found.generation === basis.stored.generation;
  return { ...basis, stored: found, ...(!isSame && { ownerBefore: () => found.owner }) };
}

/** Whose the session will be, and whether that is a sign-in or a sign-out. */
export function ownershipOf(
  content: Content,
  { stored, owner: derive, ownerBefore }: Basis,
  change: Change,
): Ownership {
  const { owner: known } = stored;
  if (!derive) return { owner: known, isChanged: false };
  const owner = ownerOnSave(derive, content);
  // If the store merely did not know whose session it is, or another server changed that, this request is no sign-in.
  return { owner, isChanged: change.isChanged && owner !== known && owner !== ownerBefore() };
}
