import type { Awaitable } from '../awaitable.js';
import { type Content, isEmptyContent } from '../session/content.js';
import { type OwnerOption, ownerBefore, ownerOnSave } from '../session/owner.js';
import type { Data, MaxAge } from '../session/record.js';
import type { EndingListener } from './endings.js';
import { dataBefore, type LoadedSession, type LoadResult, type RefusedSession } from './loaded-session.js';

/**
 * The interface that cookie sessions and stored sessions share: `load` turns a credential into a session, or into the
 * reason why there is none; `commit` carries out a decided change and says which credential the client gets. The code
 * above it recognises cookie sessions, whose credential is the data, by `keys` alone.
 */
export interface Persistence {
  /** Null for sessions that live in the cookie itself: then `load` asks no store, and there are no keys. */
  readonly keys: KeyPolicy | null;
  /** Never throws because of what a client sent. @throws SessionStoreError where the system fails. */
  load(credential: string, scope: Scope): Awaitable<LoadResult>;
  /**
   * Asks the store whether a session that loaded has been revoked. Runs after `migrate` and `schema`.
   * @throws SessionStoreError where the system fails
   */
  admit?(loaded: LoadedSession, scope: Scope): Promise<LoadResult>;
  /** @throws SessionStoreError where the system fails; SessionConflictError, SessionLimitError */
  commit(change: Change, scope: Scope): Awaitable<Outcome>;
  /** Ends a session. False where there was nothing to end. */
  end(ending: EndTarget, reason: string, scope: Scope): Promise<boolean>;
  /** True if a use of this session should be recorded although nothing else has changed. */
  isTouchDue(base: LoadedSession, now: number): boolean;
  /** Epoch ms at which the lifetime last began anew; undefined if it has to be derived from the expiry. */
  renewedAt(base: LoadedSession): number | undefined;
  /** Whether a commit overwrites only the version that it is based on. */
  readonly isVersioned: boolean;
  /** Whether a `touched` commit can record a use without a response. */
  readonly recordsUses: boolean;
  /** Null where the server learns of no ending except by time: for a session that lives in the cookie alone. */
  readonly endings: EndingSource | null;
}

/** How the server learns that sessions which are open have ended. */
export interface EndingSource {
  /** The id by which a session is known here. It survives a new key where that is possible. */
  idOf(base: LoadedSession): string;
  /**
   * Listens to endings in this process or, where the store reports them, in any, until the returned function is called.
   */
  listen(listener: SourceListener): () => void;
  /** The state of these sessions by id, as far as the store knows the ids; without this, only `load` tells. */
  peek?(ids: readonly string[], caller: Caller): Promise<ReadonlyMap<string, RefusedSession | LiveSession>>;
}

/** What a source reports. */
export interface SourceListener {
  readonly ended: EndingListener;
  /** Whether the store reports, from now on, all endings in other processes. */
  listening(isListening: boolean): void;
  /** Why the store cannot report endings. It tries again by itself. */
  failed(error: unknown): void;
}

/** A session that is live, as far as a watch is concerned. */
export interface LiveSession {
  readonly refused?: undefined;
  /** Epoch ms; undefined if it ends only with the browser. */
  readonly expiresAt: number | undefined;
}

/** What to end: the session that a credential stands for; for a loaded cookie session only its handle is known. */
export interface EndTarget {
  readonly credential: string;
  readonly handle?: string | undefined;
}

/** How new keys are made. */
export interface KeyPolicy {
  /**
   * A new key; a promise where the app's `genid` is asynchronous.
   * @param previous the key that it replaces
   */
  generate(ctx: unknown, previous?: string): Awaitable<string>;
}

/** On whose behalf a store is asked. */
export interface Caller {
  /** Epoch ms by the application's clock. */
  now(): number;
  /** Told of what cannot be thrown: a malformed row, a failed clean-up. */
  report(error: unknown): void;
}

/** What a persistence may know about the request. */
export interface Scope extends Caller {
  /** The request's Koa context, for the app's own functions. */
  readonly ctx: unknown;
  /** The lifetime that this request's options set. */
  readonly maxAge: MaxAge;
  readonly rolling: boolean;
  /** A new key for this request's session: the same one until it is saved. */
  newKey(): Awaitable<string>;
  /** The new key, adapted to its session, unless the app has read it already, and may have handed it out. */
  adaptKey(key: string, adapt: (key: string) => string): string;
  /**
   * @param saved what the client is to get, where that is known and may be too large
   * @throws SessionHeadersSentError, SessionOptionsError where the client can no longer be given a credential;
   * SessionTooLargeError
   */
  requireWritable(saved?: Saved): void;
  /** Makes the client forget a cookie that the app's own `decode` failed on, so that it is not sent again. */
  discard(): void;
}

/** Why a response changes the session, or does not. */
export type CommitReason =
  | 'unchanged'
  | 'changed'
  | 'touched'
  | 'rolling'
  | 'renewed'
  | 'rotated'
  | 'forced'
  | 'ended';

/** Why it changes the session. */
export type ChangeReason = Exclude<CommitReason, 'unchanged'>;

/** What another request left when it overtook this commit. */
export interface Newest {
  readonly data: Data;
  /** False if the session's identity changed: sign-in, sign-out, regenerate, replacement. */
  readonly isSameGeneration: boolean;
}

/** A decided change. */
export interface Change {
  readonly reason: ChangeReason;
  /** What the change is based on; undefined for a new session. */
  readonly base: LoadedSession | undefined;
  /** The base's data as they were before the app got them; undefined if it never looked. */
  readonly baseline: Content | undefined;
  /** The lifetime in force, and this session's own, if it has one. */
  readonly maxAge: MaxAge;
  readonly ownMaxAge: MaxAge | undefined;
  /** True if this request gave it that lifetime. */
  readonly setsMaxAge: boolean;
  /** The new key, for a new session or a rotated one. */
  readonly key: string | undefined;
  /** False if the data equal those of the base. */
  readonly isChanged: boolean;
  /** The app regenerated the session, or replaced all its data. */
  readonly isNewIdentity: boolean;
  /**
   * The data to save, based on what was loaded or on what another request left; undefined to leave the latter as it is.
   * Empty data end the session if the reason is `ended` or `changed`.
   */
  compose(newest?: Newest): Awaitable<Content | undefined>;
}

/** True where nothing is left of a session's data, and the app did not ask for an empty one to be saved. */
export function isEmptied({ reason, base }: Change, content: Content): boolean {
  return base !== undefined && (reason === 'ended' || reason === 'changed') && isEmptyContent(content);
}

/**
 * True where the data's account has changed, including from or to none: a sign-in or a sign-out.
 * @throws what `owner` throws: of a new session, too, as nobody could change it once it was saved
 */
export function changesOwner(
  { base, baseline, isChanged }: Change,
  content: Content,
  owner: OwnerOption,
): boolean {
  if (!owner || (base && !isChanged)) return false;
  const account = ownerOnSave(owner, content);
  return base !== undefined && account !== ownerBefore(owner, dataBefore(base, baseline));
}

/** The result of a commit. */
export type Outcome = Saved | { readonly is: 'ended' } | Superseded;

/** The session as it stands now, and the credential that the client is to get. */
export interface Saved {
  readonly is: 'saved';
  readonly loaded: LoadedSession;
  readonly content: Content;
  /** Undefined: the client keeps the one it has. */
  readonly credential: string | undefined;
  /** Epoch ms at which the client may forget the credential; undefined: when the browser closes. */
  readonly credentialExpiresAt: number | undefined;
  /** Says when the session was last used: the client keeps it next to the credential, for as long. */
  readonly stamp?: string;
  /** The session has the lifetime that another request gave it meanwhile. */
  readonly keepsOthersMaxAge?: boolean;
  /** The handles of the owner's sessions that gave way to this one. */
  readonly displaced?: readonly string[] | undefined;
}

/** Another request ended the session, or changed its identity: nothing was written, and the credential stays. */
export interface Superseded {
  readonly is: 'superseded';
  readonly reason: string;
  readonly at?: number | undefined;
}
