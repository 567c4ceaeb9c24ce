import Koa, { type Context } from 'koa';
import type { SessionPackage } from '../harness/packages.js';
import { hexCodec } from './codec.js';
import { Jar } from './jar.js';
import { isInCookie, KEY_HEADER, type Mode, SAVED_LIST } from './mode.js';
import { perform } from './perform.js';
import { keygrip, type Presented, present } from './present.js';
import { type Call, type Held, RecordingStore } from './recording-store.js';
import type { TestServer } from './server.js';
import type { Step } from './step.js';

/** What one step came to, as it was seen from outside. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The cookie lines that reached the client, and those that the package set and Koa's error handler dropped. */
  readonly cookies: readonly string[];
  readonly dropped: readonly string[];
  /** What each of the app's operations showed. */
  readonly seen: readonly unknown[];
  /** What it saw before the middleware. */
  readonly early: readonly unknown[];
  readonly calls: readonly Call[];
  readonly events: readonly unknown[];
  readonly errors: readonly string[];
  /** What the store holds afterwards. */
  readonly held: ReadonlyMap<string, Held>;
}

const KOA_EVENTS = ['session:missed', 'session:expired', 'session:invalid'];

/** An app on one of the packages, its store, and the one client that it has. */
export class World {
  readonly mode: Mode;
  readonly store: RecordingStore;
  /** What the client has, the newest last. */
  jars: Jar[] = [new Jar()];
  /** What generated keys are called in comparisons. */
  names = new Map<string, string>();
  keys: readonly number[] = [0];
  /** Which step of the sequence it is. */
  turn = 0;
  readonly #server: TestServer;
  readonly #app = new Koa();
  #step: Step | undefined;
  #log = newLog();

  constructor(mode: Mode, { createSession }: SessionPackage, server: TestServer) {
    this.mode = mode;
    this.#server = server;
    this.store = new RecordingStore(call => this.#log.calls.push(call));
    this.#app.silent = true;
    this.#app.on('error', (error: Error) => this.#log.errors.push(`${error.name}: ${error.message}`));
    for (const name of KOA_EVENTS) {
      this.#app.on(name, ({ key = 'none', value = 'nothing' }) =>
        this.#log.events.push({ name, key, value }),
      );
    }
    this.#app.use((ctx, next) => this.#noteDropped(ctx, next));
    this.#app.use((ctx, next) => this.#lookEarly(ctx, next));
    this.#app.use(createSession(this.#app, this.#options()));
    this.#app.use(ctx => this.#serve(ctx));
    server.listener = this.#app.callback();
  }

  /** Sets the world up for a step; answers what the client is about to send. */
  prepare(step: Step): Presented {
    this.turn++;
    this.keys = step.keys ?? this.keys;
    this.#app.keys = keygrip(this.keys);
    this.store.failing = step.failing;
    const presented = present(step.present, { mode: this.mode, keys: keygrip(this.keys), jars: this.jars });
    const key = presented.externalKey ?? presented.cookies[0]?.[1];
    if (step.inStore && key !== undefined && !isInCookie(this.mode)) {
      this.store.held.set(key, { text: JSON.stringify(step.inStore.record), expiresAt: undefined });
    }
    return presented;
  }

  /** Plays a step that was prepared. */
  async play(step: Step, presented: Presented): Promise<Outcome> {
    this.#step = step;
    this.#log = newLog();
    const { status, headers, body } = await this.#server.ask(headersOf(presented));
    // koa-session's events come a turn later.
    await new Promise(resolve => setImmediate(resolve));
    const cookies = headers['set-cookie'] ?? [];
    this.#receive(cookies, headers[KEY_HEADER]);
    const { dropped, ...log } = this.#log;
    const lost = dropped.filter(line => !cookies.includes(line));
    return { status, body, headers, cookies, dropped: lost, ...log, held: new Map(this.store.held) };
  }

  /** Goes on from where the other world is. */
  adopt(other: World): void {
    this.jars = other.jars.map(jar => jar.copy());
    this.names = new Map(other.names);
    this.store.held = new Map(other.store.held);
  }

  #receive(cookies: readonly string[], externalKey: unknown): void {
    const jar = (this.jars.at(-1) as Jar).copy();
    jar.receive(cookies);
    if (typeof externalKey === 'string') jar.externalKey = externalKey;
    this.jars.push(jar);
  }

  async #noteDropped(ctx: Context, next: () => Promise<unknown>): Promise<void> {
    try {
      await next();
    } catch (error) {
      this.#log.dropped.push(...[ctx.res.getHeader('set-cookie') ?? []].flat().map(String));
      throw error;
    }
  }

  async #lookEarly(ctx: Context, next: () => Promise<unknown>): Promise<void> {
    if (this.#step?.isEarly) await perform(ctx, [{ does: 'look' }], sight => this.#log.early.push(sight));
    await next();
  }

  async #serve(ctx: Context): Promise<void> {
    const { seen } = this.#log;
    await perform(ctx, this.#step?.operations ?? [], sight => seen.push(sight ?? null));
    ctx.body = JSON.stringify(seen);
  }

  #options(): object {
    const { mode, store } = this;
    const tell = (call: Call) => this.#log.calls.push(call);
    return {
      key: 'app.sess',
      ...mode.options,
      ...(mode.keeps === 'store' && { store }),
      ...(mode.keeps === 'ContextStore' && { ContextStore: contextStore(store) }),
      ...(mode.hasExternalKey && { externalKey: externalKey(tell) }),
      ...(mode.hasGenid && { genid: genid(tell) }),
      ...(mode.hasCodec && hexCodec),
      ...(mode.hasValid && { valid: valid(tell) }),
      ...(mode.hasBeforeSave && { beforeSave: beforeSave(tell) }),
    };
  }
}

interface Log {
  readonly dropped: string[];
  readonly seen: unknown[];
  readonly early: unknown[];
  readonly calls: Call[];
  readonly events: unknown[];
  readonly errors: string[];
}

function newLog(): Log {
  return { dropped: [], seen: [], early: [], calls: [], events: [], errors: [] };
}

function headersOf({ cookies, externalKey }: Presented): Record<string, string> {
  return {
    ...(cookies.length > 0 && { cookie: cookies.map(([name, value]) => `${name}=${value}`).join('; ') }),
    ...(externalKey !== undefined && { [KEY_HEADER]: externalKey }),
  };
}

type Tell = (call: Call) => void;

/** A class of stores that all share one: what a request's store needs of its `ctx` is the app's affair. */
function contextStore(store: RecordingStore): object {
  return class {
    readonly #ctx: Context;
    constructor(ctx: Context) {
      this.#ctx = ctx;
    }
    get(key: string, maxAge: unknown, options: { rolling: boolean; ctx: unknown }) {
      if (options.ctx !== this.#ctx) throw new Error("another request's ctx");
      return store.get(key, maxAge, options);
    }
    set(key: string, record: unknown, maxAge: unknown, options: { rolling: boolean; changed: boolean }) {
      return store.set(key, record, maxAge, options);
    }
    destroy(key: string) {
      return store.destroy(key);
    }
  };
}

function externalKey(tell: Tell): object {
  return {
    get(ctx: Context): string {
      tell({ call: 'externalKey.get' });
      return ctx.get(KEY_HEADER);
    },
    set(ctx: Context, key: string): void {
      tell({ call: 'externalKey.set', key });
      ctx.set(KEY_HEADER, key);
    },
    clear(ctx: Context): void {
      tell({ call: 'externalKey.clear' });
      ctx.set(KEY_HEADER, '');
    },
  };
}

let serial = 0;

function genid(tell: Tell): () => string {
  return () => {
    tell({ call: 'genid' });
    return `gen.${String(serial++).padStart(8, '0')}`;
  };
}

function valid(tell: Tell): (ctx: Context, data: Record<string, unknown>) => boolean {
  return (_ctx, data) => {
    tell({ call: 'valid', record: data });
    return data.b !== 'x';
  };
}

/** Changes what is there, and the same way every time. */

function beforeSave(tell: Tell): (ctx: Context, session: Record<string, unknown>) => void {
  return (_ctx, session) => {
    tell({ call: 'beforeSave', record: JSON.parse(JSON.stringify(session)) });
    if ('list' in session) session.list = SAVED_LIST;
  };
}
