// The types of `require('sojourn')`: the session function, merged with a namespace of what else is exported. All of
// it is defined by the ECMAScript modules' declarations, which alone augment Koa's context.

import type * as sojourn from '../dist/esm/index.js' with { 'resolution-mode': 'import' };
import type {
  AllowedOrigins,
  AsKoaStoreOptions,
  Codec,
  CommitOptions,
  ConflictPolicy,
  CookieAttributes,
  EndedSession,
  EndingSubscriber,
  ExternalKey,
  KoaSessionEvent,
  KoaSessionStore,
  LimitedCall,
  ListedSession,
  MaxAge,
  OpenedSession,
  OpenOptions,
  Oversize,
  Page,
  Placement,
  ResolvedOptions,
  SchemaIssue,
  SchemaResult,
  SealedCodec,
  SealedOptions,
  Session,
  SessionAccess,
  SessionAssignment,
  SessionCallback,
  SessionContext,
  SessionErrorCode,
  SessionEvent,
  SessionInfo,
  SessionLimit,
  SessionManager,
  SessionOptions,
  SessionOwner,
  SessionPage,
  SessionStore,
  SessionTrace,
  SparedSession,
  StandardSchema,
  StoreCall,
  StoredSession,
  Tombstone,
  VersionedCall,
} from '../dist/esm/index.js' with { 'resolution-mode': 'import' };
import type { KoaApp } from '../dist/esm/koa.js' with { 'resolution-mode': 'import' };
import type { CommonJsSessionData } from '../dist/esm/session/session.js' with {
  'resolution-mode': 'import',
};

declare function session<T extends object = sojourn.SessionData>(
  app: KoaApp,
  options?: SessionOptions<T>,
): SessionManager<T>;
declare function session<T extends object = sojourn.SessionData>(
  options: SessionOptions<T>,
  app: KoaApp,
): SessionManager<T>;

declare namespace session {
  export const createSession: typeof sojourn.createSession;
  export const asKoaStore: typeof sojourn.asKoaStore;
  export const generateKey: typeof sojourn.generateKey;
  export const sealed: typeof sojourn.sealed;
  export const strict: typeof sojourn.strict;

  export const SessionError: typeof sojourn.SessionError;
  export type SessionError = sojourn.SessionError;
  export const SessionOptionsError: typeof sojourn.SessionOptionsError;
  export type SessionOptionsError = sojourn.SessionOptionsError;
  export const SessionStoreError: typeof sojourn.SessionStoreError;
  export type SessionStoreError = sojourn.SessionStoreError;
  export const SessionConflictError: typeof sojourn.SessionConflictError;
  export type SessionConflictError = sojourn.SessionConflictError;
  export const SessionLimitError: typeof sojourn.SessionLimitError;
  export type SessionLimitError = sojourn.SessionLimitError;
  export const SessionTooLargeError: typeof sojourn.SessionTooLargeError;
  export type SessionTooLargeError = sojourn.SessionTooLargeError;
  export const SessionHeadersSentError: typeof sojourn.SessionHeadersSentError;
  export type SessionHeadersSentError = sojourn.SessionHeadersSentError;
  export const SessionNotLoadedError: typeof sojourn.SessionNotLoadedError;
  export type SessionNotLoadedError = sojourn.SessionNotLoadedError;
  export const SessionEndedError: typeof sojourn.SessionEndedError;
  export type SessionEndedError = sojourn.SessionEndedError;
  export const SessionInvalidError: typeof sojourn.SessionInvalidError;
  export type SessionInvalidError = sojourn.SessionInvalidError;

  export type {
    AllowedOrigins,
    AsKoaStoreOptions,
    Codec,
    CommitOptions,
    CommonJsSessionData as SessionData,
    ConflictPolicy,
    CookieAttributes,
    EndedSession,
    EndingSubscriber,
    ExternalKey,
    KoaSessionEvent,
    KoaSessionStore,
    LimitedCall,
    ListedSession,
    MaxAge,
    OpenedSession,
    OpenOptions,
    Oversize,
    Page,
    Placement,
    ResolvedOptions,
    SchemaIssue,
    SchemaResult,
    SealedCodec,
    SealedOptions,
    Session,
    SessionAccess,
    SessionAssignment,
    SessionCallback,
    SessionContext,
    SessionErrorCode,
    SessionEvent,
    SessionInfo,
    SessionLimit,
    SessionManager,
    SessionOptions,
    SessionOwner,
    SessionPage,
    SessionStore,
    SessionTrace,
    SparedSession,
    StandardSchema,
    StoreCall,
    StoredSession,
    Tombstone,
    VersionedCall,
  };
  export { session, session as default };
}

export = session;
