/** The parts of the contract, by the verbs that take and answer them. */
import type { SessionStore } from 'sojourn';

export type LimitedCall = NonNullable<Parameters<SessionStore['insert']>[2]>;
export type Page = Parameters<NonNullable<SessionStore['list']>>[1];
export type Placement = Awaited<ReturnType<SessionStore['insert']>>;
export type StoreCall = NonNullable<Parameters<SessionStore['find']>[1]>;
export type StoredSession = Parameters<SessionStore['insert']>[1];
export type Tombstone = Exclude<Awaited<ReturnType<SessionStore['find']>>, StoredSession | undefined>;
export type VersionedCall = Parameters<SessionStore['update']>[2];
export type EndingSubscriber = Parameters<NonNullable<SessionStore['subscribe']>>[0];
export type EndedSession = Parameters<EndingSubscriber['ended']>[0];
