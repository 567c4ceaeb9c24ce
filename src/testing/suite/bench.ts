import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Placement, SessionStore, StoredSession, Tombstone } from '../../stores/store.js';
import type { ManualClock } from '../manual-clock.js';
import { plain } from '../plain.js';

/** A store with all verbs: a case names in `needs` the optional verbs that it uses. */
export type WholeStore = Required<Omit<SessionStore, 'codec'>>;

/** The verbs that a store may lack. */
export type OptionalVerb =
  | 'endByHandle'
  | 'endOwned'
  | 'list'
  | 'count'
  | 'all'
  | 'peek'
  | 'subscribe'
  | 'prune'
  | 'close';

/** One promise of the contract. */
export interface StoreCase {
  /** `topic: what the store does`. */
  readonly name: string;
  readonly needs?: readonly (OptionalVerb | 'corrupt')[];
  run(bench: Bench): Promise<void>;
}

/** What a bench is made of. */
export interface BenchParts {
  readonly store: WholeStore;
  /** Another store, fresh and empty. */
  readonly create: () => Promise<WholeStore>;
  readonly clock: ManualClock;
  readonly advance: (ms: number) => Promise<unknown>;
  readonly corrupt: (key: string) => Promise<unknown>;
  readonly newKey: (owner: string | null) => string;
  readonly newHandle: (owner: string | null) => string;
}

export const HOUR = 3_600_000;

/** A session and the key that it was kept under. */
export interface Kept {
  readonly key: string;
  readonly session: StoredSession;
}

/** What a case works on: a fresh store, a clock that stands still, and helpers for what is expected. */
export class Bench {
  readonly store: WholeStore;
  readonly create: BenchParts['create'];
  readonly corrupt: BenchParts['corrupt'];
  readonly newKey: BenchParts['newKey'];
  readonly #clock: ManualClock;
  readonly #advance: BenchParts['advance'];
  readonly #newHandle: BenchParts['newHandle'];

  constructor(parts: BenchParts) {
    this.store = parts.store;
    this.create = parts.create;
    this.corrupt = parts.corrupt;
    this.newKey = parts.newKey;
    this.#clock = parts.clock;
    this.#advance = parts.advance;
    this.#newHandle = parts.newHandle;
  }

  get now(): number {
    return this.#clock();
  }

  /** The last argument of a verb: the time, and whatever else the verb takes. */
  call<More extends object>(more?: More): { now: number } & More {
    return { now: this.now, ...more } as { now: number } & More;
  }

  async advanceTo(at: number): Promise<void> {
    const ms = at - this.now;
    this.#clock.set(at);
    await this.#advance(ms);
  }

  newSession(fields: Partial<StoredSession> = {}): StoredSession {
    return {
      data: '{"views":1}',
      version: randomUUID(),
      generation: randomUUID(),
      handle: this.#newHandle(fields.owner ?? null),
      owner: null,
      device: null,
      authenticatedAt: null,
      maxAge: null,
      createdAt: this.now,
      savedAt: this.now,
      lastSeenAt: this.now,
      expiresAt: this.now + HOUR,
      ...fields,
    };
  }

  /** A new session of this owner, signed in now. */
  newOwned(owner: string, fields: Partial<StoredSession> = {}): StoredSession {
    return this.newSession({ owner, authenticatedAt: this.now, ...fields });
  }

  /** Keeps this session under a new key. */
  async keep(session: StoredSession = this.newSession()): Promise<Kept> {
    const key = this.newKey(session.owner);
    this.expectPlaced(await this.store.insert(key, session, this.call()));
    return { key, session };
  }

  /** Keeps a new session and ends it. */
  async keepEnded(reason = 'logout'): Promise<Kept & { readonly tombstone: Tombstone }> {
    const { key, session } = await this.keep();
    assert.equal(await this.store.end(key, reason, this.call()), true, 'a live session can be ended');
    return { key, session, tombstone: tombstoneOf(session, reason, this.now) };
  }

  async expectLive(key: string, session: StoredSession): Promise<void> {
    assert.deepEqual(plain(await this.store.find(key, this.call())), plain(session));
  }

  async expectTombstone(key: string, tombstone: Tombstone): Promise<void> {
    assert.deepEqual(plain(await this.store.find(key, this.call())), tombstone);
  }

  /** The session under this key has ended for this reason, and nothing of its data is left. */
  async expectEnded(key: string, session: StoredSession, reason: string): Promise<void> {
    await this.expectTombstone(key, tombstoneOf(session, reason, this.now));
  }

  async expectNothing(key: string): Promise<void> {
    assert.equal(await this.store.find(key, this.call()), undefined);
  }

  /** There is no live session under this key: a tombstone, or nothing if cleaned up. */
  async expectOver(key: string): Promise<void> {
    const found = await this.store.find(key, this.call());
    if (found) assert.ok(found.ended, 'the session is over, and was found live');
  }

  expectPlaced(placement: Placement, displaced: readonly string[] = []): void {
    const sorted = placement.placed
      ? { ...placement, displaced: [...placement.displaced].sort() }
      : placement;
    assert.deepEqual(sorted, { placed: true, displaced: [...displaced].sort() });
  }

  expectRefused(placement: Placement, because: 'taken' | 'stale' | 'limit'): void {
    assert.deepEqual(plain(placement), { placed: false, because });
  }
}

function tombstoneOf(session: StoredSession, reason: string, at: number): Tombstone {
  const { handle, owner, createdAt, lastSeenAt, expiresAt } = session;
  return { ended: { reason, at }, handle, owner, createdAt, lastSeenAt, expiresAt };
}
