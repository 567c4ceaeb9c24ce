import { Notices } from '../notices.js';
import type {
  EndingSubscriber,
  LimitedCall,
  Page,
  Placement,
  SessionStore,
  StoreCall,
  StoredSession,
  Tombstone,
  VersionedCall,
} from '../store.js';
import type { Database } from './database.js';
import type { Row, Value } from './driver.js';
import { endOwned, rowNameFrom } from './owned.js';
import { place } from './placement.js';
import { Pruning } from './pruning.js';
import { instant, integerFrom, isTooLong, MalformedRow, readRow, textFrom, writtenBy } from './row.js';
import { named, type Parameters, type Statement } from './statement.js';
import type { Statements } from './statements.js';
import { unescapeText } from './text.js';

/** Rows that `all` fetches at once. */
const BATCH = 100;

/** A sojourn store over any SQL database. */
export class SqlStore implements SessionStore {
  readonly codec: SessionStore['codec'];
  /** Present if the database announces endings and the client can listen, over a connection of its own. */
  readonly subscribe?: NonNullable<SessionStore['subscribe']>;
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #pruning: Pruning;
  readonly #notices: Notices | undefined;

  /** @param options `pruneInterval` in ms; 0: never. */
  constructor(
    database: Database,
    { codec, pruneInterval }: { codec: SessionStore['codec']; pruneInterval: number },
  ) {
    this.codec = codec;
    this.#database = database;
    this.#statements = database.statements;
    this.#pruning = new Pruning(database, pruneInterval);
    const line = database.listening();
    if (!line) return;
    const notices = new Notices(line);
    this.subscribe = subscriber => notices.subscribe(unescaping(subscriber));
    this.#notices = notices;
  }

  async find(key: string, call?: StoreCall): Promise<StoredSession | Tombstone | undefined> {
    const now = this.#database.timeOf(call);
    const { rows } = await this.#database.run(this.#statements.find, { key }, call);
    const found = rows[0] && readable(rows[0], call);
    if (!found || found.expiresAt > now) return found;
    return found.ended ? undefined : expired(found);
  }

  insert(key: string, session: StoredSession, call: LimitedCall = {}): Promise<Placement> {
    return place(this.#database, { key, session, call });
  }

  async update(key: string, session: StoredSession, call: VersionedCall): Promise<boolean> {
    const parameters = { key, expected: call.version, ...writtenBy(session) };
    return this.#changes(this.#statements.update, parameters, call);
  }

  async touch(key: string, lastSeenAt: number, expiresAt: number, call?: StoreCall): Promise<boolean> {
    const parameters = { key, last_seen_at: instant(lastSeenAt), expires_at: instant(expiresAt) };
    return this.#changes(this.#statements.touch, parameters, call);
  }

  move(
    from: string,
    to: string,
    session: StoredSession,
    call: VersionedCall & LimitedCall,
  ): Promise<Placement> {
    return place(this.#database, { from, key: to, session, call });
  }

  async end(key: string, reason: string, call?: StoreCall & { readonly version?: string }): Promise<boolean> {
    if (call?.version === undefined) return this.#changes(this.#statements.end, { key, reason }, call);
    return this.#changes(this.#statements.endVersion, { key, reason, expected: call.version }, call);
  }

  async endByHandle(
    handle: string,
    reason: string,
    call?: StoreCall & { readonly owner?: string },
  ): Promise<boolean> {
    const row = await this.#rowOfHandle(handle, call);
    if (row === null) return false;
    const { endByHandle, endOwnByHandle } = this.#statements;
    const parameters = { row, handle, reason };
    if (call?.owner === undefined) return this.#changes(endByHandle, parameters, call);
    return this.#changes(endOwnByHandle, { ...parameters, owner: call.owner }, call);
  }

  async endOwned(
    owner: string,
    reason: string,
    call?: StoreCall & { readonly except?: readonly string[] },
  ): Promise<string[]> {
    // Some databases would fail to lock the row of such an owner.
    if (isTooLong('owner', owner)) return [];
    const parameters = { owner, reason, now: this.#database.timeOf(call) };
    const steps = () => endOwned(this.#statements, parameters, call?.except ?? []);
    return this.#database.transaction(steps, call);
  }

  async list(
    owner: string,
    { limit, after }: Page,
    call?: StoreCall,
  ): Promise<{ sessions: StoredSession[]; next?: string }> {
    const now = this.#database.timeOf(call);
    // One row more than requested shows whether there is a next page.
    const parameters = { owner, now, limit: limit + 1, ...placeOf(after) };
    const { rows } = await this.#database.run(this.#statements.list, parameters, call);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const sessions = page.flatMap(([, , ...row]) => liveIn(row, call));
    return last && rows.length > limit ? { sessions, next: cursorAfter(last) } : { sessions };
  }

  async count(owner?: string, call?: StoreCall): Promise<number> {
    const now = this.#database.timeOf(call);
    const statement = owner === undefined ? this.#statements.count : this.#statements.countOwned;
    const { rows } = await this.#database.run(statement, { owner: owner ?? null, now }, call);
    return integerFrom(rows[0]?.[0]) ?? 0;
  }

  async *all(call?: StoreCall): AsyncGenerator<StoredSession, void, undefined> {
    const now = this.#database.timeOf(call);
    let row = this.#database.leastRow;
    for (;;) {
      const { rows } = await this.#database.run(this.#statements.all, { now, limit: BATCH, row }, call);
      for (const [, ...columns] of rows) yield* liveIn(columns, call);
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) return;
      row = rowNameFrom(last[0]);
    }
  }

  async peek(handles: readonly string[], call?: StoreCall): Promise<StoredSession[]> {
    const now = this.#database.timeOf(call);
    const { peek, peekBatch } = this.#statements;
    const sessions: StoredSession[] = [];
    for (let i = 0; i < handles.length; i += peekBatch) {
      const names = named(handles.slice(i, i + peekBatch), peekBatch);
      const { rows } = await this.#database.run(peek, { now, ...names }, call);
      for (const session of rows.flatMap(row => liveIn(row, call))) sessions.push({ ...session, data: '' });
    }
    return sessions;
  }

  prune(call?: StoreCall): Promise<number> {
    return this.#pruning.prune(call);
  }

  async close(): Promise<void> {
    await this.#pruning.close();
    await this.#notices?.close();
    this.#database.close();
  }

  async #rowOfHandle(handle: string, call: StoreCall | undefined): Promise<Value> {
    const { rowOfHandle } = this.#statements;
    if (!rowOfHandle) return handle;
    const now = this.#database.timeOf(call);
    const { rows } = await this.#database.run(rowOfHandle, { handle, now }, call);
    return rowNameFrom(rows[0]?.[0]);
  }

  /** Runs a statement on a live session; returns whether it changed one. */
  async #changes(statement: Statement, parameters: Parameters, call?: StoreCall): Promise<boolean> {
    const now = this.#database.timeOf(call);
    const { changes } = await this.#database.run(statement, { ...parameters, now }, call);
    return changes > 0;
  }
}

/** The database sends texts still escaped. */
function unescaping(subscriber: EndingSubscriber): EndingSubscriber {
  return {
    ended: ({ handle, reason, at }) =>
      subscriber.ended({ handle: unescapeText(handle), reason: unescapeText(reason), at }),
    listening: isListening => subscriber.listening(isListening),
    failed: error => subscriber.failed(error),
  };
}

function readable(row: Row, call: StoreCall | undefined): StoredSession | Tombstone | undefined {
  try {
    return readRow(row);
  } catch (error) {
    if (!(error instanceof MalformedRow)) throw error;
    call?.onMalformed?.(error);
    return undefined;
  }
}

function liveIn(row: Row, call: StoreCall | undefined): StoredSession[] {
  const found = readable(row, call);
  return found && !found.ended ? [found] : [];
}

function expired({ handle, owner, createdAt, lastSeenAt, expiresAt }: StoredSession): Tombstone {
  return { ended: { reason: 'expired', at: expiresAt }, handle, owner, createdAt, lastSeenAt, expiresAt };
}

/** Where a list continues: `signed_in_at` and handle of the last row. Any other text means the start. */
function placeOf(after: string | undefined): Parameters {
  const [, signedInAt, handle] = /^(-?\d{1,16})\.(.*)$/s.exec(after ?? '') ?? [];
  return { signed_in_at: instant(Number(signedInAt ?? Number.MAX_SAFE_INTEGER)), handle: handle ?? '' };
}

function cursorAfter([signedInAt, handle]: Row): string {
  return `${integerFrom(signedInAt)}.${textFrom(handle)}`;
}
