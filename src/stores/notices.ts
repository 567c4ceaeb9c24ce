import { EventEmitter, once } from 'node:events';
import type { EndedSession, EndingSubscriber } from './store.js';

/** How to listen to a database. */
export interface Line {
  /**
   * Opens its own connection, which receives what is published from the moment the promise resolves.
   * @returns a function that closes it
   */
  connect(events: LineEvents): Promise<() => unknown>;
  /** Sends a text to all listeners, as the database itself does. */
  publish(text: string): Promise<unknown>;
}

export interface LineEvents {
  text(text: string): void;
  /** The connection cannot be used any more, or could not be opened at all. */
  lost(error?: unknown): void;
  /** The client has reconnected by itself: what was published meanwhile was not heard. */
  resumed(): void;
}

/** ms after which a lost connection is opened again. */
const PAUSE = 1000;

/** ms within which a greeting must come back. */
const GREETING_TIMEOUT = 5000;

const GREETING = 'hello ';

/**
 * A database's notices of sessions that ended. All subscribers share one connection, which is open only while there are
 * any, and is opened again when it is lost. It is tested before it is relied upon: a pooler or a server's access rules
 * may let nothing through.
 */
export class Notices {
  readonly #line: Line;
  readonly #subscribers = new Set<EndingSubscriber>();
  readonly #greetings = new EventEmitter();
  /** Aborted when the connection has ended. */
  #connection: AbortController | undefined;
  #closing: Promise<unknown> | undefined;
  #isListening = false;
  #isFailureTold = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  subscribe(subscriber: EndingSubscriber): () => void {
    this.#subscribers.add(subscriber);
    if (this.#isListening) subscriber.listening(true);
    else if (this.#subscribers.size === 1) void this.#connect();
    return () => {
      if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#disconnect();
    };
  }

  /** Resolves once the connection is closed. */
  async close(): Promise<void> {
    this.#subscribers.clear();
    this.#disconnect();
    await this.#closing;
  }

  async #connect(): Promise<void> {
    const connection = new AbortController();
    this.#connection = connection;
    const { signal } = connection;
    try {
      const close = await this.#line.connect({
        text: text => this.#hear(text),
        lost: error => this.#lose(connection, error),
        resumed: () => this.#tell(subscriber => subscriber.listening(this.#isListening)),
      });
      this.#closeAfter(signal, close);
      await this.#greet(signal);
    } catch (error) {
      this.#lose(connection, error);
    }
    if (!signal.aborted) this.#listen(true);
  }

  #closeAfter(signal: AbortSignal, close: () => unknown): void {
    const closeNow = () => {
      this.#closing = (async () => close())().catch(() => {});
    };
    if (signal.aborted) closeNow();
    else signal.addEventListener('abort', closeNow);
  }

  /** Tests the connection: publishes a text of its own, and waits until that comes back. */
  async #greet(connection: AbortSignal): Promise<void> {
    const greeting = `${GREETING}${crypto.randomUUID()}`;
    const signal = AbortSignal.any([connection, AbortSignal.timeout(GREETING_TIMEOUT)]);
    const arrival = once(this.#greetings, greeting, { signal }).catch(cause => {
      throw new Error('what the database is to tell of ended sessions does not arrive', { cause });
    });
    await Promise.all([arrival, this.#line.publish(greeting)]);
  }

  #hear(text: string): void {
    if (text.startsWith(GREETING)) {
      this.#greetings.emit(text);
      return;
    }
    const ended = endedIn(text);
    if (ended) this.#tell(subscriber => subscriber.ended(ended));
  }

  #lose(connection: AbortController, error: unknown): void {
    if (connection.signal.aborted) return;
    connection.abort();
    this.#listen(false);
    if (!this.#isFailureTold)
      this.#tell(subscriber => subscriber.failed(error ?? new Error('the connection was lost')));
    this.#isFailureTold = true;
    this.#timer = setTimeout(() => void this.#connect(), PAUSE).unref();
  }

  #listen(isListening: boolean): void {
    if (isListening) this.#isFailureTold = false;
    if (this.#isListening === isListening) return;
    this.#isListening = isListening;
    this.#tell(subscriber => subscriber.listening(isListening));
  }

  #tell(tell: (subscriber: EndingSubscriber) => void): void {
    for (const subscriber of [...this.#subscribers]) tell(subscriber);
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    this.#isListening = false;
    this.#isFailureTold = false;
  }
}

/** Undefined for texts that are not ours: anybody may publish. */
function endedIn(text: string): EndedSession | undefined {
  try {
    const { handle, reason, at } = Object(JSON.parse(text));
    const isNotice = typeof handle === 'string' && typeof reason === 'string' && Number.isFinite(Number(at));
    return isNotice ? { handle, reason, at: Number(at) } : undefined;
  } catch {
    return undefined;
  }
}
