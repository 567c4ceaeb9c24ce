import type { Content } from '../../session/content.js';
import type { SessionStore, StoredSession } from '../../stores/store.js';
import type { Change, Scope } from '../persistence.js';
import { randomId } from '../random-id.js';
import { encodeData } from './row-data.js';
import type { StoredKeys } from './store-client.js';
import { deadlineFor, renewedAt, type StoredLifetime } from './stored-session.js';

/** The options that a stored session depends on. */
export interface NewRowSettings {
  readonly store: SessionStore;
  readonly keys: StoredKeys;
  readonly lifetime: StoredLifetime;
  /** What is remembered about the client with an owner's session, as JSON text. */
  device(ctx: unknown): string | null;
}

/** Who owns the data now, and whether that is a sign-in or a sign-out. */
export interface Ownership {
  readonly owner: string | null;
  readonly isChanged: boolean;
}

/** A session that is to be stored, and what it replaces. */
export interface RowInput {
  readonly key: string;
  readonly content: Content;
  readonly ownership: Ownership;
  readonly current?: StoredSession;
  /** Epoch ms at which a session that replaces none began, if not now. */
  readonly createdAt?: number | undefined;
}

/** The session as it is to be stored. */
export function storedSessionOf(
  { key, content, ownership, current, createdAt: begun }: RowInput,
  change: Change,
  scope: Scope,
  { store, keys, lifetime, device }: NewRowSettings,
): StoredSession {
  const now = scope.now();
  const { owner, isChanged } = ownership;
  const { maxAge, ownMaxAge, isNewIdentity } = change;
  const kept = isChanged ? undefined : current;
  const known = kept?.owner === owner ? kept : undefined;
  // An account that the store did not know of, in a session that goes on, signed in at an unknown time.
  const isSignIn = owner !== null && !kept;
  const handle = kept?.handle ?? keys.generateHandle(key);
  const createdAt = kept?.createdAt ?? begun ?? now;
  const savedAt = kept && change.reason === 'touched' ? kept.savedAt : now;
  const renewed = renewedAt({ savedAt, lastSeenAt: now }, maxAge, lifetime);
  return {
    data: encodeData(store, content, handle),
    version: randomId(),
    generation: kept && !isNewIdentity ? kept.generation : randomId(),
    handle,
    owner,
    device: known ? known.device : owner === null ? null : device(scope.ctx),
    authenticatedAt: known ? known.authenticatedAt : isSignIn ? now : null,
    maxAge: ownMaxAge ?? null,
    createdAt,
    savedAt,
    lastSeenAt: now,
    expiresAt: deadlineFor({ createdAt, lastSeenAt: now, renewedAt: renewed }, maxAge, lifetime),
  };
}
