import { Notices } from './notices.js';
import type { RedisClient } from './redis/client.js';
import { Keyspace } from './redis/keyspace.js';
import { listeningBy } from './redis/listening.js';
import { countOwned, endOwned, listOwned } from './redis/owned.js';
import { peek } from './redis/peek.js';
import { allLive, countLive } from './redis/scan.js';
import { PUBLISH } from './redis/scripts.js';
import { Writer } from './redis/writer.js';
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

export type { RedisClient };

export interface RedisStoreOptions {
  /** Put before the name of every Redis key. @default 'sojourn:' */
  readonly prefix?: string | undefined;
  /** Encodes the data of the sessions (encrypts them, say). @default JSON text */
  readonly codec?: SessionStore['codec'];
}

/**
 * Sessions in Redis or Valkey, through a ready client of ioredis, iovalkey or node-redis: a single server, Sentinel or
 * Cluster. The client remains the app's: it is neither connected nor closed here.
 * @throws SessionOptionsError for any other client.
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  return new RedisStore(client, options);
}

export type { RedisStore };

/** The whole contract. Redis removes expired keys by itself, so there is nothing to prune. */
class RedisStore implements SessionStore {
  readonly codec: SessionStore['codec'];
  /** By pub/sub, over its own connection. */
  readonly subscribe?: NonNullable<SessionStore['subscribe']>;
  readonly #keyspace: Keyspace;
  readonly #writer: Writer;
  readonly #notices: Notices | undefined;

  constructor(client: RedisClient, { prefix = 'sojourn:', codec }: RedisStoreOptions) {
    this.codec = codec;
    this.#keyspace = new Keyspace(client, prefix);
    this.#writer = new Writer(this.#keyspace);
    const notices = noticesIn(this.#keyspace, client);
    if (notices) this.subscribe = subscriber => notices.subscribe(subscriber);
    this.#notices = notices;
  }

  async find(key: string, call?: StoreCall): Promise<StoredSession | Tombstone | undefined> {
    return this.#keyspace.read(this.#row(key), call);
  }

  async insert(key: string, session: StoredSession, call: LimitedCall = {}): Promise<Placement> {
    return this.#writer.insert(this.#row(key), { session, call });
  }

  async update(key: string, session: StoredSession, call: VersionedCall): Promise<boolean> {
    return this.#writer.update(this.#row(key), session, call);
  }

  async touch(key: string, lastSeenAt: number, expiresAt: number, call?: StoreCall): Promise<boolean> {
    return this.#writer.touch(this.#row(key), [lastSeenAt, expiresAt], call);
  }

  async move(
    from: string,
    to: string,
    session: StoredSession,
    call: VersionedCall & LimitedCall,
  ): Promise<Placement> {
    return this.#writer.move(this.#row(from), this.#row(to), { session, call });
  }

  async end(key: string, reason: string, call?: StoreCall & { readonly version?: string }): Promise<boolean> {
    return this.#keyspace.end(this.#row(key), reason, { when: { version: call?.version }, call });
  }

  async endByHandle(
    handle: string,
    reason: string,
    call?: StoreCall & { readonly owner?: string },
  ): Promise<boolean> {
    return this.#keyspace.endByHandle(handle, reason, { when: { owner: call?.owner }, call });
  }

  async endOwned(
    owner: string,
    reason: string,
    call?: StoreCall & { readonly except?: readonly string[] },
  ): Promise<string[]> {
    return endOwned(this.#keyspace, { reason, except: call?.except }, { owner, call });
  }

  async list(
    owner: string,
    page: Page,
    call?: StoreCall,
  ): Promise<{ sessions: StoredSession[]; next?: string }> {
    return listOwned(this.#keyspace, page, { owner, call });
  }

  async count(owner?: string, call?: StoreCall): Promise<number> {
    return owner === undefined
      ? countLive(this.#keyspace, call)
      : countOwned(this.#keyspace, { owner, call });
  }

  all(call?: StoreCall): AsyncGenerator<StoredSession, void, undefined> {
    return allLive(this.#keyspace, call);
  }

  async peek(handles: readonly string[], call?: StoreCall): Promise<StoredSession[]> {
    return peek(this.#keyspace, handles, call);
  }

  /** Closes the connection that listens, if there is one. The client stays open. */
  async close(): Promise<void> {
    await this.#notices?.close();
  }

  #row(key: string): string {
    return this.#keyspace.names.row(key);
  }
}

/** Undefined for a client that cannot be duplicated. */
function noticesIn(keyspace: Keyspace, client: RedisClient): Notices | undefined {
  const { names } = keyspace;
  const connect = listeningBy(client, names.channel);
  if (!connect) return undefined;
  const publish = (text: string) =>
    keyspace.run(PUBLISH, [names.handle('')], { args: [text], call: undefined });
  return new Notices({ connect, publish });
}
