import { SessionOptionsError } from '../errors.js';
import { type Entry, MemoryTable, signInOrder } from './memory-table.js';
import type {
  LimitedCall,
  Page,
  Placement,
  SessionStore,
  StoreCall,
  StoredSession,
  Tombstone,
  VersionedCall,
} from './store.js';

export interface MemoryStoreOptions {
  /**
   * The most sessions that are kept. Beyond that, the least recently used is dropped without a tombstone: its visitor
   * gets a new session. Tombstones have a limit of the same size, and there the oldest is dropped.
   * @default 10_000
   */
  readonly max?: number | undefined;
  /** Encodes the data of the sessions. @default JSON text */
  readonly codec?: SessionStore['codec'];
  /** Ms from a use of the store to the next removal of what has expired. @default 60_000 */
  readonly pruneInterval?: number | undefined;
}

/**
 * Sessions in this process's memory: bounded, gone with the process, shared with no other. For development, for tests,
 * and as the model that every other store is compared with.
 * @throws SessionOptionsError for a `max` or `pruneInterval` that is not a positive integer below 2^31.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

export type { MemoryStore };

/** The whole contract. No verb awaits anything, so each is one atomic step. */
class MemoryStore implements SessionStore {
  readonly codec: SessionStore['codec'];
  readonly #table: MemoryTable;
  readonly #pruneInterval: number;
  /** The application's time as of the latest call. The timer knows no other clock, so it never runs ahead of it. */
  #now = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ max = 10_000, codec, pruneInterval = 60_000 }: MemoryStoreOptions) {
    this.codec = codec;
    this.#table = new MemoryTable(positiveInteger('max', max));
    this.#pruneInterval = positiveInteger('pruneInterval', pruneInterval);
  }

  async find(key: string, call?: StoreCall): Promise<StoredSession | Tombstone | undefined> {
    const found = this.#table.at(key, this.#timeOf(call));
    if (!found) return undefined;
    if (found.ended) return { ...found, ended: { ...found.ended } };
    this.#keep(key, found);
    return { ...found };
  }

  async insert(key: string, session: StoredSession, call?: LimitedCall): Promise<Placement> {
    const now = this.#timeOf(call);
    if (this.#table.at(key, now)) return { placed: false, because: 'taken' };
    const surplus = this.#surplus(session.owner, call);
    if (!surplus) return { placed: false, because: 'limit' };
    return this.#place(key, session, surplus);
  }

  async update(key: string, session: StoredSession, call: VersionedCall): Promise<boolean> {
    const kept = this.#table.live(key, this.#timeOf(call));
    if (kept?.version !== call.version) return false;
    this.#keep(key, session);
    return true;
  }

  async touch(key: string, lastSeenAt: number, expiresAt: number, call?: StoreCall): Promise<boolean> {
    const session = this.#table.live(key, this.#timeOf(call));
    if (!session) return false;
    this.#keep(key, {
      ...session,
      lastSeenAt: Math.max(session.lastSeenAt, lastSeenAt),
      expiresAt: Math.max(session.expiresAt, expiresAt),
    });
    return true;
  }

  async move(
    from: string,
    to: string,
    session: StoredSession,
    call: VersionedCall & LimitedCall,
  ): Promise<Placement> {
    const now = this.#timeOf(call);
    const kept = this.#table.live(from, now);
    if (kept?.version !== call.version) return { placed: false, because: 'stale' };
    if (this.#table.at(to, now)) return { placed: false, because: 'taken' };
    const surplus = this.#surplus(session.owner, call, from);
    if (!surplus) return { placed: false, because: 'limit' };
    this.#end([from, kept], 'rotated');
    return this.#place(to, session, surplus);
  }

  async end(key: string, reason: string, call?: StoreCall & { readonly version?: string }): Promise<boolean> {
    const session = this.#table.live(key, this.#timeOf(call));
    if (!session || (call?.version !== undefined && call.version !== session.version)) return false;
    this.#end([key, session], reason);
    return true;
  }

  async endByHandle(
    handle: string,
    reason: string,
    call?: StoreCall & { readonly owner?: string },
  ): Promise<boolean> {
    const entry = this.#table.liveByHandle(handle, this.#timeOf(call));
    if (!entry || (call?.owner !== undefined && call.owner !== entry[1].owner)) return false;
    this.#end(entry, reason);
    return true;
  }

  async endOwned(
    owner: string,
    reason: string,
    call?: StoreCall & { readonly except?: readonly string[] },
  ): Promise<string[]> {
    const owned = this.#table.liveByOwner(owner, this.#timeOf(call));
    return owned
      .filter(([, session]) => !call?.except?.includes(session.handle))
      .map(entry => this.#end(entry, reason));
  }

  async list(
    owner: string,
    { limit, after }: Page,
    call?: StoreCall,
  ): Promise<{ sessions: StoredSession[]; next?: string }> {
    const owned = this.#table.liveByOwner(owner, this.#timeOf(call)).map(([, session]) => ({ ...session }));
    const rest = after === undefined ? owned : owned.filter(session => signInOrder(session) < after);
    const sessions = rest.slice(0, limit);
    const last = sessions.at(-1);
    return last && rest.length > limit ? { sessions, next: signInOrder(last) } : { sessions };
  }

  async count(owner?: string, call?: StoreCall): Promise<number> {
    const now = this.#timeOf(call);
    return owner === undefined ? this.#table.allLive(now).length : this.#table.liveByOwner(owner, now).length;
  }

  async *all(call?: StoreCall): AsyncGenerator<StoredSession, void, undefined> {
    for (const [key] of this.#table.allLive(this.#timeOf(call))) {
      // While the consumer was busy, the session may have changed or ended.
      const session = this.#table.live(key, this.#now);
      if (session) yield { ...session };
    }
  }

  async peek(handles: readonly string[], call?: StoreCall): Promise<StoredSession[]> {
    const now = this.#timeOf(call);
    return handles.flatMap(handle => {
      const entry = this.#table.liveByHandle(handle, now);
      return entry ? { ...entry[1], data: '' } : [];
    });
  }

  async prune(call?: StoreCall): Promise<number> {
    return this.#table.prune(this.#timeOf(call));
  }

  /** Stops the timer, for good. The sessions stay, and can still be used. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #timeOf(call: StoreCall | undefined): number {
    this.#now = call?.now ?? Date.now();
    return this.#now;
  }

  /** The sessions that give way to one more of this owner; undefined if the new one itself must. */
  #surplus(owner: string | null, call: LimitedCall | undefined, moving?: string): Entry[] | undefined {
    if (!call?.limit) return [];
    const { limit, policy } = call.limit;
    // A session that moves makes way for itself: it does not count.
    const others = this.#table.liveByOwner(owner, this.#now).filter(([key]) => key !== moving);
    const surplus = others.slice(limit - 1);
    return surplus.length > 0 && policy === 'refuse' ? undefined : surplus;
  }

  #place(key: string, session: StoredSession, surplus: readonly Entry[]): Placement {
    const displaced = surplus.map(entry => this.#end(entry, 'displaced'));
    this.#keep(key, session);
    return { placed: true, displaced };
  }

  #keep(key: string, session: StoredSession): void {
    this.#table.keep(key, session);
    this.#armTimer();
  }

  #end(entry: Entry, reason: string): string {
    this.#table.end(entry, reason, this.#now);
    this.#armTimer();
    return entry[1].handle;
  }

  /** One timer for the whole store, and only after a use: an idle store has none. */
  #armTimer(): void {
    if (this.#closed || this.#timer) return;
    this.#timer = setTimeout(() => this.#onTimer(), this.#pruneInterval).unref();
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#table.prune(this.#now);
  }
}

function positiveInteger(name: string, value: number): number {
  // Node fires a timer of 2^31 ms or more at once.
  if (Number.isInteger(value) && value > 0 && value < 2 ** 31) return value;
  throw new SessionOptionsError(`memoryStore: ${name} must be a positive integer below 2^31, not ${value}`);
}
