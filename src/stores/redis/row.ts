import { ownerTag } from '../owner-tag.js';
import type { StoredSession, Tombstone } from '../store.js';
import { isWellFormed } from './names.js';

/** A client that mixes up replies has answered with another session's row. */
export class WrongRowError extends Error {}

/**
 * What a row repeats of its name: the ends of two generated keys differ. Half a character would be no text to a script.
 */
function endOf(name: string): string {
  return name.slice(-8).replace(/[^ -~]/g, '');
}

/**
 * A session as the text that prelude.ts describes.
 * @param name of the row
 * @throws RangeError for data that would come back altered: UTF-8 encodes all lone surrogates alike.
 */
export function encodeRow(session: StoredSession, name: string): string {
  if (!isWellFormed(session.data)) {
    throw new RangeError(
      "A session's data in Redis may have no half of a surrogate pair: have the codec give well-formed Unicode",
    );
  }
  const { version, generation, handle, owner, device, authenticatedAt, savedAt, maxAge } = session;
  const tag = owner === null ? undefined : ownerTag(owner);
  const row = endOf(name);
  const head = { version, generation, handle, owner, tag, device, authenticatedAt, savedAt, maxAge, row };
  const times = `${session.createdAt} ${session.lastSeenAt} ${session.expiresAt}`;
  return `1 ${times}\n${JSON.stringify(head)}\n${session.data}`;
}

/**
 * What a row holds at this time.
 * @param name of the row, if it is known
 * @throws WrongRowError for a session's row of another name; Error for a row that cannot be read. Their messages have
 * neither key nor data.
 */
export function decodeRow(text: string, now: number, name?: string): StoredSession | Tombstone {
  const endOfTimes = text.indexOf('\n');
  const endOfHead = text.indexOf('\n', endOfTimes + 1);
  const [format, ...times] = text.slice(0, endOfTimes).split(' ').map(Number);
  if (format !== 1) throw new Error('A session row has a format that this version of sojourn does not know');
  const [createdAt, lastSeenAt, expiresAt, endedAt] = times;
  if (!areTimes([createdAt, lastSeenAt, expiresAt, endedAt ?? 0])) throw damaged('times');
  const bookkeeping = { createdAt, lastSeenAt, expiresAt } as Times;
  if (endedAt !== undefined) return decodeTombstone(text.slice(endOfTimes), bookkeeping, endedAt);
  const head = parse(text.slice(endOfTimes, Math.max(endOfHead, 0)));
  if (!isHead(head)) throw damaged('bookkeeping');
  if (name !== undefined && isText(head.row) && head.row !== endOf(name)) {
    throw new WrongRowError(
      "the Redis client answered with another session's row: with node-redis 5 give it `disableOfflineQueue: true`",
    );
  }
  if (bookkeeping.expiresAt <= now) return expired(head, bookkeeping);
  const { version, generation, handle, owner, device, authenticatedAt, savedAt, maxAge } = head;
  const data = text.slice(endOfHead + 1);
  return {
    data,
    version,
    generation,
    handle,
    owner,
    device,
    authenticatedAt,
    savedAt,
    maxAge,
    ...bookkeeping,
  };
}

/** Whether a row with this beginning is a session that is live at this time. */
export function isLive(beginning: string, now: number): boolean {
  const expiresAt = /^1 \S+ \S+ (\S+)\n/.exec(beginning)?.[1];
  return Number(expiresAt) > now;
}

type Times = Pick<StoredSession, 'createdAt' | 'lastSeenAt' | 'expiresAt'>;
type Head = Omit<StoredSession, keyof Times | 'data' | 'ended'>;

function decodeTombstone(text: string, times: Times, at: number): Tombstone {
  const { reason, handle, owner } = parse(text);
  if (!isText(reason) || !isText(handle) || !isNullOr(isText, owner)) throw damaged('tombstone');
  return { ended: { reason, at }, handle, owner, ...times };
}

function expired({ handle, owner }: Head, times: Times): Tombstone {
  return { ended: { reason: 'expired', at: times.expiresAt }, handle, owner, ...times };
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    // The parser's own message would show the text.
    throw damaged('JSON');
  }
}

function damaged(what: string): Error {
  return new Error(`A session row is damaged: its ${what} cannot be read`);
}

function isHead(head: Record<string, unknown>): head is Record<string, unknown> & Head {
  const { version, generation, handle, owner, device, authenticatedAt, savedAt, maxAge } = head;
  return (
    [version, generation, handle].every(isText) &&
    isNumber(savedAt) &&
    isNullOr(isText, owner) &&
    isNullOr(isText, device) &&
    isNullOr(isNumber, authenticatedAt) &&
    (maxAge === 'session' || isNullOr(isNumber, maxAge))
  );
}

function areTimes(times: readonly unknown[]): boolean {
  return times.every(time => Number.isFinite(time));
}

/** JSON can escape what UTF-8 cannot hold; no script could read it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && isWellFormed(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isNullOr<T>(is: (value: unknown) => value is T, value: unknown): value is T | null {
  return value === null || is(value);
}
