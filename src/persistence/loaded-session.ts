import type { Content } from '../session/content.js';
import type { Data, MaxAge } from '../session/record.js';

/* The result of loading. */

/** Why there is no session. */
export type Refusal =
  | 'malformed'
  | 'tampered'
  | 'expired'
  | 'idle'
  | 'absolute'
  | 'unknown'
  | 'invalid'
  | (string & {});

/** What became of a credential. */
export type LoadResult = LoadedSession | RefusedSession;

/** A credential that stands for no session. */
export interface RefusedSession {
  readonly refused: Refusal;
  /** Epoch ms at which the session ended, where that is known. */
  readonly at?: number | undefined;
  /** The record that was refused, as koa-session shows it to its events. */
  readonly value?: unknown;
}

/** A session as it was found, or as it was last committed: what a change is based on. */
export interface LoadedSession {
  readonly refused?: undefined;
  /** The key in the store; undefined for a cookie session. */
  readonly key?: string | undefined;
  /**
   * The data, and their JSON text, by which changes are detected. The outer object is a fresh one; what is nested in it
   * may be the same at each call.
   */
  open(): Content;
  /** The same session with other data, such as those that the app's `migrate` has updated. */
  withContent(content: Content): LoadedSession;
  /** What koa-session hands to `valid` and to its events. */
  readonly value: unknown;
  /** This session's own lifetime, if it has one. */
  readonly maxAge: MaxAge | undefined;
  readonly expiresAt: number | undefined;
  /** Epoch ms of the last save, where that is kept beside the deadlines. */
  readonly savedAt?: number | undefined;
  readonly info: LoadedInfo;
  /** Sealed with an older key: to be sealed again. */
  readonly isStale: boolean;
}

/** Bookkeeping that the app may see. */
export interface LoadedInfo {
  readonly handle?: string | undefined;
  readonly owner?: string | undefined;
  readonly createdAt?: number | undefined;
  readonly lastSeenAt?: number | undefined;
  readonly authenticatedAt?: number | undefined;
}

/**
 * The base's data as they were.
 * @param baseline undefined if the app has not got them: it gets what is nested uncopied, and may change it, so that
 *   only the text tells
 */
export function dataBefore(base: LoadedSession, baseline: Content | undefined): Data {
  return baseline ? JSON.parse(baseline.json) : base.open().data;
}
