import type { Content } from '../../session/content.js';
import { type Deadline, type LifetimePolicy, nearestDeadline, type Times } from '../../session/lifetime.js';
import type { Data, MaxAge } from '../../session/record.js';
import type { StoredSession, Tombstone } from '../../stores/store.js';
import type { LoadedInfo, LoadedSession, RefusedSession } from '../loaded-session.js';
import type { Decoded } from './row-data.js';

/** A session that a sojourn store keeps. */
export class LoadedStored implements LoadedSession {
  declare readonly refused?: undefined;
  /** The key as the client knows it. */
  readonly key: string;
  readonly stored: StoredSession;
  readonly isStale: boolean;
  readonly #json: string;
  #data: Data | undefined;

  /** @param content without its data where they may never be looked at: they are parsed on demand */
  constructor(
    key: string,
    stored: StoredSession,
    { data, json, isStale }: Omit<Decoded, 'data'> & { data?: Data },
  ) {
    this.isStale = isStale === true;
    this.key = key;
    this.stored = stored;
    this.#json = json;
    this.#data = data;
  }

  get maxAge(): MaxAge | undefined {
    return this.stored.maxAge ?? undefined;
  }

  get expiresAt(): number {
    return this.stored.expiresAt;
  }

  get savedAt(): number {
    return this.stored.savedAt;
  }

  get value(): unknown {
    return JSON.parse(this.#json);
  }

  get info(): LoadedInfo {
    const { handle, owner, createdAt, lastSeenAt, authenticatedAt } = this.stored;
    return {
      handle,
      owner: owner ?? undefined,
      createdAt,
      lastSeenAt,
      authenticatedAt: authenticatedAt ?? undefined,
    };
  }

  /** The data that were parsed on loading are handed out once; later callers get their own copies. */
  open(): Content {
    const data = this.#data ?? JSON.parse(this.#json);
    this.#data = undefined;
    return { data, json: this.#json };
  }

  withContent({ data, json }: Content): LoadedStored {
    return new LoadedStored(this.key, this.stored, { data, json, isStale: this.isStale });
  }
}

/** What decides a stored session's deadlines besides what is stored. */
export interface StoredLifetime extends LifetimePolicy {
  /** The configured lifetime, for sessions that have none of their own. */
  readonly maxAge: MaxAge;
  /** Whether every use renews the lifetime. */
  readonly rolling: boolean;
}

/**
 * When a session's lifetime starts to count: at its last save, or at its last use if every use renews it or the session
 * ends with the browser.
 */
export function renewedAt(
  { savedAt, lastSeenAt }: { readonly savedAt: number; readonly lastSeenAt: number },
  maxAge: MaxAge,
  { rolling }: StoredLifetime,
): number {
  return rolling || maxAge === 'session' ? Math.max(savedAt, lastSeenAt) : savedAt;
}

/** The deadline to store. */
export function deadlineFor(times: Times, maxAge: MaxAge, lifetime: StoredLifetime): number {
  return Math.floor(nearestDeadline(times, maxAge, lifetime).at);
}

/** The nearest deadline by today's configuration. */
function nearestToday(stored: StoredSession, lifetime: StoredLifetime): Deadline {
  const { createdAt, lastSeenAt } = stored;
  const maxAge = stored.maxAge ?? lifetime.maxAge;
  const times = { createdAt, lastSeenAt, renewedAt: renewedAt(stored, maxAge, lifetime) };
  return nearestDeadline(times, maxAge, lifetime);
}

/** When a session expires by today's lifetimes, which may have been shortened since it was saved. */
export function expiryOf(stored: StoredSession, lifetime: StoredLifetime): number {
  return Math.min(stored.expiresAt, Math.floor(nearestToday(stored, lifetime).at));
}

/** Why a session ended, and by which deadline if it expired: a store knows only that it did. */
export function endReason({ ended, ...tombstone }: Tombstone, lifetime: LifetimePolicy): string {
  const { createdAt, lastSeenAt, expiresAt } = tombstone;
  if (ended.reason !== 'expired') return ended.reason;
  if (createdAt + (lifetime.absoluteTimeout ?? Infinity) <= expiresAt) return 'absolute';
  return lastSeenAt + (lifetime.idleTimeout ?? Infinity) <= expiresAt ? 'idle' : 'expired';
}

/** Why a session that the store considers live is over by today's configuration; undefined if it is not. */
export function overBy(
  stored: StoredSession,
  lifetime: StoredLifetime,
  now: number,
): RefusedSession | undefined {
  const deadline = nearestToday(stored, lifetime);
  return deadline.at <= now ? { refused: deadline.reason, at: deadline.at } : undefined;
}
