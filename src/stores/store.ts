import type { Codec } from '../codec/codec.js';

/**
 * The store contract: what the core asks of a session store, and what a store promises.
 *
 * A store is dumb on purpose. It compares, indexes and keeps what it is given; it never reads the data, decides no
 * policy and retries nothing. Every verb is atomic, and where the database allows it one round trip (a statement, a
 * script, a transaction). A verb throws only if the system fails: missing, ended, expired and malformed sessions are
 * results.
 *
 * Time is the application's: `call.now`. A store's own expiry only cleans up, and never before `expiresAt`.
 */
export interface SessionStore {
  /** Encodes the data of this store's sessions (encrypts them, say). Without it the data are JSON text. */
  readonly codec?: Codec | undefined;

  /**
   * Returns what is kept under this key: the live session, its tombstone, or undefined. A session whose `expiresAt` has
   * come (`expiresAt <= now`) is returned as a tombstone with the reason `expired` until it is cleaned up, and then as
   * undefined. A tombstone past its own `expiresAt` may still be returned or not; `insert` agrees with what `find`
   * returns. A row that cannot be read gives undefined, and is reported to `call.onMalformed`.
   */
  find(key: string, call?: StoreCall): Promise<StoredSession | Tombstone | undefined>;

  /** Stores a new session, only if the key is free: a live session or a tombstone under it stays as it is. */
  insert(key: string, session: StoredSession, call?: LimitedCall): Promise<Placement>;

  /**
   * Replaces a live session, only if its stored version is `call.version`. Otherwise, or if the key holds no live
   * session, returns false and changes nothing. Never creates a session.
   */
  update(key: string, session: StoredSession, call: VersionedCall): Promise<boolean>;

  /**
   * Records a use of a live session: sets `lastSeenAt` and `expiresAt`, but moves neither backwards. Never creates a
   * session, never changes the version. Returns false if the key holds no live session.
   */
  touch(key: string, lastSeenAt: number, expiresAt: number, call?: StoreCall): Promise<boolean>;

  /**
   * Moves a live session to a new key, only if its stored version is `call.version` and `to` is free. The old key keeps
   * a tombstone with the reason `rotated`. All in one step: at no moment are the data gone, or reachable by both keys.
   */
  move(
    from: string,
    to: string,
    session: StoredSession,
    call: VersionedCall & LimitedCall,
  ): Promise<Placement>;

  /**
   * Ends a live session: deletes its data, and leaves a tombstone for as long as the session would have lived. With
   * `call.version`, only if the stored version is that one. Returns true if it was live (and of that version).
   */
  end(key: string, reason: string, call?: StoreCall & { readonly version?: string }): Promise<boolean>;

  /** Ends the live session that has this handle; with `call.owner`, only if it belongs to that owner. */
  endByHandle?(
    handle: string,
    reason: string,
    call?: StoreCall & { readonly owner?: string },
  ): Promise<boolean>;

  /** Ends an owner's live sessions, except for those whose handle is in `call.except`; returns the handles it ended. */
  endOwned?(
    owner: string,
    reason: string,
    call?: StoreCall & { readonly except?: readonly string[] },
  ): Promise<string[]>;

  /** An owner's live sessions, newest first by sign-in, a page at a time; `next` is absent on the last page. */
  list?(owner: string, page: Page, call?: StoreCall): Promise<{ sessions: StoredSession[]; next?: string }>;

  /** How many sessions are live: of this owner, or of all. */
  count?(owner?: string, call?: StoreCall): Promise<number>;

  /** All live sessions, in no order, fetched in batches as they are consumed. */
  all?(call?: StoreCall): AsyncIterable<StoredSession>;

  /**
   * The live sessions with these handles, in any order, as `find` returns them but without their data: `data` is ''. It
   * is called again and again for all sessions that a process has open, so it should take as few round trips as
   * possible, and cheap ones. Without it, the later of two requests that regenerate one session at once gives way.
   */
  peek?(handles: readonly string[], call?: StoreCall): Promise<StoredSession[]>;

  /**
   * Calls `listener.ended` for each session that ends, in whatever process, until the returned function is called: by
   * `end`, `endByHandle` or `endOwned`; by giving way to another, with the reason `displaced`; or by a `move` to
   * another handle, with the reason `rotated`. A `move` that keeps the handle ends nothing, and expiry need not be
   * reported. Never throws: a store that cannot listen calls `listener.failed`, and tries again by itself.
   */
  subscribe?(listener: EndingSubscriber): () => void;

  /** Deletes sessions and tombstones alike whose `expiresAt` has come, in bounded batches; returns how many. */
  prune?(call?: StoreCall): Promise<number>;

  /** Stops the store's own timers and closes what it opened itself. A client that was handed in stays open. */
  close?(): Promise<void>;
}

/** Receives the endings of sessions. */
export interface EndingSubscriber {
  ended(ending: EndedSession): void;
  /**
   * True once every ending from now on will be reported; false when that stops, as when a connection is lost. Called
   * again with the same value where endings may have been missed, as by a client that reconnected by itself.
   */
  listening(isListening: boolean): void;
  /** Why nothing can be reported now. Of several failures in a row, only the first is reported. */
  failed(error: unknown): void;
}

/** A session that ended, as its tombstone records it. */
export interface EndedSession {
  readonly handle: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
}

/** The last argument of every verb except `subscribe` and `close`. */
export interface StoreCall {
  /** Epoch ms by the application's clock. @default Date.now() */
  readonly now?: number | undefined;
  /** Aborted when the caller no longer waits for the answer. */
  readonly signal?: AbortSignal | undefined;
  /** Called for a row that this store cannot read. */
  readonly onMalformed?: ((error: Error) => void) | undefined;
}

/** A verb that compares versions. */
export interface VersionedCall extends StoreCall {
  /** The version that was read, on which the change is based. */
  readonly version: string;
}

/** A verb that can add to an owner's sessions. */
export interface LimitedCall extends StoreCall {
  /**
   * Enforced for `session.owner` in the same atomic step. Sessions that give way leave tombstones with the reason
   * `displaced`.
   */
  readonly limit?: SessionLimit | undefined;
}

/** How many live sessions an owner may have, and what gives way: the oldest by sign-in, or the new one. */
export interface SessionLimit {
  readonly limit: number;
  readonly policy: 'end-oldest' | 'refuse';
}

/**
 * The result of `insert` and `move`: placed, with the handles of the sessions that gave way; or not placed, because the
 * key is `taken`, the version is `stale` (or the session is not live), or the owner's `limit` is reached.
 */
export type Placement =
  | { readonly placed: true; readonly displaced: readonly string[] }
  | { readonly placed: false; readonly because: 'taken' | 'stale' | 'limit' };

/** A page of a list: at most `limit` sessions, after the previous page, whose `next` is `after`. */
export interface Page {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** A live session as a store keeps it: its bookkeeping is apart from the data, so that nobody need read those. */
export interface StoredSession {
  /** The encoded text, opaque. */
  readonly data: string;
  /** A random id chosen by the writer of the data, who recognises a write by it if the reply was lost. */
  readonly version: string;
  /** A random id that changes when the session's identity does: sign-in, sign-out, regenerate, replacement. */
  readonly generation: string;
  /** The session's public, non-secret name, unique among live sessions. It survives a new key. */
  readonly handle: string;
  /** The account that the session belongs to. */
  readonly owner: string | null;
  /** What the app remembers about the client, as JSON text. */
  readonly device: string | null;
  /** Epoch ms of the sign-in, by which an owner's sessions are ordered; null sorts as `createdAt`. */
  readonly authenticatedAt: number | null;
  /** The lifetime in ms, or `session`, if the app itself set it for this session; null: as configured. */
  readonly maxAge: number | 'session' | null;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Epoch ms of the last write of the data, from which `maxAge` counts. A touch does not change it. */
  readonly savedAt: number;
  /** Epoch ms of the last recorded use. */
  readonly lastSeenAt: number;
  /** Epoch ms of the nearest deadline. The session is over from then on. */
  readonly expiresAt: number;
  readonly ended?: undefined;
}

/** What is left of an ended session, without data, until `expiresAt`. */
export interface Tombstone {
  readonly ended: { readonly reason: string; readonly at: number };
  readonly handle: string;
  readonly owner: string | null;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

/**
 * A store written for koa-session. It keeps koa-session's records, and has neither versions nor tombstones: the last
 * writer wins.
 */
export interface KoaSessionStore {
  /** The record under this key, or something falsy. */
  get(key: string, maxAge: number, options: { rolling: boolean; ctx: AnyContext }): unknown;
  /** Keeps the record for `maxAge` ms. */
  set(
    key: string,
    record: Record<string, unknown>,
    maxAge: number,
    options: { rolling: boolean; changed: boolean; ctx: AnyContext },
  ): unknown;
  /** Deletes the record. */
  destroy(key: string, options: { ctx: AnyContext }): unknown;
}

/** Koa's context, as the store's author types it: a store can be written, and compiled, without Koa. */
// biome-ignore lint/suspicious/noExplicitAny: with `unknown` a store that names Koa's type would not fit
type AnyContext = any;
