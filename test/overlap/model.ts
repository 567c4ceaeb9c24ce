/** What a request does with its session when it goes on. */
export type Action =
  | { readonly does: 'read' | 'touch' | 'increment' | 'regenerate' | 'logout' }
  | { readonly does: 'set' | 'remove'; readonly name: string }
  | { readonly does: 'replace' };

export type Data = Readonly<Record<string, number>>;

/** What is kept under a key. */
interface Kept {
  readonly data: Data;
  /** Another for each identity that the session has had. */
  readonly identity: number;
  /** The session's name: it stays under a new key. */
  readonly handle: number;
  readonly ended?: 'logout' | 'rotated' | undefined;
}

/** A request: the key that it came with, and what it found there. */
export interface Request {
  readonly key: number | undefined;
  readonly found: Kept | undefined;
}

/** What a client has after a response, and what that said. */
export interface Response {
  readonly key: number | undefined;
  readonly isUpdated?: boolean;
}

/**
 * What overlapping requests make of the sessions in a sojourn store, as docs/overlapping-requests.md says: the plainest
 * way to put it, without versions, retries, or a store.
 */
export class Model {
  readonly #kept = new Map<number, Kept>();
  #last = 0;

  /** A request arrives, and its session is loaded. */
  begin(key: number | undefined): Request {
    return { key, found: this.#live(key) };
  }

  /** It goes on, and is answered. @param value what it sets: no two set the same */
  finish({ key, found }: Request, action: Action, value: number): Response {
    if (key === undefined || !found) return this.#withoutSession(key, action, value);
    const now = this.#kept.get(key) as Kept;
    if (action.does === 'logout') return this.#logout(key, now);
    if (now.ended) return this.#afterItsEnd({ key, found }, now, { action, value });
    if (action.does === 'increment') return this.#increment(key, now);
    // Somebody has made another session of it: only its key can still be changed.
    if (now.identity !== found.identity && action.does !== 'regenerate') return { key };
    return this.#change(key, { found, now }, { action, value });
  }

  dataOf(key: number | undefined): Data {
    return this.#live(key)?.data ?? {};
  }

  get liveSessions(): number {
    return [...this.#kept.values()].filter(({ ended }) => !ended).length;
  }

  /** What a visitor begins who has none. */
  start(data: Data): number {
    return this.#keep(this.#next(), { data, identity: this.#next(), handle: this.#next() });
  }

  #withoutSession(key: number | undefined, action: Action, value: number): Response {
    if (action.does === 'set') return { key: this.start({ [action.name]: value }) };
    if (action.does === 'replace') return { key: this.start({ replaced: value }) };
    if (action.does === 'increment') return { key: this.start({ count: 1 }), isUpdated: true };
    return { key: action.does === 'regenerate' ? this.start({}) : key };
  }

  /** It is the session that ends, whatever its key is now; the client's cookie stays where there was none to end. */
  #logout(key: number, { ended, handle }: Kept): Response {
    const keys = ended === 'rotated' ? this.#keysOf(handle) : [key];
    const live = keys.find(each => this.#live(each));
    if (live === undefined) return { key };
    this.#end(live, 'logout');
    return { key: undefined };
  }

  /** A double click on what regenerates a session: both get one that works. Nothing else goes on. */
  #afterItsEnd({ key, found }: Request, { ended, handle }: Kept, { action: { does } }: Doing): Response {
    if (does === 'increment') return { key, isUpdated: false };
    const isRotated = ended === 'rotated' && this.#keysOf(handle).some(each => this.#live(each));
    return { key: isRotated && does === 'regenerate' ? this.start(found?.data ?? {}) : key };
  }

  #increment(key: number, now: Kept): Response {
    this.#kept.set(key, { ...now, data: { ...now.data, count: (now.data.count ?? 0) + 1 } });
    return { key, isUpdated: true };
  }

  #change(key: number, { found, now }: { found: Kept; now: Kept }, { action, value }: Doing): Response {
    const { does } = action;
    if (does === 'replace') {
      return { key: this.#keep(key, { ...now, data: { replaced: value }, identity: this.#next() }) };
    }
    if (does === 'regenerate') {
      this.#end(key, 'rotated');
      return { key: this.#keep(this.#next(), { ...now, identity: this.#next() }) };
    }
    if (does === 'set') return this.#set(key, { found, now }, { [action.name]: value });
    if (does === 'remove' && action.name in found.data) return this.#remove(key, now, action.name);
    return { key };
  }

  /** A deletion beats a change. */
  #set(key: number, { found, now }: { found: Kept; now: Kept }, change: Data): Response {
    const [name = ''] = Object.keys(change);
    const isDeleted = name in found.data && !(name in now.data);
    return { key: this.#keep(key, isDeleted ? now : { ...now, data: { ...now.data, ...change } }) };
  }

  /** A session of which nothing is left is over. */
  #remove(key: number, now: Kept, name: string): Response {
    const { [name]: _, ...data } = now.data;
    this.#keep(key, { ...now, data });
    if (Object.keys(data).length > 0) return { key };
    this.#end(key, 'logout');
    return { key: undefined };
  }

  #keep(key: number, kept: Kept): number {
    this.#kept.set(key, kept);
    return key;
  }

  #end(key: number, ended: Kept['ended']): void {
    this.#kept.set(key, { ...(this.#kept.get(key) as Kept), ended });
  }

  #live(key: number | undefined): Kept | undefined {
    const kept = key === undefined ? undefined : this.#kept.get(key);
    return kept?.ended ? undefined : kept;
  }

  #keysOf(handle: number): number[] {
    return [...this.#kept].filter(([, kept]) => kept.handle === handle).map(([key]) => key);
  }

  #next(): number {
    return ++this.#last;
  }
}

interface Doing {
  readonly action: Action;
  readonly value: number;
}
