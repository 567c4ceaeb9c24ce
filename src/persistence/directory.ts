import { SessionOptionsError } from '../errors.js';
import type { Page, SessionStore, StoreCall, StoredSession } from '../stores/store.js';
import { tellEnding } from './endings.js';
import { expiryOf, overBy, type StoredLifetime } from './store/stored-session.js';
import { callStore } from './store-call.js';

/** A live session, as it can be shown: nothing in it is secret. Instants are epoch ms. */
export interface ListedSession {
  /** The session's public name, by which it can be ended. */
  readonly handle: string;
  /** The account that it belongs to. */
  readonly owner: string | undefined;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** When it expires unless it is used again. */
  readonly expiresAt: number;
  /** When the account signed in. */
  readonly authenticatedAt: number | undefined;
  /** What the option `device` remembered about the client. */
  readonly device: unknown;
}

/** Some of an account's sessions, newest sign-in first; `next` is where the next page starts, if there is one. */
export type SessionPage = ListedSession[] & { readonly next?: string | undefined };

/** What the directory needs to know of the options. */
export interface DirectorySettings {
  readonly store: SessionStore;
  readonly lifetime: StoredLifetime;
  /** ms after which a call counts as failed. */
  readonly timeout: number | undefined;
  readonly clock: () => number;
}

/** The verbs that a store may lack. */
type OwnerVerb = 'list' | 'endByHandle' | 'endOwned' | 'count' | 'all';

/** The sessions in a sojourn store, as they are seen, counted and ended from outside a request. */
export class SessionDirectory {
  readonly #settings: DirectorySettings;
  readonly #report: (error: unknown) => void;

  /** @param report told of rows that cannot be read */
  constructor(settings: DirectorySettings, report: (error: unknown) => void) {
    this.#settings = settings;
    this.#report = report;
  }

  async list(owner: string, page: Page): Promise<SessionPage> {
    const list = this.#verb('list');
    const { sessions, next } = await this.#call('list', call => list(owner, page, call));
    return Object.assign(this.#live(sessions), next === undefined ? {} : { next });
  }

  async end(handle: string, reason: string, owner: string | undefined): Promise<boolean> {
    const end = this.#verb('endByHandle');
    const condition = owner === undefined ? {} : { owner };
    const isEnded = await this.#call('endByHandle', call => end(handle, reason, { ...call, ...condition }));
    if (isEnded) this.#tell([handle], reason);
    return isEnded;
  }

  /** Returns the handles of what it ended. */
  async endOwned(owner: string, reason: string, except: readonly string[]): Promise<string[]> {
    const end = this.#verb('endOwned');
    const ended = await this.#call('endOwned', call => end(owner, reason, { ...call, except }));
    this.#tell(ended, reason);
    return ended;
  }

  count(owner: string | undefined): Promise<number> {
    const count = this.#verb('count');
    return this.#call('count', call => count(owner, call));
  }

  async *all(): AsyncGenerator<ListedSession, void> {
    const all = this.#verb('all');
    const over = new AbortController();
    const sessions = all({ ...this.#now(), signal: over.signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.#call('all', () => sessions.next());
        if (done) return;
        yield* this.#live([value]);
      }
    } finally {
      // Not awaited: after a time-out it would wait for the very step that hangs.
      Promise.resolve(sessions.return?.()).catch(this.#report);
      over.abort();
    }
  }

  /** A store that cleans up by itself lacks the verb. */
  async prune(): Promise<number> {
    const { store } = this.#settings;
    return this.#call('prune', async call => store.prune?.(call) ?? 0);
  }

  #tell(handles: readonly string[], reason: string): void {
    const { store, clock } = this.#settings;
    for (const handle of handles) tellEnding(store, handle, { reason, at: clock() });
  }

  /** Those still live by today's lifetimes, which may have been shortened since they were saved. */
  #live(sessions: readonly StoredSession[]): ListedSession[] {
    const { lifetime, clock } = this.#settings;
    return sessions.filter(each => !overBy(each, lifetime, clock())).map(each => listed(each, lifetime));
  }

  /** @throws SessionOptionsError where the store lacks it */
  #verb<Verb extends OwnerVerb>(name: Verb): NonNullable<SessionStore[Verb]> {
    const { store } = this.#settings;
    const verb = store[name] as ((...args: never[]) => unknown) | undefined;
    if (!verb)
      throw new SessionOptionsError(`option \`store\`: this store has no \`${name}\`, which is needed here`);
    return verb.bind(store) as unknown as NonNullable<SessionStore[Verb]>;
  }

  #call<T>(verb: string, run: (call: StoreCall) => Promise<T>): Promise<T> {
    const { timeout } = this.#settings;
    return callStore({ verb, keys: [] }, signal => run({ ...this.#now(), signal }), timeout);
  }

  #now(): StoreCall {
    return { now: this.#settings.clock(), onMalformed: this.#report };
  }
}

function listed(stored: StoredSession, lifetime: StoredLifetime): ListedSession {
  const { handle, owner, createdAt, lastSeenAt, authenticatedAt, device } = stored;
  return {
    handle,
    owner: owner ?? undefined,
    createdAt,
    lastSeenAt,
    expiresAt: expiryOf(stored, lifetime),
    authenticatedAt: authenticatedAt ?? undefined,
    device: deviceOf(device),
  };
}

/** Text that another version of the app, or somebody else, wrote must not break a list. */
function deviceOf(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
