import { type Awaitable, isThenable } from '../../awaitable.js';
import type { Content } from '../../session/content.js';
import { CommittedSession, ifLive, type RecordLoadResult, type TimedSession } from '../loaded-record.js';
import type { LoadedSession, LoadResult } from '../loaded-session.js';
import {
  type Change,
  isEmptied,
  type Outcome,
  type Persistence,
  type Saved,
  type Scope,
} from '../persistence.js';
import { lifetimeFrom } from '../record-deadlines.js';
import type { CookieDeadlines } from './cookie-deadlines.js';
import type { CookieText } from './cookie-text.js';

/** Sessions whose data travel in the cookie itself. The last response wins: there is nothing to compare with. */
export class CookiePersistence implements Persistence {
  readonly keys = null;
  readonly endings = null;
  readonly isVersioned = false;
  readonly recordsUses = false;
  readonly #text: CookieText;
  readonly #deadlines: CookieDeadlines | undefined;

  /** @param deadlines those besides the record's own expiry; undefined where the options set none */
  constructor(text: CookieText, deadlines?: CookieDeadlines) {
    this.#text = text;
    this.#deadlines = deadlines;
  }

  load(credential: string, scope: Scope): Awaitable<LoadResult> {
    const found = read(this.#text, credential, scope);
    return isThenable(found)
      ? this.#loadLater(found, credential, scope)
      : this.#ifInTime(found, credential, scope);
  }

  commit(change: Change, scope: Scope): Awaitable<Outcome> {
    const content = change.compose() as Awaitable<Content>;
    return isThenable(content)
      ? this.#commitLater(content, change, scope)
      : this.#commit(content, change, scope);
  }

  async end(): Promise<boolean> {
    return true;
  }

  isTouchDue(base: LoadedSession, now: number): boolean {
    return this.#deadlines?.isTouchDue(base, now) === true;
  }

  renewedAt({ savedAt }: LoadedSession): number | undefined {
    return savedAt;
  }

  // Where the app's own functions are asynchronous. Elsewhere no request pays for a closure.

  async #loadLater(
    reading: Promise<RecordLoadResult>,
    credential: string,
    scope: Scope,
  ): Promise<LoadResult> {
    return this.#ifInTime(await reading, credential, scope);
  }

  async #commitLater(composing: Promise<Content>, change: Change, scope: Scope): Promise<Outcome> {
    return this.#commit(await composing, change, scope);
  }

  #ifInTime(found: RecordLoadResult, credential: string, scope: Scope): LoadResult {
    if (found.refused !== undefined) return found;
    return this.#deadlines?.ifLive(found, credential, scope) ?? ifLive(found, scope.now());
  }

  #commit(content: Content, change: Change, scope: Scope): Outcome {
    if (this.#deadlines?.isStamped(change, scope))
      return this.#deadlines.stamp(change.base as TimedSession, content, scope.now());
    return isEmptied(change, content) ? { is: 'ended' } : this.#save(change, content, scope.now());
  }

  #save(change: Change, content: Content, now: number): Saved {
    const deadlines = this.#deadlines;
    const bookkeeping = deadlines
      ? deadlines.bookkeepingOf(change, content, now)
      : lifetimeFrom(now, change.maxAge);
    const loaded = new CommittedSession(content, { bookkeeping, times: deadlines?.timesOf(bookkeeping) });
    const credential = this.#text.write(content, bookkeeping);
    return { is: 'saved', loaded, content, credential, credentialExpiresAt: bookkeeping.expiresAt };
  }
}

/** A failure to read a text is the app's own error, not just the client's doing. */
function read(text: CookieText, credential: string, scope: Scope): Awaitable<RecordLoadResult> {
  try {
    const loading = text.read(credential);
    return isThenable(loading) ? readLater(loading, scope) : loading;
  } catch (error) {
    scope.discard();
    throw error;
  }
}

async function readLater(reading: Promise<RecordLoadResult>, scope: Scope): Promise<RecordLoadResult> {
  try {
    return await reading;
  } catch (error) {
    scope.discard();
    throw error;
  }
}
