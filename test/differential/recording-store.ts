import { timeNow } from './clock.js';

/** A call of the app's code that a package made: a method of the store, or an option that is a function. */
export interface Call {
  readonly call: string;
  readonly key?: string;
  /** The lifetime that the store was told; a word where it was no number. */
  readonly maxAge?: number | string;
  readonly rolling?: boolean;
  readonly changed?: boolean;
  readonly record?: unknown;
}

/** What the store holds under a key: the record's JSON text, until an instant in epoch ms. */
export interface Held {
  readonly text: string;
  readonly expiresAt: number | undefined;
}

type Verb = 'get' | 'set' | 'destroy';
/** koa-session 6 leaves `rolling` undefined where the app gave none. */
type GetOptions = { rolling?: boolean };
type SetOptions = GetOptions & { changed: boolean };

/** A koa-session store as a database would be one: it keeps JSON text, lets records expire, and sometimes fails. */
export class RecordingStore {
  held = new Map<string, Held>();
  failing: Verb | undefined;
  readonly #tell: (call: Call) => void;

  constructor(tell: (call: Call) => void) {
    this.#tell = tell;
  }

  async get(key: string, maxAge: unknown, { rolling }: GetOptions): Promise<unknown> {
    this.#tell({ call: 'get', key, maxAge: asLifetime(maxAge), rolling: Boolean(rolling) });
    this.#fail('get');
    const { text, expiresAt = Infinity } = this.held.get(key) ?? {};
    return text !== undefined && expiresAt > timeNow() ? JSON.parse(text) : undefined;
  }

  async set(key: string, record: unknown, maxAge: unknown, { rolling, changed }: SetOptions): Promise<void> {
    const text = JSON.stringify(record);
    const said = { maxAge: asLifetime(maxAge), rolling: Boolean(rolling), changed };
    this.#tell({ call: 'set', key, record: JSON.parse(text), ...said });
    this.#fail('set');
    this.held.set(key, { text, expiresAt: typeof maxAge === 'number' ? timeNow() + maxAge : undefined });
  }

  async destroy(key: string): Promise<void> {
    this.#tell({ call: 'destroy', key });
    this.#fail('destroy');
    this.held.delete(key);
  }

  #fail(verb: Verb): void {
    if (this.failing === verb) throw new Error(`the store failed at ${verb}`);
  }
}

function asLifetime(maxAge: unknown): number | string {
  return typeof maxAge === 'number' ? maxAge : String(maxAge);
}
