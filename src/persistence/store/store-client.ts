import type {
  Placement,
  SessionLimit,
  SessionStore,
  StoreCall,
  StoredSession,
  Tombstone,
} from '../../stores/store.js';
import { tellEnding } from '../endings.js';
import type { Caller, KeyPolicy } from '../persistence.js';
import { randomId } from '../random-id.js';
import { callStore, isWorthRetrying, type NamedCall } from '../store-call.js';
import { isRow } from './answered-row.js';
import { overBy, type StoredLifetime } from './stored-session.js';

/** How many of an owner's sessions are listed at once, and how often: it must end whatever a store answers. */
const PAGE = 100;
const MAX_PAGES = 100;

/** Gives keys the form in which a sojourn store sees them. */
export interface StoredKeys extends KeyPolicy {
  /** The forms under which a key may be kept, newest first; none for a key that no client was ever given. */
  storedAs(key: string): readonly [string, ...string[]] | readonly [];
  generateHandle(key: string): string;
  /** A new key, which nobody knows yet, adapted to a session of this owner. */
  forOwner(key: string, owner: string): string;
}

/** A session that is to be stored, and how many its owner may have. */
export interface Placing {
  readonly session: StoredSession;
  readonly limit?: SessionLimit | undefined;
}

/** Why a session is to end, and what is known about it. */
export interface StoredEnd {
  readonly reason: string;
  /** Undefined where it was not loaded. */
  readonly handle: string | undefined;
  /** Only if it is of this version. */
  readonly version?: string;
}

/**
 * A sojourn store as the core calls it: by the client's keys, within the time-out, and sure of what was written. A
 * write whose reply was lost is recognised by its version, and one that never arrived is sent again, once.
 */
export class StoreClient {
  readonly #store: SessionStore;
  readonly #keys: StoredKeys;
  readonly #timeout: number | undefined;

  constructor(store: SessionStore, keys: StoredKeys, timeout: number | undefined) {
    this.#store = store;
    this.#keys = keys;
    this.#timeout = timeout;
  }

  async find(key: string, caller: Caller): Promise<StoredSession | Tombstone | undefined> {
    const [storedKey, plainKey] = this.#keys.storedAs(key);
    if (storedKey === undefined) return undefined;
    const found = await this.#find(storedKey, caller);
    return found || plainKey === undefined ? found : this.#adopt(plainKey, storedKey, caller);
  }

  async insert(key: string, { session, limit }: Placing, caller: Caller): Promise<Placement> {
    const stored = this.#stored(key);
    const placement = await this.#surely(key, session, caller, () =>
      this.#call(of('insert', stored), caller, call =>
        this.#store.insert(stored, session, { limit, ...call }),
      ),
    );
    return this.#told(placement, caller);
  }

  /** Not placed if the session is no longer live at this version. */
  update(key: string, session: StoredSession, version: string, caller: Caller): Promise<Placement> {
    const stored = this.#stored(key);
    return this.#surely(key, session, caller, async () => {
      const isWritten = await this.#call(of('update', stored), caller, call =>
        this.#store.update(stored, session, { version, ...call }),
      );
      return isWritten ? PLACED : { placed: false, because: 'stale' };
    });
  }

  async move(
    keys: { readonly from: string; readonly to: string },
    { session, limit }: Placing,
    { version, handle }: StoredSession,
    caller: Caller,
  ): Promise<Placement> {
    const [from, to] = [this.#stored(keys.from), this.#stored(keys.to)];
    const placement = await this.#surely(keys.to, session, caller, () =>
      this.#call(of('move', from, to), caller, call =>
        this.#store.move(from, to, session, { version, limit, ...call }),
      ),
    );
    if (placement.placed && handle !== session.handle) this.#tell(handle, 'rotated', caller);
    return this.#told(placement, caller);
  }

  /** False if the session is no longer live. */
  touch(key: string, { lastSeenAt, expiresAt }: StoredSession, caller: Caller): Promise<boolean> {
    const stored = this.#stored(key);
    return this.#call(of('touch', stored), caller, call =>
      this.#store.touch(stored, lastSeenAt, expiresAt, call),
    );
  }

  /** False if there was nothing live to end, or not at this version. */
  async end(key: string, { reason, handle, version }: StoredEnd, caller: Caller): Promise<boolean> {
    const condition = version === undefined ? undefined : { version };
    let isEnded = false;
    for (const storedKey of this.#keys.storedAs(key)) {
      const end = () =>
        this.#call(of('end', storedKey), caller, call =>
          this.#store.end(storedKey, reason, { ...condition, ...call }),
        );
      isEnded ||= await end().catch(error => this.#endAgain(error, end, { key, reason, caller }));
    }
    if (isEnded) this.#tell(handle, reason, caller);
    return isEnded;
  }

  /** Ends the session with this handle, whatever its key is now. False where the store has no such verb. */
  async endByHandle(handle: string, reason: string, caller: Caller): Promise<boolean> {
    const { endByHandle } = this.#store;
    if (!endByHandle) return false;
    const isEnded = await this.#call(of('endByHandle'), caller, call =>
      endByHandle.call(this.#store, handle, reason, call),
    );
    if (isEnded) this.#tell(handle, reason, caller);
    return isEnded;
  }

  /** Ends an owner's sessions that are over by these deadlines. False if there were none. */
  async endOverdue(owner: string, lifetime: StoredLifetime, caller: Caller): Promise<boolean> {
    const { list } = this.#store;
    let isAnyEnded = false;
    let after: string | undefined;
    for (let pages = 0; list && pages < MAX_PAGES && !isAnyEnded; pages++) {
      const page = { limit: PAGE, after };
      const { sessions, next } = await this.#call(of('list'), caller, call =>
        list.call(this.#store, owner, page, call),
      );
      for (const stored of sessions) {
        const over = overBy(stored, lifetime, caller.now());
        if (over && (await this.endByHandle(stored.handle, over.refused, caller))) isAnyEnded = true;
      }
      if (next === undefined) break;
      after = next;
    }
    return isAnyEnded;
  }

  /** True if the session with this handle is live, whatever its key is now. False where the store cannot tell. */
  async isLive(handle: string, caller: Caller): Promise<boolean> {
    const { peek } = this.#store;
    if (!peek) return false;
    const found = await this.#call(of('peek'), caller, call => peek.call(this.#store, [handle], call));
    return Array.isArray(found) && found.length > 0;
  }

  #told(placement: Placement, caller: Caller): Placement {
    if (placement.placed) for (const handle of placement.displaced) this.#tell(handle, 'displaced', caller);
    return placement;
  }

  #tell(handle: string | undefined, reason: string, caller: Caller): void {
    tellEnding(this.#store, handle, { reason, at: caller.now() });
  }

  async #endAgain(
    error: unknown,
    end: () => Promise<boolean>,
    { key, reason, caller }: { key: string; reason: string; caller: Caller },
  ): Promise<boolean> {
    if (!isWorthRetrying(error)) throw error;
    return (await end()) || (await this.find(key, caller))?.ended?.reason === reason;
  }

  /**
   * A refused retry may follow an attempt that succeeded. The stored version tells, unless a third party has
   * overwritten it meanwhile. Then nobody can: what may have been done is not done again, and the first failure is
   * thrown.
   */
  async #surely(
    key: string,
    { version }: StoredSession,
    caller: Caller,
    write: () => Promise<Placement>,
  ): Promise<Placement> {
    try {
      return await write();
    } catch (error) {
      if (!isWorthRetrying(error)) throw error;
      const again = await write();
      if (again.placed) return again;
      const found = await this.find(key, caller);
      if (!found || found.ended) return again;
      if (found.version !== version) throw error;
      return PLACED;
    }
  }

  /** Moves a session that is still kept under its plain key to its hashed key. */
  async #adopt(from: string, to: string, caller: Caller): Promise<StoredSession | Tombstone | undefined> {
    const found = await this.#find(from, caller);
    if (!found) return undefined;
    // Another request of the same client may have moved it since we looked under the hashed key.
    if (found.ended) return (await this.#find(to, caller)) ?? found;
    const session = { ...found, version: randomId() };
    const { placed } = await this.#call(of('move', from, to), caller, call =>
      this.#store.move(from, to, session, { ...call, version: found.version }),
    );
    // Another request of the same client may have moved it first.
    return placed ? session : this.#find(to, caller);
  }

  async #find(stored: string, caller: Caller): Promise<StoredSession | Tombstone | undefined> {
    const found = await this.#call(of('find', stored), caller, call => this.#store.find(stored, call));
    if (!found || isRow(found)) return found;
    caller.report(new TypeError('the store answered a session of another shape than its contract says'));
    return undefined;
  }

  #stored(key: string): string {
    const [storedKey] = this.#keys.storedAs(key);
    if (storedKey === undefined)
      throw new TypeError(
        'the key has a form that no key of a client may have: that of a hashed one, or of a row that is no session',
      );
    return storedKey;
  }

  #call<T>(named: NamedCall, caller: Caller, run: (call: StoreCall) => Promise<T>): Promise<T> {
    const onMalformed = (error: Error): void => caller.report(error);
    return callStore(named, signal => run({ now: caller.now(), signal, onMalformed }), this.#timeout);
  }
}

const PLACED: Placement = { placed: true, displaced: [] };

function of(verb: string, ...keys: string[]): NamedCall {
  return { verb, keys };
}
