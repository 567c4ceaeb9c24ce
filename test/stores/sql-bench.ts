import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { SessionStore } from 'sojourn';
import { HOUR, newSession, type StoredSession } from './sessions.js';

export type Store = Required<Omit<SessionStore, 'codec' | 'subscribe'>>;

/** What a test of a SQL store works with: one new, empty table, and two stores on it as of two processes. */
export interface SqlBench {
  readonly table: string;
  readonly stores: readonly [Store, Store];
  /** One more store on the table. */
  open(options: { pruneInterval?: number; createTable?: boolean }): Store;
  /** The rows of a SELECT, or nothing. */
  run(text: string): Promise<unknown[]>;
  /** Whether owners have rows of their own to lock. */
  readonly hasOwnersTable: boolean;
}

/** Tests by their names. */
export type Promises = Record<string, (bench: SqlBench) => Promise<void>>;

export type Limit = { limit: number; policy: 'end-oldest' | 'refuse' };

export function signIn(store: Store | undefined, owner: string, limit: Limit, expiresAt = Date.now() + HOUR) {
  assert.ok(store);
  const session = newSession({ owner, authenticatedAt: Date.now(), expiresAt });
  return store.insert(randomUUID(), session, { limit });
}

export type Found = Awaited<ReturnType<Store['find']>>;

export function isLive(found: Found): found is StoredSession {
  return found !== undefined && !found.ended;
}
