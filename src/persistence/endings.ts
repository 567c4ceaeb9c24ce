/** Why a session is over, and since when: epoch ms. */
export interface Ended {
  readonly reason: string;
  readonly at: number;
}

/** Told which session of a store ended, by its handle (in a koa-session store its key); undefined: some session. */
export type EndingListener = (id: string | undefined, ending: Ended) => void;

/** An app can hold the ESM and the CommonJS copy of this file at once: a store's listeners are shared by both. */
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

/** Hears of the sessions of this store that end in this process, whoever ends them, until the returned function is called. */
export function listenToEndings(store: object, listener: EndingListener): () => void {
  const listeners = listenersTo(store);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellEnding(store: object, id: string | undefined, ending: Ended): void {
  for (const listener of listenersTo(store)) listener(id, ending);
}
