import { SessionStoreError } from '../errors.js';
import { DeadlineTimer } from './deadline-timer.js';
import type { Ended } from './endings.js';
import type { LoadResult, RefusedSession } from './loaded-session.js';
import type { Caller, EndingSource, LiveSession } from './persistence.js';

/** A session that somebody has open. */
export interface WatchedSession {
  /** What the source of endings knows it by; undefined if there is no source. */
  readonly id: string | undefined;
  /** Epoch ms; undefined if it ends with the browser. */
  readonly expiresAt: number | undefined;
  /** What its credential stands for now. */
  load(): Promise<LoadResult>;
  /** It is over. Called at most once. */
  end(ending: Ended): void;
}

/** How sessions are watched. */
export interface WatchSettings extends Caller {
  /** Null where only time ends sessions. */
  readonly source: EndingSource | null;
  /** ms between two times that the store is asked. */
  readonly interval: number;
}

/** ms between two times that a store which sends notices is asked: a notice may be lost. */
const SAFETY_NET = 30_000;

/** How many credentials are looked up at once. */
const BATCH = 100;

/** ms after which a look-up counts as failed: one that hangs must not end the watch. */
const LOOK_UP_TIMEOUT = 10_000;

/** A session that is being watched. */
export interface Watch {
  /** Ends the watch, not the session. */
  close(): void;
  /** Asks whether it is over. If that fails, it is closed. @throws SessionStoreError */
  check(): Promise<void>;
}

/** An open session, and its deadline. */
interface Entry {
  readonly session: WatchedSession;
  readonly deadline: DeadlineTimer;
}

/**
 * Watches all sessions that are open in this process: it listens to endings here and to those that the store reports,
 * asks about all of them now and then, and about each when its deadline comes.
 */
export class SessionWatch {
  readonly #settings: WatchSettings;
  readonly #entries = new Map<string | undefined, Set<Entry>>();
  /** How many endings were heard so far: a session that was loaded meanwhile may be among them. */
  heard = 0;
  #isListening = false;
  #isAsking = false;
  #isAskedAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #stop: (() => void) | undefined;

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  /** Watches a session until it ends or is closed. */
  add(session: WatchedSession): Watch {
    const entry: Entry = {
      session,
      deadline: new DeadlineTimer(
        () => this.#settings.now(),
        () => void this.#ask([entry]),
      ),
    };
    entry.deadline.set(session.expiresAt);
    this.#entries.set(session.id, (this.#entries.get(session.id) ?? new Set()).add(entry));
    this.#start();
    const close = () => this.#remove(entry);
    const check = () =>
      this.#askAbout([entry]).catch(error => {
        close();
        throw error;
      });
    return { close, check };
  }

  #start(): void {
    const { source } = this.#settings;
    if (this.#stop || !source) return;
    this.#stop = source.listen({
      ended: (id, ending) => this.#hear(id, ending),
      listening: isListening => {
        this.#isListening = isListening;
        // Earlier endings are not reported any more.
        this.#askAll();
      },
      failed: error => this.#settings.report(error),
    });
    this.#askAll();
  }

  #remove(entry: Entry): void {
    const { id } = entry.session;
    entry.deadline.clear();
    const entries = this.#entries.get(id);
    entries?.delete(entry);
    if (entries?.size === 0) this.#entries.delete(id);
    if (this.#entries.size > 0) return;
    clearTimeout(this.#timer);
    this.#stop?.();
    this.#stop = undefined;
    this.#isListening = false;
  }

  #end(entry: Entry, ending: Ended): void {
    if (!this.#entries.get(entry.session.id)?.has(entry)) return;
    this.#remove(entry);
    entry.session.end(ending);
  }

  #hear(id: string | undefined, ending: Ended): void {
    this.heard++;
    if (id === undefined) this.#askAll();
    else for (const entry of [...(this.#entries.get(id) ?? [])]) this.#end(entry, ending);
  }

  /** Asks about all open sessions, and again after a while; never twice at a time. */
  #askAll(): void {
    this.#isAskedAgain = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    clearTimeout(this.#timer);
    const all = [...this.#entries.values()].flatMap(entries => [...entries]);
    void this.#ask(all).then(() => this.#asked());
  }

  #asked(): void {
    this.#isAsking = false;
    if (this.#entries.size === 0) return;
    if (this.#isAskedAgain) this.#askAll();
    else this.#timer = setTimeout(() => this.#askAll(), this.#interval).unref();
  }

  get #interval(): number {
    const { interval } = this.#settings;
    return this.#isListening ? Math.max(interval, SAFETY_NET) : interval;
  }

  /** A store failure says nothing about the sessions: it is reported, and the store is asked again later. */
  async #ask(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#askAbout(entries);
    } catch (error) {
      this.#settings.report(error);
    }
  }

  async #askAbout(entries: readonly Entry[]): Promise<void> {
    const unseen = await this.#peek(entries);
    const failures: PromiseRejectedResult[] = [];
    for (let i = 0; i < unseen.length; i += BATCH) {
      failures.push(...(await this.#loadAll(unseen.slice(i, i + BATCH))));
    }
    if (failures[0]) throw failures[0].reason;
  }

  /** Settles the sessions that the store's `peek` knows, and returns the others. */
  async #peek(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const { source } = this.#settings;
    if (!source?.peek || entries.length === 0) return entries;
    const ids = new Set(entries.flatMap(({ session }) => session.id ?? []));
    const seen = await source.peek([...ids], this.#settings);
    return entries.filter(entry => {
      const state = seen.get(entry.session.id as string);
      if (state) this.#settle(entry, state);
      return !state;
    });
  }

  /** One that fails does not stop the others: the failures are returned. */
  async #loadAll(entries: readonly Entry[]): Promise<PromiseRejectedResult[]> {
    const outcomes = await Promise.allSettled(entries.map(entry => this.#load(entry)));
    return outcomes.filter(outcome => outcome.status === 'rejected');
  }

  async #load(entry: Entry): Promise<void> {
    this.#settle(entry, await withinLimit(entry.session.load()));
  }

  #settle(entry: Entry, state: RefusedSession | LiveSession): void {
    if (state.refused === undefined) {
      if (this.#entries.get(entry.session.id)?.has(entry)) entry.deadline.set(state.expiresAt);
      return;
    }
    this.#end(entry, { reason: state.refused, at: state.at ?? this.#settings.now() });
  }
}

function withinLimit<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () =>
      reject(
        new SessionStoreError(
          `the session store gave no answer within ${LOOK_UP_TIMEOUT} ms: set \`storeTimeout\` to hear of it sooner`,
        ),
      );
    const timer = setTimeout(giveUp, LOOK_UP_TIMEOUT).unref();
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
