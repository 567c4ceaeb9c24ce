import type { Content } from '../../session/content.js';
import { ownerBefore } from '../../session/owner.js';
import type { StoredSession } from '../../stores/store.js';
import type { LoadedSession, LoadResult } from '../loaded-session.js';
import type { Change, EndingSource, EndTarget, Outcome, Persistence, Scope } from '../persistence.js';
import { RecentUses } from '../recent-uses.js';
import { refuseSyntax } from '../refuse-syntax.js';
import { saved } from './outcomes.js';
import { decodeData } from './row-data.js';
import { StoreClient, type StoredKeys } from './store-client.js';
import { StoreWriter, type WriterSettings } from './store-writer.js';
import { endingsIn } from './stored-endings.js';
import { deadlineFor, endReason, expiryOf, LoadedStored, overBy, renewedAt } from './stored-session.js';

/** What the persistence needs to know of the options. */
export interface StoreSettings extends WriterSettings {
  /** ms between two recorded uses; undefined where a mere use is not recorded. */
  readonly touchAfter: number | undefined;
  /** The same for a session that ends with the browser, whose lifetime in the store counts from its last use. */
  readonly touchBrowserSessionAfter: number;
  /** ms after which a call counts as failed. */
  readonly timeout: number | undefined;
}

/** Sessions in a sojourn store. */
export class StorePersistence implements Persistence {
  readonly keys: StoredKeys;
  readonly isVersioned = true;
  readonly recordsUses = true;
  readonly endings: EndingSource;
  readonly #settings: StoreSettings;
  readonly #client: StoreClient;
  readonly #writer: StoreWriter;
  readonly #recentUses = new RecentUses();

  constructor(settings: StoreSettings) {
    this.keys = settings.keys;
    this.#settings = settings;
    this.endings = endingsIn(settings);
    this.#client = new StoreClient(settings.store, settings.keys, settings.timeout);
    this.#writer = new StoreWriter(settings, this.#client);
  }

  async load(key: string, scope: Scope): Promise<LoadResult> {
    const { lifetime, store } = this.#settings;
    const found = await this.#client.find(key, scope);
    if (!found) return { refused: 'unknown' };
    if (found.ended) return { refused: endReason(found, lifetime), at: found.ended.at };
    const over = overBy(found, lifetime, scope.now());
    if (over) return over;
    try {
      const content = decodeData(store, found.data, found.handle);
      const current = { ...found, expiresAt: expiryOf(found, lifetime) };
      return content ? new LoadedStored(key, current, content) : { refused: 'malformed' };
    } catch (error) {
      return refuseSyntax(error);
    }
  }

  /** Ends the session even if another request has just given it a new key. */
  async end({ credential: key, handle }: EndTarget, reason: string, scope: Scope): Promise<boolean> {
    if (await this.#client.end(key, { reason, handle }, scope)) return true;
    const found = await this.#client.find(key, scope);
    return found?.ended?.reason === 'rotated' && this.#client.endByHandle(found.handle, reason, scope);
  }

  isTouchDue(base: LoadedSession, now: number): boolean {
    const { touchAfter, touchBrowserSessionAfter, lifetime } = this.#settings;
    const maxAge = base.maxAge ?? lifetime.maxAge;
    const interval = maxAge === 'session' ? touchBrowserSessionAfter : touchAfter;
    if (interval !== undefined && now - this.#lastUseOf(base) >= interval) return true;
    return this.#isOwnerStale(base as LoadedStored);
  }

  /** With `rolling`, which alone asks, any use renews it. */
  renewedAt(base: LoadedSession): number {
    return this.#lastUseOf(base);
  }

  #lastUseOf(base: LoadedSession): number {
    const { handle, lastSeenAt } = (base as LoadedStored).stored;
    return this.#recentUses.latest(handle, lastSeenAt);
  }

  async commit(change: Change, scope: Scope): Promise<Outcome> {
    const { reason, base, key } = change;
    if (!base) return this.#writer.insert((await change.compose()) as Content, change, scope);
    // Unless every use renews the lifetime, a use that is meant to renew it is a save.
    const isRenewing = reason === 'rolling' && this.#settings.lifetime.rolling;
    const isUse = reason === 'touched' || isRenewing || (reason === 'rotated' && !key && !base.isStale);
    const isTouch = isUse && !this.#isOwnerStale(base as LoadedStored);
    const outcome = await (isTouch ? this.#touch(change, scope) : this.#writer.write(change, scope));
    return reason === 'touched' && outcome.is === 'saved' ? { ...outcome, credential: undefined } : outcome;
  }

  /**
   * True if the stored owner differs from the one that the option derives: a server without the option `owner`, or with
   * another one, has saved the session. Data for which `owner` throws are left to the next save, which fails.
   */
  #isOwnerStale(base: LoadedStored): boolean {
    const { owner } = this.#settings;
    if (!owner) return false;
    const account = ownerBefore(owner, base.open().data);
    return account !== undefined && account !== base.stored.owner;
  }

  /** Records a use, and nothing else. A session that is no longer live stays as it is, and so does the cookie. */
  async #touch(change: Change, scope: Scope): Promise<Outcome> {
    const { key, stored } = change.base as LoadedStored;
    const { lifetime } = this.#settings;
    const used = { ...stored, lastSeenAt: scope.now() };
    const times = { ...used, renewedAt: renewedAt(used, change.maxAge, lifetime) };
    const expiresAt = deadlineFor(times, change.maxAge, lifetime);
    const session = { ...used, expiresAt: Math.max(expiresAt, stored.expiresAt) };
    if (!(await this.#recordUse(key, session, scope))) return this.#outrun(key, scope);
    return saved({ key, session, content: (await change.compose()) as Content }, change, scope);
  }

  async #outrun(key: string, scope: Scope): Promise<Outcome> {
    const found = await this.#client.find(key, scope);
    const reason = found?.ended ? endReason(found, this.#settings.lifetime) : 'unknown';
    return { is: 'superseded', reason, at: found?.ended?.at };
  }

  async #recordUse(key: string, session: StoredSession, scope: Scope): Promise<boolean> {
    const { handle, lastSeenAt } = session;
    this.#recentUses.add(handle, lastSeenAt);
    try {
      return await this.#client.touch(key, session, scope);
    } catch (error) {
      this.#recentUses.remove(handle);
      throw error;
    }
  }
}
