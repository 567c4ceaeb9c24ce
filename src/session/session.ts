import { inspect } from 'node:util';
import type { Data, MaxAge } from './record.js';

/**
 * The app's session data. An app declares its own by merging:
 * `declare module 'sojourn' { interface SessionData { views?: number } }`.
 */
export interface SessionData extends CommonJsSessionData {}

/**
 * What CommonJS sources merge into, where it is also called `SessionData`. TypeScript merges into an interface through
 * only one module, so each kind of source has its own, and the other one includes this.
 */
// biome-ignore lint/suspicious/noEmptyInterface: apps merge their fields into it
export interface CommonJsSessionData {}

/** A callback for the promise-returning members. */
export type SessionCallback = (error?: unknown) => void;

/** What `commit` takes, as in koa-session. */
export interface CommitOptions {
  /** @default false */
  readonly save?: boolean;
  /** @default false */
  readonly regenerate?: boolean;
}

/** Separate from the other members, since `Omit` would lose the wider type of the setter. */
interface SessionLifetime {
  /**
   * The lifetime in ms, or `'session'`: until the browser closes. Setting it saves the session even if the data are
   * unchanged, and applies to this session from then on; null or undefined restores the configured one.
   */
  get maxAge(): MaxAge;
  set maxAge(maxAge: MaxAge | null | undefined);
}

/**
 * Phantom type that carries the type of the data, from which `toJSON` and `update` infer theirs; never present at run
 * time. Where an app gives both `SessionData` and a type argument, it is both.
 */
interface HasData<T> {
  readonly '~data'?: T;
}

/** The members that a session has besides its data. */
export interface SessionMembers extends SessionLifetime {
  /** True if this request began the session empty, also once it is saved; false for one that was assigned. */
  readonly isNew: boolean;
  /** How many properties the data have. */
  readonly length: number;
  /** True if there are any data. */
  readonly populated: boolean;
  /**
   * The session's key, as the client presents it; undefined for a cookie session. It is a secret.
   * @throws TypeError for a new session whose `genid` is asynchronous: call `save()` first.
   */
  readonly externalKey: string | undefined;
  /**
   * Saves now, changed or not.
   * @throws SessionStoreError; SessionTooLargeError; SessionHeadersSentError if a cookie is needed but too late;
   * SessionInvalidError if the data do not fit `schema`; SessionConflictError and SessionLimitError if the options ask
   * for them; SessionOptionsError if the cookie's attributes forbid it on this request
   */
  save(callback?: SessionCallback): Promise<void>;
  /**
   * Saves now, under a new key; the old one is invalid, and so are earlier cookies of a cookie session, if there are
   * `revocations`. Call it when the visitor's privileges change.
   * @throws as `save`
   */
  regenerate(callback?: SessionCallback): Promise<void>;
  /** Saves now if there is something to save. For `autoCommit: false`. @throws as `save` */
  manuallyCommit(callback?: SessionCallback): Promise<void>;
  /** The same as `manuallyCommit`, or as `save` or `regenerate`. */
  commit(how?: SessionCallback | CommitOptions, callback?: SessionCallback): Promise<void>;
  /** The data alone. */
  toJSON<T>(this: HasData<T>): T;
  /**
   * Changes the session atomically: runs `change` on the newest data, again if another request won the race, and saves
   * at once. Returns false if there was nothing to change: the session was ended or got a new key meanwhile, or an
   * earlier save of this request was dropped because the session had ended or changed its identity. `change` alters the
   * data in place, and may be asynchronous; what it returns is ignored. It must not save the session: that throws a
   * TypeError, or, after an `await` in it, waits forever.
   * @throws as `save`; what `change` throws
   */
  update<T>(this: HasData<T>, change: (data: T) => unknown): Promise<boolean>;
  /**
   * Records the use of the session now, and gives it a fresh lifetime, as `rolling` would. In a cookie session with
   * `idleTimeout` it records the use alone. Once the headers are sent, a koa-session store records the use alone, with
   * `idleTimeout`, and a cookie session nothing; it resolves all the same. @throws as `save`
   */
  touch(): Promise<void>;
}

/** The names that the data declare: an index signature allows any name, and declares none. */
type DeclaredName<T> = keyof { [name in keyof T as string extends name ? never : name]: unknown };

/** `ctx.session`: the data as plain properties, and the members whose names the data do not use. */
export type Session<T extends object = SessionData> = T &
  HasData<T> &
  Omit<SessionMembers, DeclaredName<T> | 'maxAge'> &
  ('maxAge' extends DeclaredName<T> ? unknown : SessionLifetime);

/** What a session object needs from the request it belongs to. */
export interface SessionHost {
  readonly isNew: boolean;
  readonly handle: string | undefined;
  maxAge: MaxAge;
  resetMaxAge(): void;
  externalKey(): string | undefined;
  commit(force?: 'save' | 'regenerate' | 'touch'): Promise<void>;
  update(change: (data: Data) => unknown): Promise<boolean>;
}

/** Marks session objects, whichever copy of this file made them; data have no symbols. */
const HANDLE: unique symbol = Symbol.for('sojourn.handle') as never;

/**
 * The object behind `ctx.session`. All own properties are data; the methods are on the prototype, where data of the
 * same name safely shadow them. The library itself never uses those members.
 */
export class SessionObject {
  readonly #host: SessionHost;

  constructor(host: SessionHost, data: Data) {
    this.#host = host;
    assignData(this, data);
  }

  // Not a getter `[HANDLE]`: `isolatedDeclarations` takes no computed name.
  static {
    Object.defineProperty(SessionObject.prototype, HANDLE, {
      get(this: SessionObject) {
        return this.#host.handle;
      },
    });
  }

  static is(value: unknown): value is SessionObject {
    if (typeof value !== 'object' || value === null) return false;
    return Object.hasOwn(Object.getPrototypeOf(value) ?? value, HANDLE);
  }

  /** The public name of a session that was saved. Data cannot shadow a static method. */
  static handleOf(session: SessionObject): string | undefined {
    return (session as unknown as { [HANDLE]: string | undefined })[HANDLE];
  }

  get isNew(): boolean {
    return this.#host.isNew;
  }

  get length(): number {
    return Object.keys(this).length;
  }

  get populated(): boolean {
    return Object.keys(this).length > 0;
  }

  get maxAge(): MaxAge {
    return this.#host.maxAge;
  }

  set maxAge(maxAge: MaxAge | null | undefined) {
    if (maxAge === undefined || maxAge === null) this.#host.resetMaxAge();
    else this.#host.maxAge = maxAge;
  }

  get externalKey(): string | undefined {
    return this.#host.externalKey();
  }

  save(callback?: SessionCallback): Promise<void> {
    return settle(this.#host.commit('save'), callback);
  }

  regenerate(callback?: SessionCallback): Promise<void> {
    return settle(this.#host.commit('regenerate'), callback);
  }

  manuallyCommit(callback?: SessionCallback): Promise<void> {
    return settle(this.#host.commit(), callback);
  }

  commit(how?: SessionCallback | CommitOptions, callback?: SessionCallback): Promise<void> {
    if (typeof how === 'function') return settle(this.#host.commit(), how);
    const force = how?.regenerate ? 'regenerate' : how?.save ? 'save' : undefined;
    return settle(this.#host.commit(force), callback);
  }

  update(change: (data: Data) => unknown): Promise<boolean> {
    return this.#host.update(change);
  }

  touch(): Promise<void> {
    return this.#host.commit('touch');
  }

  toJSON(): Data {
    return dataIn(this);
  }

  inspect(): Data {
    return dataIn(this);
  }
}

Object.defineProperty(SessionObject.prototype, inspect.custom, { value: SessionObject.prototype.inspect });

/** Names that have only a getter above: assigning to one of them makes it data instead of failing. */
for (const name of ['isNew', 'length', 'populated', 'externalKey', '__proto__']) {
  const member = Object.getOwnPropertyDescriptor(SessionObject.prototype, name);
  Object.defineProperty(SessionObject.prototype, name, {
    configurable: true,
    get: member?.get ?? (() => SessionObject.prototype),
    set(this: object, value: unknown) {
      defineData(this, name, value);
    },
  });
}

/** A copy of the data in a session object. */
export function dataIn(session: object): Data {
  return { ...session } as Data;
}

/** Puts data on a session object, whatever their names. */
export function assignData(session: object, data: Data): void {
  for (const name of Object.keys(data)) {
    if (name in session) defineData(session, name, data[name]);
    else (session as Data)[name] = data[name];
  }
}

/** Replaces all data of a session object with these. */
export function replaceData(session: object, data: Data): void {
  for (const name of Object.keys(session)) delete (session as Data)[name];
  assignData(session, data);
}

function defineData(session: object, name: string, value: unknown): void {
  Object.defineProperty(session, name, { value, writable: true, enumerable: true, configurable: true });
}

/** With a callback (Node's convention), only it is told the outcome. */
function settle(done: Promise<void>, callback: SessionCallback | undefined): Promise<void> {
  if (typeof callback !== 'function') return done;
  return done.then(() => callback(), callback);
}
