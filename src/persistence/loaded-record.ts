import { type Content, copiedContent, cutContent } from '../session/content.js';
import { isOver } from '../session/lifetime.js';
import { type Bookkeeping, dataOf, type KoaRecord, type MaxAge } from '../session/record.js';
import type { LoadedInfo, LoadedSession, LoadResult, RefusedSession } from './loaded-session.js';

const NO_INFO: LoadedInfo = {};

/** The times of a session in koa-session's format, in epoch ms; undefined where no deadline needs them. */
export interface RecordTimes {
  readonly createdAt: number | undefined;
  readonly lastSeenAt: number | undefined;
  /** The last save. */
  readonly savedAt: number | undefined;
  /** The nearest deadline; undefined where there is none. */
  readonly expiresAt: number | undefined;
  /** True if the record lacks a time that a deadline needs: it counts from now, and is recorded at once. */
  readonly isUnrecorded: boolean;
  /** The session's name in the stamps of its last use: its handle, or a substitute until it has been saved. */
  readonly subject?: string | undefined;
}

/** A session in koa-session's format, as deadlines see it. */
export interface TimedSession extends LoadedSession {
  readonly bookkeeping: Bookkeeping;
  readonly times: RecordTimes | undefined;
}

/** What is known of a record besides itself. */
interface RecordSource {
  /** Its key in a store. */
  readonly key?: string | undefined;
  /** The JSON of its data, but for the closing brace. */
  readonly cutJson?: string | undefined;
  /** Data that replace the record's own. */
  readonly content?: Content;
  /** True if its seal is an older key's. */
  readonly isStale?: boolean;
  readonly times?: RecordTimes;
}

/** A session in koa-session's record format, opened only when the app asks for it. */
export class LoadedRecord implements TimedSession {
  declare readonly refused?: undefined;
  readonly key: string | undefined;
  readonly isStale: boolean;
  readonly times: RecordTimes | undefined;
  readonly #record: KoaRecord;
  readonly #source: RecordSource;

  constructor(record: KoaRecord, source: RecordSource) {
    this.#record = record;
    this.#source = source;
    this.key = source.key;
    this.isStale = source.isStale === true;
    this.times = source.times;
  }

  get bookkeeping(): Bookkeeping {
    return this.#record;
  }

  get info(): LoadedInfo {
    return infoOf(this);
  }

  /** The record as it was read. */
  get raw(): KoaRecord['raw'] {
    return this.#record.raw;
  }

  get value(): unknown {
    return this.#source.content?.data ?? this.raw;
  }

  get maxAge(): MaxAge | undefined {
    return this.#record.maxAge;
  }

  get expiresAt(): number | undefined {
    return this.times ? this.times.expiresAt : this.#record.expiresAt;
  }

  get savedAt(): number | undefined {
    return this.times?.savedAt;
  }

  open(): Content {
    const { content, cutJson } = this.#source;
    if (content) return { data: { ...content.data }, json: content.json };
    const data = dataOf(this.#record);
    // Copied before the app gets the data, and can change what is nested.
    return cutJson === undefined ? copiedContent(data) : cutContent(data, cutJson);
  }

  withContent(content: Content): LoadedRecord {
    return new LoadedRecord(this.#record, { ...this.#source, content });
  }

  /** The same session with its deadlines. */
  timed(times: RecordTimes): LoadedRecord {
    return new LoadedRecord(this.#record, { ...this.#source, times });
  }
}

/** What a text or a store's answer holds: a session, which may have expired, or why it holds none. */
export type RecordLoadResult = LoadedRecord | RefusedSession;

export function loadRecord(record: KoaRecord | undefined, source: RecordSource): RecordLoadResult {
  return record ? new LoadedRecord(record, source) : { refused: 'malformed' };
}

/** The session, unless its own expiry has passed. */
export function ifLive(loaded: LoadedRecord, now: number): LoadResult {
  const { expiresAt, raw } = loaded;
  return isOver(expiresAt, now) ? { refused: 'expired', at: expiresAt, value: raw } : loaded;
}

/** A session as it stands after a commit. */
export class CommittedSession implements TimedSession {
  declare readonly refused?: undefined;
  readonly key: string | undefined;
  readonly bookkeeping: Bookkeeping;
  readonly times: RecordTimes | undefined;
  readonly isStale: boolean = false;
  readonly #content: Content;

  constructor(content: Content, { key, bookkeeping, times }: Committed) {
    this.#content = content;
    this.key = key;
    this.bookkeeping = bookkeeping;
    this.times = times;
  }

  get maxAge(): MaxAge | undefined {
    return this.bookkeeping.maxAge;
  }

  get expiresAt(): number | undefined {
    return this.times ? this.times.expiresAt : this.bookkeeping.expiresAt;
  }

  get savedAt(): number | undefined {
    return this.times?.savedAt;
  }

  get info(): LoadedInfo {
    return infoOf(this);
  }

  get value(): unknown {
    return this.open().data;
  }

  open(): Content {
    const { json } = this.#content;
    return { data: JSON.parse(json), json };
  }

  withContent(content: Content): CommittedSession {
    return new CommittedSession(content, this);
  }
}

/** What is known of a commit besides its data. */
interface Committed {
  readonly key?: string | undefined;
  readonly bookkeeping: Bookkeeping;
  readonly times: RecordTimes | undefined;
}

function infoOf({ times, bookkeeping: { handle } }: TimedSession): LoadedInfo {
  if (!times) return NO_INFO;
  const { createdAt, lastSeenAt, subject } = times;
  return { handle: handle ?? subject, createdAt, lastSeenAt };
}
