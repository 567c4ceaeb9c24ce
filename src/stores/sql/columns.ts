/** The format of a row. Rows of another release's format are left alone until they expire. */
export const FORMAT = 1;

/** What `readRow` reads, in this order. */
export const COLUMNS = [
  'format',
  'data',
  'version',
  'generation',
  'handle',
  'owner',
  'device',
  'authenticated_at',
  'max_age',
  'created_at',
  'saved_at',
  'last_seen_at',
  'expires_at',
  'ended_reason',
  'ended_at',
] as const;

/** What is written for a session. `signed_in_at` is only for the index. */
export const WRITTEN: readonly string[] = [
  'data',
  'version',
  'generation',
  'handle',
  'owner',
  'device',
  'authenticated_at',
  'signed_in_at',
  'max_age',
  'created_at',
  'saved_at',
  'last_seen_at',
  'expires_at',
];

/** What a tombstone keeps of its session. */
export const LEFT = 'format, handle, owner, signed_in_at, created_at, last_seen_at, expires_at';
