import type { StoredSession, Tombstone } from '../store.js';

/** MongoDB's own expiry comes this many ms after `expiresAt`, so that a smaller clock difference ends nothing early. */
const GRACE = 60_000;

/** The last instant that a `Date` can hold. */
const LATEST = 8.64e15;

/** A session, or what is left of one, as a document. */
export interface SessionDocument extends Omit<StoredSession, 'ended'> {
  /** The version of this format. */
  readonly format: 1;
  readonly _id: string;
  /** An owner's sessions are sorted by this. */
  readonly signedInAt: number;
  /** Null while the session is live. */
  readonly ended: EndMark | null;
  /** Null, except under a new key whose move is not certain yet: see move.ts. */
  readonly pending: { readonly from: string; readonly move: string } | null;
  /** Used by the TTL index. */
  readonly deleteAt: Date;
}

export interface EndMark {
  readonly reason: string;
  readonly at: number;
  /** Identifies the move to a new key. */
  readonly move?: string;
  /** The call that ended it. */
  readonly by?: string;
}

/** @throws RangeError for data that would come back altered: BSON encodes all lone surrogates alike. */
export function encode(key: string, session: StoredSession, now: number): SessionDocument {
  if (/\p{Surrogate}/u.test(session.data)) {
    throw new RangeError(
      "A session's data in MongoDB may have no half of a surrogate pair: have the codec give well-formed Unicode",
    );
  }
  const { handle, owner, createdAt, lastSeenAt, expiresAt } = session;
  const { data, version, generation, device, authenticatedAt, savedAt, maxAge } = session;
  return {
    _id: key,
    format: 1,
    ...{ handle, owner, createdAt, lastSeenAt, expiresAt },
    ...{ data, version, generation, device, authenticatedAt, savedAt, maxAge },
    signedInAt: authenticatedAt ?? createdAt,
    ended: null,
    pending: null,
    deleteAt: deletionOf(expiresAt, now),
  };
}

/** Expiry goes by the app's clock, removal by the machine's: so the time left is counted from `now`. */
export function deletionOf(expiresAt: number, now: number): Date {
  return new Date(Math.min(Date.now() + Math.max(expiresAt - now, 0) + GRACE, LATEST));
}

/** A filter for the documents of live sessions. */
export function live(now: number): object {
  return { ...kept(now), pending: null };
}

/** A filter for the documents of live sessions and those that are pending. */
export function kept(now: number): object {
  return { format: 1, ended: null, expiresAt: { $gt: now } };
}

/** The update that leaves a tombstone. */
export function entomb(ended: EndMark): { $set: object; $unset: object } {
  const gone = [...Object.keys(SESSION_FIELDS), 'signedInAt'];
  return { $set: { ended }, $unset: Object.fromEntries(gone.map(field => [field, ''])) };
}

/**
 * What a document holds at this time.
 * @throws Error for one that cannot be read; its message has neither key nor data.
 */
export function decode(document: object, now: number): StoredSession | Tombstone {
  const { format, ended } = document as Partial<SessionDocument>;
  if (format !== 1)
    throw new Error('A session document has a format that this version of sojourn does not know');
  const common = pick<Omit<Tombstone, 'ended'>>(document, COMMON_FIELDS);
  if (ended) return { ended: pick<Tombstone['ended']>(ended, ENDING_FIELDS), ...common };
  if (common.expiresAt <= now) return { ended: { reason: 'expired', at: common.expiresAt }, ...common };
  return { ...pick<Omit<StoredSession, keyof Tombstone>>(document, SESSION_FIELDS), ...common };
}

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string';
const isNumber: Check = value => typeof value === 'number';
const orNull =
  (check: Check): Check =>
  value =>
    value === null || check(value);

const COMMON_FIELDS: Readonly<Record<string, Check>> = {
  handle: isText,
  owner: orNull(isText),
  createdAt: isNumber,
  lastSeenAt: isNumber,
  expiresAt: isNumber,
};

/** What a tombstone lacks. */
const SESSION_FIELDS: Readonly<Record<string, Check>> = {
  data: isText,
  version: isText,
  generation: isText,
  device: orNull(isText),
  authenticatedAt: orNull(isNumber),
  savedAt: isNumber,
  maxAge: value => value === 'session' || orNull(isNumber)(value),
};

const ENDING_FIELDS: Readonly<Record<string, Check>> = { reason: isText, at: isNumber };

function pick<Picked>(from: object, fields: Readonly<Record<string, Check>>): Picked {
  const picked: Record<string, unknown> = {};
  for (const [field, check] of Object.entries(fields)) {
    const value: unknown = Reflect.get(from, field);
    if (!check(value)) throw new Error(`A session document is damaged: its ${field} cannot be read`);
    picked[field] = value;
  }
  return picked as Picked;
}
