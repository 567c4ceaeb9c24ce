import type { StoredSession, Tombstone } from './store.js';

/** A session and the key that it is kept under. */
export type Entry = readonly [key: string, session: StoredSession];

/**
 * The memory store's database: sessions and tombstones by key, an index by handle and one by owner, and a size limit.
 * Nothing here reads a clock. What goes in is copied; callers copy what comes out before they pass it on.
 */
export class MemoryTable {
  readonly #max: number;
  /** Live sessions, and expired ones until they are pruned; the least recently used first. */
  readonly #sessions = new Map<string, StoredSession>();
  /** What was ended before it expired, oldest first. A key is here or among the sessions, never in both. */
  readonly #tombstones = new Map<string, Tombstone>();
  readonly #keyByHandle = new Map<string, string>();
  readonly #keysByOwner = new Map<string, Set<string>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** What `find` returns. */
  at(key: string, now: number): StoredSession | Tombstone | undefined {
    const kept = this.#sessions.get(key) ?? this.#tombstones.get(key);
    if (!kept || kept.expiresAt > now) return kept;
    return kept.ended ? undefined : tombstoneOf(kept, 'expired', kept.expiresAt);
  }

  live(key: string, now: number): StoredSession | undefined {
    const session = this.#sessions.get(key);
    return session && session.expiresAt > now ? session : undefined;
  }

  liveByHandle(handle: string, now: number): Entry | undefined {
    const key = this.#keyByHandle.get(handle) ?? '';
    const session = this.live(key, now);
    return session && [key, session];
  }

  /** An owner's live sessions, newest first by sign-in; none for a null owner. */
  liveByOwner(owner: string | null, now: number): Entry[] {
    const keys = owner === null ? [] : [...(this.#keysByOwner.get(owner) ?? [])];
    return this.#liveAmong(keys, now).sort(([, a], [, b]) => (signInOrder(a) < signInOrder(b) ? 1 : -1));
  }

  allLive(now: number): Entry[] {
    return this.#liveAmong([...this.#sessions.keys()], now);
  }

  /** Keeps a copy under this key, as the most recently used. */
  keep(key: string, session: StoredSession): void {
    this.#drop(key);
    this.#tombstones.delete(key);
    this.#sessions.set(key, { ...session });
    this.#keyByHandle.set(session.handle, key);
    if (session.owner !== null) this.#keysOf(session.owner).add(key);
    if (this.#sessions.size > this.#max) this.#drop(firstKey(this.#sessions));
  }

  /** Leaves only a session's tombstone. */
  end([key, session]: Entry, reason: string, now: number): void {
    this.#drop(key);
    this.#tombstones.set(key, tombstoneOf(session, reason, now));
    if (this.#tombstones.size > this.#max) this.#tombstones.delete(firstKey(this.#tombstones));
  }

  /** Removes all that has expired; returns how many entries that was. */
  prune(now: number): number {
    const sizeBefore = this.#size;
    for (const [key, { expiresAt }] of this.#sessions) if (expiresAt <= now) this.#drop(key);
    for (const [key, { expiresAt }] of this.#tombstones) if (expiresAt <= now) this.#tombstones.delete(key);
    return sizeBefore - this.#size;
  }

  #drop(key: string): void {
    const session = this.#sessions.get(key);
    if (!session) return;
    this.#sessions.delete(key);
    this.#keyByHandle.delete(session.handle);
    if (session.owner === null) return;
    const keys = this.#keysOf(session.owner);
    keys.delete(key);
    if (keys.size === 0) this.#keysByOwner.delete(session.owner);
  }

  #keysOf(owner: string): Set<string> {
    const keys = this.#keysByOwner.get(owner) ?? new Set();
    this.#keysByOwner.set(owner, keys);
    return keys;
  }

  #liveAmong(keys: readonly string[], now: number): Entry[] {
    return keys.flatMap(key => {
      const session = this.live(key, now);
      return session ? [[key, session] as const] : [];
    });
  }

  get #size(): number {
    return this.#sessions.size + this.#tombstones.size;
  }
}

/** Text that sorts by sign-in. The handle orders sign-ins of the same instant. */
export function signInOrder({ authenticatedAt, createdAt, handle }: StoredSession): string {
  return `${String(Math.floor(authenticatedAt ?? createdAt)).padStart(16, '0')}.${handle}`;
}

function tombstoneOf(session: StoredSession, reason: string, at: number): Tombstone {
  const { handle, owner, createdAt, lastSeenAt, expiresAt } = session;
  return { ended: { reason, at }, handle, owner, createdAt, lastSeenAt, expiresAt };
}

/** A Map iterates in insertion order. */
function firstKey(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value as string;
}
