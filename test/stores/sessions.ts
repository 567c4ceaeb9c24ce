import { randomUUID } from 'node:crypto';
import type { SessionStore } from 'sojourn';

export type StoredSession = Parameters<SessionStore['insert']>[1];

export const HOUR = 3_600_000;

/** A live session, as the core would hand it to a store. */
export function newSession(fields: Partial<StoredSession> = {}): StoredSession {
  const now = Date.now();
  return {
    data: '{"views":1}',
    version: randomUUID(),
    generation: randomUUID(),
    handle: randomUUID(),
    owner: null,
    device: null,
    authenticatedAt: null,
    maxAge: null,
    createdAt: now,
    savedAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    ...fields,
  };
}

/** The same session after one more write. */
export function successorOf(session: StoredSession, fields: Partial<StoredSession> = {}): StoredSession {
  return { ...session, version: randomUUID(), ...fields };
}
