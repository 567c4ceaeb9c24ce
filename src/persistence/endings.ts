/** Why a session is over, and since when: epoch ms. */
export interface Ended {
  readonly reason: string;
  readonly at: number;
}

/** Called with the session of a store that ended: its handle (in a koa-session store its key); undefined: not known. */
export type EndingListener = (id: string | undefined, ending: Ended) => void;

/** An app may load both the ESM and the CommonJS copy of this file: they share a store's listeners. */
const SHARED: unique symbol = Symbol.for('sojourn.endings') as never;

type Shared = { [SHARED]?: WeakMap<object, Set<EndingListener>> };

function listenersTo(store: object): Set<EndingListener> {
  const shared = globalThis as Shared;
  shared[SHARED] ??= new WeakMap();
  const found = shared[SHARED].get(store);
  if (found) return found;
  const listeners = new Set<EndingListener>();
  shared[SHARED].set(store, listeners);
  return listeners;
}

/**
 * Listens to endings of this store's sessions in this process, whoever ends them, until the returned function is
 * called.
 */
export function listenToEndings(store: object, listener: EndingListener): () => void {
  const listeners = listenersTo(store);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellEnding(store: object, id: string | undefined, ending: Ended): void {
  for (const listener of listenersTo(store)) listener(id, ending);
}
