import { hash } from 'node:crypto';
import { generateHandle, REVOCATION_MARKER } from '../../credential/session-key.js';
import { SessionConflictError } from '../../errors.js';
import type { SessionStore, StoreCall, StoredSession, Tombstone } from '../../stores/store.js';
import type { Caller } from '../persistence.js';
import { randomId } from '../random-id.js';
import { decodeData, encodeData } from '../store/row-data.js';
import { backOff, callStore, isWorthRetrying } from '../store-call.js';

/** What a row is about, and how its content is read. */
export interface RowKind<T extends object> {
  readonly name: string;
  /** Undefined for what no release of ours wrote. */
  read(content: Record<string, unknown>): T | undefined;
}

/** Where the rows are kept, and for how long. */
export interface RowSettings {
  readonly store: SessionStore;
  /** ms that a row is kept after its last change. */
  readonly lifetime: number;
  /** ms after which a call counts as failed. */
  readonly timeout: number | undefined;
}

/** A row as it was found. */
interface Found<T> {
  readonly content: T;
  readonly version: string;
}

/** How often an overtaken change is tried. */
const MAX_ATTEMPTS = 100;

/**
 * Small rows in a sojourn store, each kept as a session without an owner, whose data are the row's content. Their keys
 * tell them from sessions: more follows the dot than in any generated key.
 */
export class RevocationRows {
  readonly #settings: RowSettings;

  constructor(settings: RowSettings) {
    this.#settings = settings;
  }

  /** @throws SessionStoreError where the store fails, or a row cannot be read: it may well say "ended" */
  async find<T extends object>(kind: RowKind<T>, name: string, caller: Caller): Promise<T | undefined> {
    return (await this.#find(kind, keyOf(kind, name), caller))?.content;
  }

  /**
   * Changes a row, or creates it; tries again on the new content if another writer was faster.
   * @param change returns the new content; undefined: the present content is right
   * @param isThere true if the row is known to exist: reading it first then saves a round trip
   */
  async change<T extends object>(
    { kind, name, isThere = false }: { kind: RowKind<T>; name: string; isThere?: boolean },
    change: (content: T | undefined) => T | undefined,
    caller: Caller,
  ): Promise<void> {
    const key = keyOf(kind, name);
    const own = new Set<string>();
    let mayFail = true;
    let found = isThere ? await this.#find(kind, key, caller) : undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const content = change(found?.content);
      if (content === undefined) return;
      const row = this.#rowOf(key, content, caller);
      own.add(row.version);
      const writing = this.#write(key, { row, over: found?.version }, caller);
      const isWritten: boolean | undefined = await (mayFail ? writing.catch(undefinedIfLost) : writing);
      if (isWritten) return;
      mayFail &&= isWritten !== undefined;
      await backOff(attempt);
      found = await this.#find(kind, key, caller);
      // Written, but the reply was lost.
      if (found && own.has(found.version)) return;
      // A key that is taken, but where nothing is found, holds an expired row not yet cleaned up.
      if (!found && isWritten === false) await this.prune(caller);
    }
    throw new SessionConflictError('a revocation was changed by others over and over: try again');
  }

  /** Deletes expired rows, where the store does not do so by itself. */
  async prune(caller: Caller): Promise<number> {
    const { store } = this.#settings;
    return this.#call('prune', '', caller, async call => store.prune?.(call) ?? 0);
  }

  #find<T extends object>(kind: RowKind<T>, key: string, caller: Caller): Promise<Found<T> | undefined> {
    const { store } = this.#settings;
    return this.#call('find', key, caller, async call => {
      let fault: Error | undefined;
      const onMalformed = (error: Error): void => {
        fault = error;
      };
      const found = await store.find(key, { ...call, onMalformed });
      if (fault) throw fault;
      return found && this.#read(kind, found);
    });
  }

  /** Undefined for an expired row. */
  #read<T extends object>(kind: RowKind<T>, found: StoredSession | Tombstone): Found<T> | undefined {
    if (found.ended?.reason === 'expired') return undefined;
    if (found.ended) throw new Error('a revocation was ended, as only a session can be');
    const decoded = decodeData(this.#settings.store, found.data, found.handle);
    const content = decoded && kind.read(decoded.data);
    if (!content) throw new Error('a revocation is of another shape than any release of sojourn wrote');
    return { content, version: found.version };
  }

  #write(
    key: string,
    { row, over }: { row: StoredSession; over: string | undefined },
    caller: Caller,
  ): Promise<boolean> {
    const { store } = this.#settings;
    return over === undefined
      ? this.#call('insert', key, caller, async call => (await store.insert(key, row, call)).placed)
      : this.#call('update', key, caller, call => store.update(key, row, { ...call, version: over }));
  }

  #rowOf(key: string, content: object, caller: Caller): StoredSession {
    const { store, lifetime } = this.#settings;
    const now = caller.now();
    const handle = generateHandle(key, REVOCATION_MARKER);
    const data = content as Record<string, unknown>;
    return {
      data: encodeData(store, { data, json: JSON.stringify(data) }, handle),
      version: randomId(),
      generation: randomId(),
      handle,
      owner: null,
      device: null,
      authenticatedAt: null,
      maxAge: null,
      createdAt: now,
      savedAt: now,
      lastSeenAt: now,
      expiresAt: now + lifetime,
    };
  }

  #call<T>(verb: string, key: string, caller: Caller, run: (call: StoreCall) => Promise<T>): Promise<T> {
    return callStore(
      { verb, keys: [key] },
      signal => run({ now: caller.now(), signal }),
      this.#settings.timeout,
    );
  }
}

/** Hashed, since accounts may contain anything and are private. The tag keeps the row and its handle in one slot. */
function keyOf({ name: kind }: RowKind<object>, name: string): string {
  const digest = hash('sha256', name, 'base64url');
  return `${REVOCATION_MARKER}${digest.slice(0, 3)}.${kind}-${digest}`;
}

/** A write whose reply was lost may have been done: the next read tells. */
function undefinedIfLost(error: unknown): undefined {
  if (!isWorthRetrying(error)) throw error;
  return undefined;
}
