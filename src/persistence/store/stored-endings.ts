import type { SessionStore, StoredSession } from '../../stores/store.js';
import { listenToEndings } from '../endings.js';
import type { RefusedSession } from '../loaded-session.js';
import type { Caller, EndingSource, LiveSession, SourceListener } from '../persistence.js';
import { callStore } from '../store-call.js';
import { expiryOf, type LoadedStored, overBy, type StoredLifetime } from './stored-session.js';

/** What it takes to learn that a store's sessions end. */
interface EndingSettings {
  readonly store: SessionStore;
  readonly lifetime: StoredLifetime;
  /** ms after which a call counts as failed. */
  readonly timeout: number | undefined;
}

/** ms after which asking the store fails, if the options set no limit: a call that hangs must not end the watch. */
const PEEK_TIMEOUT = 10_000;

/** The endings of sessions in a sojourn store. Sessions are known by their handles, which outlive their keys. */
export function endingsIn({ store, lifetime, timeout }: EndingSettings): EndingSource {
  const stateOf = (stored: StoredSession, caller: Caller): RefusedSession | LiveSession =>
    overBy(stored, lifetime, caller.now()) ?? { expiresAt: expiryOf(stored, lifetime) };
  const peek = async (handles: readonly string[], caller: Caller) => {
    const found = await callStore(
      { verb: 'peek', keys: [] },
      signal =>
        store.peek?.(handles, { now: caller.now(), signal, onMalformed: error => caller.report(error) }) ??
        [],
      timeout ?? PEEK_TIMEOUT,
    );
    return new Map(found.map(stored => [stored.handle, stateOf(stored, caller)]));
  };
  return {
    idOf: base => (base as LoadedStored).stored.handle,
    listen: listener => listen(store, listener),
    ...(store.peek && { peek }),
  };
}

function listen(store: SessionStore, { ended, listening, failed }: SourceListener): () => void {
  const stopHere = listenToEndings(store, ended);
  const stopEverywhere = store.subscribe?.({
    ended: ({ handle, ...ending }) => ended(handle, ending),
    listening,
    failed,
  });
  return () => {
    stopHere();
    stopEverywhere?.();
  };
}
