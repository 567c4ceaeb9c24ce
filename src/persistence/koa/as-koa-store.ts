import { generateHandle, type KeyForm, storedForms } from '../../credential/session-key.js';
import {
  type Data,
  dataOf,
  isDuration,
  type KoaRecord,
  type MaxAge,
  readRecord,
  toRecord,
} from '../../session/record.js';
import type { KoaSessionStore, SessionStore, StoredSession, Tombstone } from '../../stores/store.js';
import { randomId } from '../random-id.js';
import { decodeData, encodeData } from '../store/row-data.js';

/** The form in which `session()` stored the keys, as in its options. */
export interface AsKoaStoreOptions extends KeyForm {
  /** Epoch ms. @default Date.now */
  readonly clock?: () => number;
  /**
   * The lifetime that `session()` gives to sessions without one of their own. Needed with `rolling` and with deadlines.
   * @default what is between the last save and the expiry
   */
  readonly maxAge?: MaxAge;
}

/** koa-session passes no number of ms for a session that ends with the browser. */
const ONE_DAY = 86_400_000;

/** How often a racing writer may win; koa-session knows no conflicts. */
const MAX_ATTEMPTS = 10;

/** Marks such a store, whichever copy of this file made it. */
const MARK: unique symbol = Symbol.for('sojourn.as-koa-store') as never;

const NOTHING: KoaRecord = { raw: {}, isPlain: true };

/**
 * A sojourn store in the form that koa-session takes, for going back to it: the sessions in the store live on, and the
 * last writer wins, as in koa-session. koa-session may set a destroyed key again, so `destroy` removes only the data;
 * what was ended before stays ended.
 */
export function asKoaStore(store: SessionStore, options: AsKoaStoreOptions = {}): KoaSessionStore {
  const { clock = Date.now } = options;

  const find = async (key: string): Promise<Place> => {
    const forms: readonly string[] = storedForms(key, options);
    for (const stored of forms) {
      const found = await store.find(stored, { now: clock() });
      if (found) return { stored, found };
    }
    return { stored: forms[0], found: undefined };
  };

  const write = async (key: string, maxAge: number, record: KoaRecord): Promise<void> => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { stored, found } = await find(key);
      if (found?.ended || (record === NOTHING && !found)) return;
      if (stored === undefined) throw new TypeError('no session can have a key of this form');
      const session = sessionOf(record, found, { key, maxAge, options, store });
      const call = { now: clock() };
      const isWritten = found
        ? await store.update(stored, session, { ...call, version: found.version })
        : (await store.insert(stored, session, call)).placed;
      if (isWritten) return;
    }
    throw new Error('the session could not be written: other requests change it over and over');
  };

  const methods: KoaSessionStore = {
    async get(key) {
      const { found } = await find(key);
      return found && !found.ended ? recordOf(store, found, options) : undefined;
    },
    async set(key, record, maxAge) {
      const read = readRecord(record);
      if (!read) throw new TypeError('a session record is an object');
      await write(key, isDuration(maxAge) ? maxAge : ONE_DAY, read);
    },
    destroy: key => write(key, 0, NOTHING),
  };
  return Object.assign(methods, { [MARK]: true });
}

/** True for a store made by {@link asKoaStore}: whatever a record holds besides data and lifetime is lost there. */
export function isAsKoaStore(store: unknown): boolean {
  return MARK in Object(store);
}

/** Where a key's session is stored, or would be; `stored` is undefined for a key that no session can have. */
interface Place {
  readonly stored: string | undefined;
  readonly found: StoredSession | Tombstone | undefined;
}

/** Undefined for a session without data: koa-session destroyed it, or need not know about it. */
function recordOf(
  store: SessionStore,
  { data, handle, maxAge, savedAt, expiresAt }: StoredSession,
  { maxAge: configured = expiresAt - savedAt }: AsKoaStoreOptions,
): Data | undefined {
  const content = decodeData(store, data, handle);
  if (!content || content.json === '{}') return undefined;
  return toRecord(content.data, { expiresAt, maxAge: maxAge ?? configured });
}

interface Writing {
  readonly key: string;
  readonly maxAge: number;
  readonly options: AsKoaStoreOptions;
  readonly store: SessionStore;
}

function sessionOf(
  record: KoaRecord,
  found: StoredSession | undefined,
  { key, maxAge, options, store }: Writing,
): StoredSession {
  const { prefix = '', clock = Date.now } = options;
  const now = clock();
  const data = dataOf(record);
  const handle = found?.handle ?? generateHandle(key, prefix);
  return {
    device: null,
    createdAt: now,
    expiresAt: now + maxAge,
    maxAge: null,
    ...found,
    // koa-session knows no owners: the session may now be someone else's.
    owner: null,
    authenticatedAt: null,
    generation: randomId(),
    handle,
    data: encodeData(store, { data, json: JSON.stringify(data) }, handle),
    version: randomId(),
    savedAt: now,
    lastSeenAt: now,
    ...lifetimeIn(record, now + maxAge, options),
  };
}

/** The lifetime that koa-session sets; nothing where it destroyed the session. */
function lifetimeIn(
  record: KoaRecord,
  deadline: number,
  { maxAge: configured }: AsKoaStoreOptions,
): Partial<StoredSession> {
  if (record === NOTHING) return {};
  const { maxAge = null, expiresAt = deadline } = record;
  return { maxAge: maxAge === configured ? null : maxAge, expiresAt };
}
