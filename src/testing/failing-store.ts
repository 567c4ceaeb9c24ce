import type { KoaSessionStore, SessionStore } from '../stores/store.js';

/** A verb of a store; `'*'` is all of them except `subscribe`. */
export type Verb<Store> = '*' | (keyof Store & (typeof VERBS)[number]);

/** When a fault strikes. */
export interface FaultOptions {
  /** For how many calls. @default all, until `restore` */
  readonly times?: number | undefined;
  /** Only after the store has done the work: the reply is lost, not the request. @default false */
  readonly afterwards?: boolean | undefined;
}

/** The switches of a failing store. A verb has one fault at a time, the latest; its own comes before that of `'*'`. */
export interface Faults<Store> {
  /** Calls of this verb reject, with this error or else a new one for each call. */
  fail(verb: Verb<Store>, error?: Error, options?: FaultOptions): void;
  /** Calls of this verb take this many ms longer. */
  delay(verb: Verb<Store>, ms: number, options?: FaultOptions): void;
  /** Calls of this verb hang until `restore` lets them continue. */
  hang(verb: Verb<Store>, options?: FaultOptions): void;
  /** Ends the fault of this verb, or of every verb. */
  restore(verb?: Verb<Store>): void;
}

/**
 * Wraps a sojourn or koa-session store, so that a test can make chosen calls fail, wait or hang while the app runs.
 * Without a fault it behaves like that store, and lacks what it lacks.
 *
 *     const flaky = failingStore(memoryStore());
 *     flaky.fail('update', new Error('connection lost'), { times: 1, afterwards: true });
 */
export function failingStore<Store extends SessionStore | KoaSessionStore>(
  store: Store,
): Store & Faults<Store> {
  const faults = new Map<string, Fault>();
  const switches = switchesOf<Store>(faults);
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(switches, name)) return Reflect.get(switches, name);
      // `this` is the store itself, as a proxy has none of a class's private fields.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return isVerb(name) ? faulty(name, value.bind(target), faults) : value.bind(target);
    },
  }) as Store & Faults<Store>;
}

const VERBS = [
  'find',
  'insert',
  'update',
  'touch',
  'move',
  'end',
  'endByHandle',
  'endOwned',
  'list',
  'count',
  'all',
  'peek',
  'prune',
  'close',
  'get',
  'set',
  'destroy',
] as const;

class Fault {
  readonly afterwards: boolean;
  readonly strike: () => Promise<void>;
  /** Lets hanging calls continue. */
  readonly release: () => void;
  #timesLeft: number;

  constructor(strike: () => Promise<void>, options: FaultOptions = {}, release: () => void = () => {}) {
    this.strike = strike;
    this.release = release;
    this.#timesLeft = options.times ?? Number.POSITIVE_INFINITY;
    this.afterwards = options.afterwards ?? false;
  }

  /** Counts a call; true if it is one of the `times`. */
  takeTurn(): boolean {
    this.#timesLeft -= 1;
    return this.#timesLeft >= 0;
  }
}

function switchesOf<Store>(faults: Map<string, Fault>): Faults<Store> {
  const put = (verb: string, fault: Fault) => {
    faults.get(verb)?.release();
    faults.set(verb, fault);
  };
  return {
    fail: (verb, error, options) => put(verb, new Fault(async () => throwFor(verb, error), options)),
    delay: (verb, ms, options) => put(verb, new Fault(() => sleep(ms), options)),
    hang: (verb, options) => {
      const gate = new AbortController();
      put(
        verb,
        new Fault(
          () => aborted(gate.signal),
          options,
          () => gate.abort(),
        ),
      );
    },
    restore: verb => {
      for (const name of verb === undefined ? [...faults.keys()] : [verb]) {
        faults.get(name)?.release();
        faults.delete(name);
      }
    },
  };
}

type Call = (...args: unknown[]) => unknown;

function faulty(verb: string, call: Call, faults: ReadonlyMap<string, Fault>): Call {
  return (...args) => {
    const fault = [faults.get(verb), faults.get('*')].find(candidate => candidate?.takeTurn());
    if (!fault) return call(...args);
    const callStore = () => call(...args);
    return verb === 'all' ? struckItems(fault, callStore) : struckReply(fault, callStore);
  };
}

async function struckReply(fault: Fault, callStore: () => unknown): Promise<unknown> {
  if (!fault.afterwards) await fault.strike();
  const reply = await callStore();
  if (fault.afterwards) await fault.strike();
  return reply;
}

/** `all` yields items instead of returning a promise: the fault strikes before the first, or after the last. */
async function* struckItems(fault: Fault, callStore: () => unknown): AsyncGenerator<unknown> {
  if (!fault.afterwards) await fault.strike();
  yield* callStore() as AsyncIterable<unknown>;
  if (fault.afterwards) await fault.strike();
}

function throwFor(verb: string, error: Error | undefined): never {
  throw error ?? new Error(`failingStore: ${verb} fails on purpose`);
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function isVerb(name: string | symbol): name is (typeof VERBS)[number] {
  return VERBS.some(verb => verb === name);
}
