import { randomUUID } from 'node:crypto';
import { SessionOptionsError } from '../errors.js';
import { INDEXES, type MongoCollection, type MongoIndex, PRIMARY } from './mongodb/collection.js';
import { deletionOf, encode, entomb, live, type SessionDocument } from './mongodb/document.js';
import { Documents, timeOf } from './mongodb/documents.js';
import { Gate } from './mongodb/gate.js';
import { move } from './mongodb/move.js';
import type {
  LimitedCall,
  Page,
  Placement,
  SessionStore,
  StoreCall,
  StoredSession,
  Tombstone,
  VersionedCall,
} from './store.js';

export type { MongoCollection, MongoIndex };

export interface MongoStoreOptions {
  /** Encodes the data of the sessions (encrypts them, say). @default JSON text */
  readonly codec?: SessionStore['codec'];
  /**
   * Creates missing indexes before the first command. The role then needs `createIndex`.
   * @default false: they exist already, made from `mongoIndexes()`
   */
  readonly createIndexes?: boolean | undefined;
}

/**
 * Sessions in MongoDB, in a `Collection` of the official driver that nothing else uses. The client remains the app's:
 * it is neither connected nor closed here.
 * @throws SessionOptionsError for what is not a collection, and for an invalid option.
 */
export function mongoStore(collection: MongoCollection, options: MongoStoreOptions = {}): MongoStore {
  return new MongoStore(collection, options);
}

/** The indexes that the store needs, for `collection.createIndexes(mongoIndexes())`. */
export function mongoIndexes(): MongoIndex[] {
  return INDEXES.map(index => ({ ...index, key: { ...index.key } }));
}

export type { MongoStore };

/** The whole contract. MongoDB removes expired documents by itself, so there is nothing to prune. */
class MongoStore implements SessionStore {
  readonly codec: SessionStore['codec'];
  readonly #documents: Documents;
  readonly #gate: Gate;

  constructor(collection: MongoCollection, { codec, createIndexes = false }: MongoStoreOptions) {
    if (typeof Object(collection).findOne !== 'function') {
      throw new SessionOptionsError('mongoStore: give a collection, as db.collection(name) answers it.');
    }
    if (typeof createIndexes !== 'boolean') {
      throw new SessionOptionsError(`createIndexes: give true or false, not ${String(createIndexes)}.`);
    }
    this.codec = codec;
    this.#documents = new Documents(collection, createIndexes);
    this.#gate = new Gate(this.#documents, (handle, reason, call) => this.endByHandle(handle, reason, call));
  }

  async find(key: string, call?: StoreCall): Promise<StoredSession | Tombstone | undefined> {
    const found = await this.#documents.get(key, call);
    const document = found?.pending ? await this.#documents.settle(found, call) : found;
    return document && this.#documents.read(document, call);
  }

  async insert(key: string, session: StoredSession, call: LimitedCall = {}): Promise<Placement> {
    return this.#gate.pass({ session, call }, async () => {
      const isAdded = await this.#documents.add(encode(key, session, timeOf(call)), call);
      return isAdded ? { placed: true, displaced: [] } : { placed: false, because: 'taken' };
    });
  }

  async update(key: string, session: StoredSession, call: VersionedCall): Promise<boolean> {
    const { _id, ...fields } = encode(key, session, timeOf(call));
    return this.#documents.change(key, { when: { version: call.version }, update: { $set: fields } }, call);
  }

  async touch(key: string, lastSeenAt: number, expiresAt: number, call?: StoreCall): Promise<boolean> {
    const deleteAt = deletionOf(expiresAt, timeOf(call));
    return this.#documents.change(key, { update: { $max: { lastSeenAt, expiresAt, deleteAt } } }, call);
  }

  async move(
    from: string,
    to: string,
    session: StoredSession,
    call: VersionedCall & LimitedCall,
  ): Promise<Placement> {
    return this.#gate.pass({ session, call, from }, () => move(this.#documents, { from, to, session, call }));
  }

  async end(key: string, reason: string, call?: StoreCall & { readonly version?: string }): Promise<boolean> {
    const when = call?.version === undefined ? {} : { version: call.version };
    return this.#documents.change(key, { when, update: entomb({ reason, at: timeOf(call) }) }, call);
  }

  async endByHandle(
    handle: string,
    reason: string,
    call?: StoreCall & { readonly owner?: string },
  ): Promise<boolean> {
    const whose = call?.owner === undefined ? { handle } : { handle, owner: call.owner };
    const filter = { ...whose, ...live(timeOf(call)) };
    return this.#documents.chase(whose, call, async () => {
      const collection = await this.#documents.open(call);
      const update = entomb({ reason, at: timeOf(call) });
      return (await collection.updateOne(filter, update)).matchedCount > 0;
    });
  }

  async endOwned(
    owner: string,
    reason: string,
    call?: StoreCall & { readonly except?: readonly string[] },
  ): Promise<string[]> {
    const filter = { owner, handle: { $nin: call?.except ?? [] }, ...live(timeOf(call)) };
    const by = randomUUID();
    await this.#documents.chase({ owner }, call, async () => {
      const collection = await this.#documents.open(call);
      await collection.updateMany(filter, entomb({ reason, at: timeOf(call), by }));
      return false;
    });
    const ended = await this.#documents.select(
      { owner, 'ended.by': by },
      { projection: { handle: 1 } },
      call,
    );
    return ended.map(({ handle }) => handle);
  }

  async list(
    owner: string,
    { limit, after }: Page,
    call?: StoreCall,
  ): Promise<{ sessions: StoredSession[]; next?: string }> {
    // One more than `limit` tells whether there is a next page.
    const most = limit + 1;
    const options = { sort: { signedInAt: -1, handle: -1 }, most, batchSize: most };
    const documents = await this.#documents.selectLive({ owner, ...below(after) }, options, call);
    const page = documents.slice(0, limit);
    const sessions = page.flatMap(document => this.#live(document, call));
    const last = page.at(-1);
    return last && documents.length > limit ? { sessions, next: formatCursor(last) } : { sessions };
  }

  async count(owner?: string, call?: StoreCall): Promise<number> {
    if (owner !== undefined) {
      const options = { projection: { handle: 1, pending: 1 } };
      return (await this.#documents.selectLive({ owner }, options, call)).length;
    }
    const collection = await this.#documents.open(call);
    return collection.countDocuments(live(timeOf(call)), PRIMARY);
  }

  async *all(call?: StoreCall): AsyncGenerator<StoredSession, void, undefined> {
    const collection = await this.#documents.open(call);
    for await (const document of collection.find(live(timeOf(call)), PRIMARY))
      yield* this.#live(document, call);
  }

  async peek(handles: readonly string[], call?: StoreCall): Promise<StoredSession[]> {
    const found = await this.#peekAt(handles, call);
    const missing = handles.filter(handle => !found.some(session => session.handle === handle));
    if (missing.length === 0) return found;
    // A session that moves is live under neither key for a moment or, after a crash, until it is looked up.
    await this.#documents.settleAll({ handle: { $in: missing } }, call);
    // Even if nothing was: it may have arrived in between.
    return [...found, ...(await this.#peekAt(missing, call))];
  }

  async #peekAt(handles: readonly string[], call: StoreCall | undefined): Promise<StoredSession[]> {
    const filter = { handle: { $in: handles }, ...live(timeOf(call)) };
    const documents = await this.#documents.select(filter, { projection: { data: 0 } }, call);
    return documents.flatMap(document => this.#live({ ...document, data: '' }, call));
  }

  #live(document: object, call: StoreCall | undefined): StoredSession[] {
    const session = this.#documents.read(document, call);
    return session && !session.ended ? [session] : [];
  }
}

/** `sign-in:handle`. Whoever changes it gets another page of the same owner's sessions, and no error. */
function formatCursor({ signedInAt, handle }: SessionDocument): string {
  return `${signedInAt}:${handle}`;
}

function below(after: string | undefined): object {
  if (after === undefined) return {};
  const signedInAt = Number.parseFloat(after) || 0;
  const handle = after.slice(after.indexOf(':') + 1);
  return { $or: [{ signedInAt: { $lt: signedInAt } }, { signedInAt, handle: { $lt: handle } }] };
}
