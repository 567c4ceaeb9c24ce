import type { StoreCall, StoredSession, Tombstone } from '../store.js';
import { INDEXES, isDuplicate, type MongoCollection, PRIMARY } from './collection.js';
import { decode, live, type SessionDocument } from './document.js';

/** A condition on the document of a key, and what to do to it. */
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

  /** The collection, with its indexes where they are to be created; to be asked for before every command. */
  async open(call: StoreCall | undefined): Promise<MongoCollection> {
    call?.signal?.throwIfAborted();
    if (this.#createIndexes) {
      this.#indexed ??= this.#collection.createIndexes([...INDEXES]);
      // What failed is tried again by the next verb.
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

  /** False where the key is taken. */
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

  /** Changes a live session; false where the key has none that fits. */
  async change(key: string, { when, update }: Change, call: StoreCall | undefined): Promise<boolean> {
    const filter = { _id: key, ...live(timeOf(call)), ...when };
    for (;;) {
      const collection = await this.open(call);
      const { matchedCount } = await collection.updateOne(filter, update);
      if (matchedCount > 0) return true;
      if (!(await this.settle(await this.get(key, call), call))) return false;
    }
  }

  /** The document as one that is pending no more; undefined where its move has not come to pass, or none is pending. */
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

  /** Makes a pending document, whose move is certain, one like others. */
  async confirm({ _id, pending }: SessionDocument, call: StoreCall | undefined): Promise<void> {
    const collection = await this.open(call);
    await collection.updateOne({ _id, 'pending.move': pending?.move }, { $set: { pending: null } });
  }

  /** Settles all of these; true if there was one to settle. */
  async settleAll(filter: object, call: StoreCall | undefined): Promise<boolean> {
    const pending = await this.select({ ...filter, pending: { $ne: null } }, {}, call);
    const settled = await Promise.all(pending.map(document => this.settle(document, call)));
    return settled.some(document => document !== undefined);
  }

  /** What a document means to a reader; a malformed one is nothing, and told. */
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
