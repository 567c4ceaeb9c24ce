import type { StoreCall, StoredSession, Tombstone } from '../store.js';
import { INDEXES, isDuplicate, type MongoCollection, PRIMARY } from './collection.js';
import { decode, kept, live, type SessionDocument } from './document.js';

/** A condition on a key's document, and the update to make. */
export interface Change {
  readonly when?: object | undefined;
  readonly update: object;
}

/** The documents of a collection. */
export class Documents {
  readonly #collection: MongoCollection;
  readonly #createIndexes: boolean;
  #indexed: Promise<unknown> | undefined;

  constructor(collection: MongoCollection, createIndexes: boolean) {
    this.#collection = collection;
    this.#createIndexes = createIndexes;
  }

  /** The collection, with its indexes created if so configured; to be called before every command. */
  async open(call: StoreCall | undefined): Promise<MongoCollection> {
    call?.signal?.throwIfAborted();
    if (this.#createIndexes) {
      this.#indexed ??= this.#collection.createIndexes([...INDEXES]);
      // The next call tries again what failed.
      this.#indexed.catch(() => {
        this.#indexed = undefined;
      });
      await this.#indexed;
    }
    return this.#collection;
  }

  async get(key: string, call: StoreCall | undefined): Promise<SessionDocument | undefined> {
    const collection = await this.open(call);
    const document = await collection.findOne({ _id: key }, PRIMARY);
    return (document as SessionDocument | null) ?? undefined;
  }

  async select(filter: object, options: object, call: StoreCall | undefined): Promise<SessionDocument[]> {
    const collection = await this.open(call);
    const documents: object[] = [];
    for await (const document of collection.find(filter, { ...PRIMARY, ...options }))
      documents.push(document);
    return documents as SessionDocument[];
  }

  /**
   * The live sessions that match, in the order of `sort`, at most `most` of them. One query sees a session that moves,
   * too: as the old document, or as the pending one, which is there before the old one is ended.
   */
  async selectLive(
    filter: object,
    { most = Number.POSITIVE_INFINITY, ...options }: { most?: number; [option: string]: unknown },
    call: StoreCall | undefined,
  ): Promise<SessionDocument[]> {
    const collection = await this.open(call);
    const cursor = collection.find({ ...filter, ...kept(timeOf(call)) }, { ...PRIMARY, ...options });
    const found = new Map<string, SessionDocument>();
    for await (const each of cursor as AsyncIterable<SessionDocument>) {
      const document = each.pending ? await this.settle(each, call) : each;
      // Both may have been read. If the pending one could be settled meanwhile, it is what lives.
      if (document && (each.pending || !found.has(each.handle))) found.set(each.handle, document);
      if (found.size >= most) break;
    }
    return [...found.values()];
  }

  /** False if the key is taken. */
  async add(document: object, call: StoreCall | undefined): Promise<boolean> {
    const collection = await this.open(call);
    try {
      await collection.insertOne(document);
      return true;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return false;
    }
  }

  /** Changes a live session; false if the key has none that matches. */
  async change(key: string, { when, update }: Change, call: StoreCall | undefined): Promise<boolean> {
    const filter = { _id: key, ...live(timeOf(call)), ...when };
    for (;;) {
      const collection = await this.open(call);
      const { matchedCount } = await collection.updateOne(filter, update);
      if (matchedCount > 0) return true;
      if (!(await this.settle(await this.get(key, call), call))) return false;
    }
  }

  /** The document, no longer pending; undefined if its move has not happened, or if it was not pending. */
  async settle(
    document: SessionDocument | undefined,
    call: StoreCall | undefined,
  ): Promise<SessionDocument | undefined> {
    if (!document?.pending) return undefined;
    const from = await this.get(document.pending.from, call);
    if (from?.ended?.move !== document.pending.move) return undefined;
    await this.confirm(document, call);
    return { ...document, pending: null };
  }

  /** Turns a pending document whose move is certain into a normal one. */
  async confirm({ _id, pending }: SessionDocument, call: StoreCall | undefined): Promise<void> {
    const collection = await this.open(call);
    await collection.updateOne({ _id, 'pending.move': pending?.move }, { $set: { pending: null } });
  }

  /** Settles all that match; true if any could be settled. */
  async settleAll(filter: object, call: StoreCall | undefined): Promise<boolean> {
    const pending = await this.select({ ...filter, pending: { $ne: null } }, {}, call);
    const settled = await Promise.all(pending.map(document => this.settle(document, call)));
    return settled.some(document => document !== undefined);
  }

  /**
   * Attempts to end what matches, until it succeeds or nothing is left to be found. A session that moves is live under
   * neither key for a moment or, after a crash, until it is settled; so a failed attempt settles, and is made again:
   * even if nothing was settled, as the session may have arrived in between.
   */
  async chase(
    filter: object,
    call: StoreCall | undefined,
    attempt: () => Promise<boolean>,
  ): Promise<boolean> {
    let isSettled: boolean;
    do {
      if (await attempt()) return true;
      isSettled = await this.settleAll(filter, call);
    } while (isSettled);
    return attempt();
  }

  /** What a document holds; undefined for a malformed one, which is reported. */
  read(document: object, call: StoreCall | undefined): StoredSession | Tombstone | undefined {
    try {
      return decode(document, timeOf(call));
    } catch (error) {
      call?.onMalformed?.(error as Error);
      return undefined;
    }
  }
}

export function timeOf(call: StoreCall | undefined): number {
  return call?.now ?? Date.now();
}
