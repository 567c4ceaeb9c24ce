export type { Codec, SealedCodec } from './codec/codec.js';
export { generateKey, type SealedOptions, sealed } from './codec/sealed.js';
export type { CookieAttributes, Oversize } from './credential/credential.js';
export type { ExternalKey } from './credential/external-key.js';
export {
  SessionConflictError,
  SessionEndedError,
  SessionError,
  type SessionErrorCode,
  SessionHeadersSentError,
  SessionInvalidError,
  SessionLimitError,
  SessionNotLoadedError,
  SessionOptionsError,
  SessionStoreError,
  SessionTooLargeError,
} from './errors.js';
export type { KoaSessionEvent, SessionEvent, SessionTrace } from './exchange/events.js';
export type { SessionInfo } from './exchange/info.js';
export type { OpenOptions } from './exchange/open.js';
export type { OpenedSession } from './exchange/opened.js';
export type { AllowedOrigins } from './exchange/origin.js';
export type { SessionAssignment, SessionContext } from './koa.js';
export type { SessionAccess, SessionManager, SessionOwner, SparedSession } from './manager.js';
export { createSession, createSession as default, createSession as session } from './middleware.js';
export type { ConflictPolicy, SessionOptions } from './options/options.js';
export type { ResolvedOptions } from './options/resolved.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './options/schema.js';
export { strict } from './options/strict.js';
export type { ListedSession, SessionPage } from './persistence/directory.js';
export { type AsKoaStoreOptions, asKoaStore } from './persistence/koa/as-koa-store.js';
export type { MaxAge } from './session/record.js';
export type { CommitOptions, Session, SessionCallback, SessionData } from './session/session.js';
export type {
  EndedSession,
  EndingSubscriber,
  KoaSessionStore,
  LimitedCall,
  Page,
  Placement,
  SessionLimit,
  SessionStore,
  StoreCall,
  StoredSession,
  Tombstone,
  VersionedCall,
} from './stores/store.js';
