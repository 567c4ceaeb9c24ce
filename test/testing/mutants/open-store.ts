import type { SessionStore } from 'sojourn';
import type {
  EndedSession,
  EndingSubscriber,
  LimitedCall,
  Page,
  Placement,
  StoreCall,
  StoredSession,
  Tombstone,
  VersionedCall,
} from './contract.js';

export type Row = StoredSession | Tombstone | 'malformed';

/**
 * A store as plain as can be, whose rows and rules are open: a mutant breaks one of them. It is slow on purpose (it
 * looks at every row) and awaits nothing, so each verb is atomic until a mutant makes it otherwise.
 */
export class OpenStore implements SessionStore {
  readonly rows = new Map<string, Row>();
  readonly subscribers = new Set<EndingSubscriber>();

  nowOf = (call?: StoreCall): number => call?.now ?? Date.now();
  keyOf = (key: string): string => key;
  isOver = (row: { expiresAt: number }, now: number): boolean => row.expiresAt <= now;
  isVersion = (stored: string | undefined, read: string): boolean => stored === read;
  copyOf = <Value>(value: Value): Value => structuredClone(value);
  signedInAt = (session: StoredSession): number => session.authenticatedAt ?? session.createdAt;
  put = (key: string, row: Row): void => void this.rows.set(this.keyOf(key), this.copyOf(row));

  tombstoneOf = (session: StoredSession, reason: string, at: number): Tombstone => {
    const { handle, owner, createdAt, lastSeenAt, expiresAt } = session;
    return { ended: { reason, at }, handle, owner, createdAt, lastSeenAt, expiresAt };
  };

  at = (key: string, call?: StoreCall): StoredSession | Tombstone | undefined => {
    const row = this.rows.get(this.keyOf(key));
    if (row === 'malformed') call?.onMalformed?.(new Error('a row that cannot be read'));
    if (row === undefined || row === 'malformed') return undefined;
    if (!this.isOver(row, this.nowOf(call))) return row;
    return row.ended ? undefined : this.tombstoneOf(row, 'expired', row.expiresAt);
  };

  live = (key: string, call?: StoreCall): StoredSession | undefined => {
    const found = this.at(key, call);
    return found?.ended ? undefined : found;
  };

  /** The live sessions with their keys, the newest first by sign-in. */
  liveRows = (call?: StoreCall): [string, StoredSession][] =>
    [...this.rows.keys()]
      .flatMap((key): [string, StoredSession][] => {
        const session = this.live(key, call);
        return session ? [[key, session]] : [];
      })
      .sort(([, a], [, b]) => this.signedInAt(b) - this.signedInAt(a) || (a.handle < b.handle ? 1 : -1));

  owned = (owner: string | null, call?: StoreCall): [string, StoredSession][] =>
    owner === null ? [] : this.liveRows(call).filter(([, session]) => session.owner === owner);

  /** @param next what the session goes on as, under another key */
  bury = (key: string, reason: string, call?: StoreCall, next?: StoredSession): boolean => {
    const session = this.live(key, call);
    if (!session) return false;
    const at = this.nowOf(call);
    this.put(key, this.tombstoneOf(session, reason, at));
    if (session.handle !== next?.handle) this.tell({ handle: session.handle, reason, at });
    return true;
  };

  tell = (ended: EndedSession): void => {
    for (const subscriber of this.subscribers) subscriber.ended(ended);
  };

  surplus = (session: StoredSession, call?: LimitedCall, moving?: string): [string, StoredSession][] =>
    this.owned(session.owner, call)
      .filter(([key]) => key !== moving)
      .slice((call?.limit?.limit ?? Number.POSITIVE_INFINITY) - 1);

  place = (key: string, session: StoredSession, call?: LimitedCall, moving?: string): Placement => {
    if (this.at(key, call)) return { placed: false, because: 'taken' };
    const surplus = this.surplus(session, call, moving);
    if (surplus.length > 0 && call?.limit?.policy === 'refuse') return { placed: false, because: 'limit' };
    for (const [oldest] of surplus) this.bury(oldest, 'displaced', call);
    if (moving !== undefined) this.bury(moving, 'rotated', call, session);
    this.put(key, session);
    return { placed: true, displaced: surplus.map(([, { handle }]) => handle) };
  };

  find = async (key: string, call?: StoreCall): Promise<StoredSession | Tombstone | undefined> =>
    this.copyOf(this.at(key, call));

  insert = async (key: string, session: StoredSession, call?: LimitedCall): Promise<Placement> =>
    this.place(key, session, call);

  update = async (key: string, session: StoredSession, call: VersionedCall): Promise<boolean> => {
    if (!this.isVersion(this.live(key, call)?.version, call.version)) return false;
    this.put(key, session);
    return true;
  };

  touch = async (key: string, lastSeenAt: number, expiresAt: number, call?: StoreCall): Promise<boolean> => {
    const session = this.live(key, call);
    if (!session) return false;
    const times = {
      lastSeenAt: Math.max(lastSeenAt, session.lastSeenAt),
      expiresAt: Math.max(expiresAt, session.expiresAt),
    };
    this.put(key, { ...session, ...times });
    return true;
  };

  move = async (
    from: string,
    to: string,
    session: StoredSession,
    call: VersionedCall & LimitedCall,
  ): Promise<Placement> => {
    if (!this.isVersion(this.live(from, call)?.version, call.version))
      return { placed: false, because: 'stale' };
    return this.place(to, session, call, from);
  };

  end = async (key: string, reason: string, call?: StoreCall & { version?: string }): Promise<boolean> => {
    const session = this.live(key, call);
    if (call?.version !== undefined && session?.version !== call.version) return false;
    return this.bury(key, reason, call);
  };

  endByHandle = async (
    handle: string,
    reason: string,
    call?: StoreCall & { owner?: string },
  ): Promise<boolean> => {
    const row = this.liveRows(call).find(([, session]) => session.handle === handle);
    if (!row || (call?.owner !== undefined && call.owner !== row[1].owner)) return false;
    return this.bury(row[0], reason, call);
  };

  endOwned = async (
    owner: string,
    reason: string,
    call?: StoreCall & { except?: readonly string[] },
  ): Promise<string[]> => {
    const ended = this.owned(owner, call).filter(([, { handle }]) => !call?.except?.includes(handle));
    for (const [key] of ended) this.bury(key, reason, call);
    return ended.map(([, { handle }]) => handle);
  };

  list = async (
    owner: string,
    page: Page,
    call?: StoreCall,
  ): Promise<{ sessions: StoredSession[]; next?: string }> => {
    const order = (session: StoredSession) =>
      `${String(this.signedInAt(session)).padStart(16, '0')} ${session.handle}`;
    const rest = this.owned(owner, call)
      .map(([, session]) => session)
      .filter(session => page.after === undefined || order(session) < page.after);
    const sessions = this.copyOf(rest.slice(0, page.limit));
    const last = sessions.at(-1);
    return last && rest.length > page.limit ? { sessions, next: order(last) } : { sessions };
  };

  count = async (owner?: string, call?: StoreCall): Promise<number> =>
    (owner === undefined ? this.liveRows(call) : this.owned(owner, call)).length;

  async *all(call?: StoreCall): AsyncGenerator<StoredSession> {
    for (const [, session] of this.liveRows(call)) yield this.copyOf(session);
  }

  peek = async (handles: readonly string[], call?: StoreCall): Promise<StoredSession[]> =>
    this.liveRows(call).flatMap(([, session]) =>
      handles.includes(session.handle) ? { ...this.copyOf(session), data: '' } : [],
    );

  subscribe = (subscriber: EndingSubscriber): (() => void) => {
    this.subscribers.add(subscriber);
    setImmediate(() => subscriber.listening(true));
    return () => this.subscribers.delete(subscriber);
  };

  prune = async (call?: StoreCall): Promise<number> => {
    const over = [...this.rows].filter(
      ([, row]) => row !== 'malformed' && this.isOver(row, this.nowOf(call)),
    );
    for (const [key] of over) this.rows.delete(key);
    return over.length;
  };

  close = async (): Promise<void> => {};
}
