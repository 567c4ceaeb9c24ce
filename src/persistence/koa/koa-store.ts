import { type Awaitable, whenReady } from '../../awaitable.js';
import type { Content } from '../../session/content.js';
import { ttlOf } from '../../session/lifetime.js';
import { isNestedTooDeep } from '../../session/nesting.js';
import type { OwnerOption } from '../../session/owner.js';
import { type Bookkeeping, type Data, ownFieldsOf, readRecord, toRecord } from '../../session/record.js';
import type { KoaSessionStore } from '../../stores/store.js';
import { listenToEndings, tellEnding } from '../endings.js';
import { CommittedSession, ifLive, type LoadedRecord, loadRecord } from '../loaded-record.js';
import type { LoadedSession, LoadResult, RefusedSession } from '../loaded-session.js';
import {
  type Change,
  changesOwner,
  type EndingSource,
  type EndTarget,
  isEmptied,
  type KeyPolicy,
  type Outcome,
  type Persistence,
  type Scope,
} from '../persistence.js';
import { RecentUses } from '../recent-uses.js';
import { lifetimeFrom, type RecordDeadlines } from '../record-deadlines.js';
import { refuseSameKey } from '../refuse-same-key.js';
import { callStore } from '../store-call.js';

/** koa-session has the store keep a record ten seconds longer than the cookie; stores rely on getting a number. */
const SLACK = 10_000;

/** What the adapter needs to know of the options. */
export interface KoaStoreSettings {
  /** The store of a request: one for all, or a new one of the app's `ContextStore`. */
  store(ctx: unknown): KoaSessionStore;
  readonly keys: KeyPolicy;
  readonly sessionTtl: number;
  readonly owner: OwnerOption;
  /** ms after which a call counts as failed. */
  readonly timeout: number | undefined;
  /** Those besides the records' own expiry; undefined where the options set none. */
  readonly deadlines: RecordDeadlines | undefined;
}

/** A record that is to be written. */
interface Writing {
  readonly record: Data;
  readonly bookkeeping: Bookkeeping;
  /** If false, stores may skip writing the data. */
  readonly isChanged: boolean;
  readonly now: number;
}

/** Sessions in a store that was written for koa-session: no versions, no tombstones, the last writer wins. */
export class KoaStorePersistence implements Persistence {
  readonly keys: KeyPolicy;
  readonly isVersioned = false;
  readonly recordsUses: boolean;
  readonly endings: EndingSource = {
    idOf: ({ key }) => key as string,
    listen: ({ ended }) => listenToEndings(this, ended),
  };
  readonly #settings: KoaStoreSettings;
  readonly #recentUses = new RecentUses();

  constructor(settings: KoaStoreSettings) {
    this.keys = settings.keys;
    this.recordsUses = settings.deadlines !== undefined;
    this.#settings = settings;
  }

  load(key: string, scope: Scope): Promise<LoadResult> {
    const { ctx, rolling, maxAge } = scope;
    const { store, sessionTtl, timeout } = this.#settings;
    const get = () => store(ctx).get(key, ttlOf(maxAge, sessionTtl), { rolling, ctx });
    return callStore({ verb: 'get', keys: [key] }, get, timeout, value => this.#sessionIn(value, key, scope));
  }

  #sessionIn(value: unknown, key: string, scope: Scope): Awaitable<LoadResult> {
    if (!value) return { refused: 'unknown' };
    const found = loadRecord(isNestedTooDeep(value) ? undefined : readRecord(value), { key });
    if (found.refused !== undefined) return found;
    const { deadlines } = this.#settings;
    const now = scope.now();
    const loading = deadlines ? deadlines.ifLive(found, now, { startsAt: now }) : ifLive(found, now);
    return loading.refused === undefined ? loading : this.#discard(key, scope).then(() => loading);
  }

  /** Chained promises instead of an async function: a save then takes less memory, and fewer turns. */
  commit(change: Change, scope: Scope): Awaitable<Outcome> {
    try {
      if (change.reason === 'touched') return this.#recordUse(change.base?.key as string, scope);
      return whenReady(change.compose() as Awaitable<Content>, content => {
        if (isEmptied(change, content)) return this.#empty(change, scope);
        return whenReady(this.#keyOf(change, content, scope), key => this.#save(key, content, change, scope));
      });
    } catch (error) {
      // Whoever traces commits expects the same of every store.
      return Promise.reject(error);
    }
  }

  async #empty({ base }: Change, scope: Scope): Promise<Outcome> {
    await this.#endKey(base?.key as string, 'logout', scope);
    return { is: 'ended' };
  }

  #save(key: string, content: Content, change: Change, scope: Scope): Promise<Outcome> {
    const { base, maxAge } = change;
    const { deadlines } = this.#settings;
    const now = scope.now();
    // A change of account makes it another session, which begins now.
    const isKept = !changesOwner(change, content, this.#settings.owner);
    const kept = { maxAge, base: isKept ? base : undefined };
    const bookkeeping = deadlines ? deadlines.bookkeepingOf(kept, now) : lifetimeFrom(now, maxAge);
    // The store may hold these very data under this key, but a deadline needs the bookkeeping to be saved, too.
    const isChanged = change.isChanged || key !== base?.key || deadlines !== undefined;
    const record = toRecord(content.data, bookkeeping);
    return this.#set(key, { record, bookkeeping, isChanged, now }, scope, () => {
      const times = deadlines?.timesOf(bookkeeping, {});
      const loaded = new CommittedSession(content, { key, bookkeeping, times });
      const { expiresAt: credentialExpiresAt } = bookkeeping;
      const saved: Outcome = { is: 'saved', loaded, content, credential: key, credentialExpiresAt };
      // The new record is written first: a crash in between leaves at worst an orphan that nobody can present.
      const isMoved = base?.key !== undefined && base.key !== key;
      return isMoved ? this.#endKey(base.key as string, 'rotated', scope).then(() => saved) : saved;
    });
  }

  /** The same key, unless the app wants another or the account has changed: against fixation (CWE-384). */
  #keyOf(change: Change, content: Content, scope: Scope): Awaitable<string> {
    const { key, base } = change;
    if (key === undefined) {
      if (!changesOwner(change, content, this.#settings.owner)) return base?.key as string;
      scope.requireWritable();
    }
    return whenReady(key ?? scope.newKey(), made => (made === base?.key ? refuseSameKey() : made));
  }

  async end({ credential: key }: EndTarget, reason: string, scope: Scope): Promise<boolean> {
    await this.#endKey(key, reason, scope);
    return true;
  }

  async #endKey(key: string, reason: string, scope: Scope): Promise<void> {
    await this.#destroy(key, scope);
    tellEnding(this, key, { reason, at: scope.now() });
  }

  isTouchDue(base: LoadedSession, now: number): boolean {
    const lastUse = base.info.lastSeenAt ?? base.savedAt;
    const latest = lastUse === undefined ? undefined : this.#recentUses.latest(base.key as string, lastUse);
    return this.#settings.deadlines?.isTouchDue(base, latest, now) === true;
  }

  renewedAt({ savedAt }: LoadedSession): number | undefined {
    return savedAt;
  }

  /**
   * Records a use with the data that the store has now, as they may have changed or been ended since this request
   * began. This can undo only what happens between the read and the write.
   */
  async #recordUse(key: string, scope: Scope): Promise<Outcome> {
    this.#recentUses.add(key, scope.now());
    try {
      const current = (await this.load(key, scope)) as LoadedRecord | RefusedSession;
      if (current.refused === undefined) return await this.#stamp(key, current, scope);
      return { is: 'superseded', reason: current.refused, at: current.at };
    } catch (error) {
      this.#recentUses.remove(key);
      throw error;
    }
  }

  async #stamp(key: string, current: LoadedRecord, scope: Scope): Promise<Outcome> {
    const deadlines = this.#settings.deadlines as RecordDeadlines;
    const now = scope.now();
    const bookkeeping = deadlines.bookkeepingOfUse(current, now);
    const content = current.open();
    const times = deadlines.timesOf(bookkeeping, {});
    const loaded = new CommittedSession(content, { key, bookkeeping, times });
    const used: Outcome = {
      is: 'saved',
      loaded,
      content,
      credential: undefined,
      credentialExpiresAt: undefined,
    };
    if (!deadlines.isTouchDue(current, current.info.lastSeenAt, now)) return used;
    const record = { ...current.raw, ...ownFieldsOf(bookkeeping) };
    return this.#set(key, { record, bookkeeping, isChanged: true, now }, scope, () => used);
  }

  /** @param next makes the outcome, once the record is written */
  #set(
    key: string,
    { record, bookkeeping, isChanged: changed, now }: Writing,
    { ctx, rolling }: Scope,
    next: () => Awaitable<Outcome>,
  ): Promise<Outcome> {
    const { store, sessionTtl, timeout } = this.#settings;
    const { expiresAt } = bookkeeping;
    const ttl = expiresAt === undefined ? sessionTtl : expiresAt - now + SLACK;
    const set = () => store(ctx).set(key, record, ttl, { changed, rolling, ctx });
    return callStore({ verb: 'set', keys: [key] }, set, timeout, next);
  }

  #destroy(key: string, { ctx }: Scope): Promise<unknown> {
    const { store, timeout } = this.#settings;
    return callStore({ verb: 'destroy', keys: [key] }, () => store(ctx).destroy(key, { ctx }), timeout);
  }

  /** An expired record cannot be revived; failing to delete it must not fail the request that found it. */
  async #discard(key: string, scope: Scope): Promise<void> {
    try {
      await this.#destroy(key, scope);
    } catch (error) {
      scope.report(error);
    }
  }
}
