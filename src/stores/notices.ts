import { EventEmitter, once } from 'node:events';
import type { EndedSession, EndingSubscriber } from './store.js';

/** How a database is listened to. */
export interface Line {
  /**
   * Opens a connection of its own, and hears of what is published from the moment when the promise resolves.
   * @returns what closes it
   */
  connect(events: LineEvents): Promise<() => unknown>;
  /** Sends a text to all who listen, as the database itself does. */
  publish(text: string): Promise<unknown>;
}

export interface LineEvents {
  text(text: string): void;
  /** The connection is of no more use. Called after a connection that was opened, or instead of it. */
  lost(error?: unknown): void;
  /** The client has opened the connection anew by itself: what was published meanwhile was not heard. */
  resumed(): void;
}

/** ms after which a connection that was lost is opened anew. */
const PAUSE = 1000;

/** ms within which a greeting must come back. */
const GREETING_TIMEOUT = 5000;

const GREETING = 'hello ';

/**
 * What a database tells of sessions that ended. There is one connection for it, however many listen, and none while
 * nobody does; it is opened anew when it is lost. Whether anything arrives is tried out before it is relied upon: a
 * pooler or a server's access rules may let nothing through.
 */
export class Notices {
  readonly #line: Line;
  readonly #subscribers = new Set<EndingSubscriber>();
  readonly #greetings = new EventEmitter();
  /** Aborted when the connection is over. */
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

  /** Ends when the connection is closed. */
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

/** Undefined for what is no notice of ours: anybody may publish. */
function endedIn(text: string): EndedSession | undefined {
  try {
    const { handle, reason, at } = Object(JSON.parse(text));
    const isNotice = typeof handle === 'string' && typeof reason === 'string' && Number.isFinite(Number(at));
    return isNotice ? { handle, reason, at: Number(at) } : undefined;
  } catch {
    return undefined;
  }
}
