import { SessionEndedError } from '../errors.js';
import type { Ended } from '../persistence/endings.js';
import type { LoadedSession, LoadResult } from '../persistence/loaded-session.js';
import type { Change } from '../persistence/persistence.js';
import type { SessionWatch } from '../persistence/session-watch.js';
import { contentOf } from '../session/content.js';
import type { SessionData } from '../session/session.js';
import { emitEvent } from './events.js';
import { describe, type SessionInfo } from './info.js';
import { loadAgain, type Visit } from './load.js';

/** A session that is open beyond its request, as for a WebSocket: read-only, and watched until it ends or is closed. */
export interface OpenedSession<T extends object = SessionData> {
  /** The data as they were when the session was opened, deeply frozen. */
  readonly data: Readonly<T>;
  /** The account that the session belonged to then. */
  readonly owner: string | undefined;
  /**
   * The session's public name; undefined in a koa-session store, or a cookie without `idleTimeout` or `revocations`.
   */
  readonly handle: string | undefined;
  /** `ctx.sessionInfo` at that time. */
  readonly info: SessionInfo;
  /**
   * Aborted once, when the session is over; its `reason` is a `SessionEndedError` with `reason` and `at`. In a sojourn
   * store, changed data or a new key from `regenerate()` do not end a session; a sign-in or a sign-out does. A cookie
   * session ends at the deadline that it had when it was opened, or, with `revocations`, when it is ended.
   */
  readonly signal: AbortSignal;
  /**
   * Records a use of the session: an open socket does not count as one. False if nothing is recorded: the session is
   * over or has another key by now, or its uses are never recorded (a cookie session; a koa-session store without
   * `idleTimeout`).
   * @throws SessionStoreError
   */
  touch(): Promise<boolean>;
  /** Stops watching, without ending the session; the signal will no longer abort. */
  close(): void;
  [Symbol.dispose](): void;
}

/** A loaded session, and what loaded it. */
interface Opening {
  readonly loaded: LoadedSession;
  readonly credential: string;
  readonly visit: Visit;
  readonly watch: SessionWatch;
  /** How many endings the watch had heard before the session was loaded. */
  readonly heard: number;
}

/** Watches a session that was loaded; null if it has ended meanwhile. */
export async function open({
  loaded,
  credential,
  visit,
  watch,
  heard,
}: Opening): Promise<OpenedSession<object> | null> {
  const { persistence, options } = visit.config;
  const load = (): Promise<LoadResult> => loadAgain(credential, visit);
  const abort = new AbortController();
  const { owner } = options;
  const info = describe({ base: loaded, baseline: undefined, refused: undefined, available: true, owner });
  const { close, check } = watch.add({
    id: persistence.endings?.idOf(loaded),
    expiresAt: loaded.expiresAt,
    load,
    end: (ending: Ended) => abort.abort(new SessionEndedError(ending)),
  });
  if (watch.heard !== heard) await check();
  if (abort.signal.aborted) return null;
  return {
    // Not what `open` gives: the app's `migrate` may have put objects of its own into that.
    data: deepFreeze(JSON.parse(loaded.open().json)),
    owner: info.owner,
    handle: info.handle,
    info,
    signal: abort.signal,
    touch: async () => !abort.signal.aborted && persistence.recordsUses && touch(await load(), visit),
    close,
    [Symbol.dispose]: close,
  };
}

/** The session was loaded again just before, so as not to undo what other requests have changed. */
async function touch(base: LoadResult, visit: Visit): Promise<boolean> {
  if (base.refused !== undefined) return false;
  const { persistence, options } = visit.config;
  const change: Change = {
    reason: 'touched',
    base,
    baseline: undefined,
    maxAge: base.maxAge ?? options.maxAge,
    ownMaxAge: base.maxAge,
    key: undefined,
    isChanged: false,
    setsMaxAge: false,
    isNewIdentity: false,
    // A new generation has another identity: its uses are not this session's.
    compose: newest => {
      if (!newest) return base.open();
      return newest.isSameGeneration ? contentOf(newest.data) : undefined;
    },
  };
  const outcome = await persistence.commit(change, visit);
  if (outcome.is !== 'saved') return false;
  emitEvent('session:saved', { handle: base.info.handle, ctx: visit.ctx, reason: 'touched' });
  return true;
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
