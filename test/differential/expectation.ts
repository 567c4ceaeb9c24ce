import type { Found } from './found.js';
import type { Mode } from './mode.js';
import type { Operation } from './step.js';

type Data = Record<string, unknown>;

/** What a step's operations come to by the book, worked out without either package. */
export interface Expectation {
  /** A session was ended, by null or by a commit that found it empty. */
  isEnded: boolean;
  /** A commit found that a session with data had lost them all, or that one that was ended has got none since. */
  isEmptied: boolean;
  /** A session was ended, by null or by being emptied, and another begun. */
  isBegunAnew: boolean;
  /** A commit had data that do not fit into a cookie. */
  isOversize: boolean;
}

/** @param operations those that were carried out */
export function expect(operations: readonly Operation[], found: Found, mode: Mode): Expectation {
  const model = new Model(found.is === 'live' ? dataOf(found.record as Data) : undefined);
  for (const operation of operations) model.carryOut(operation);
  if (mode.options.autoCommit !== false) model.commit();
  return model;
}

/** The sequences' data are either far below what base64 can bring into a cookie, or far above. */
const MUCH = 3000;

class Model implements Expectation {
  isEnded = false;
  isEmptied = false;
  isBegunAnew = false;
  isOversize = false;
  /** The data as they were last loaded or saved; undefined for a session that is kept nowhere. */
  #base: Data | undefined;
  #data: Data | null;
  #wasKept = false;

  constructor(loaded: Data | undefined) {
    this.#base = loaded;
    this.#data = structuredClone(loaded ?? {});
  }

  carryOut(operation: Operation): void {
    if (operation.does === 'replace') {
      const { maxAge, ...data } = structuredClone(operation.data);
      this.#data = data;
      if (maxAge !== undefined) this.#save();
    } else if (operation.does === 'end') {
      this.#end();
      this.#data = null;
    } else if (this.#data) {
      this.#use(this.#data, operation);
    }
  }

  commit(): void {
    if (!this.#data) return;
    if (Object.keys(this.#data).length === 0) this.#commitEmpty(this.#base);
    else if (JSON.stringify(this.#data) !== JSON.stringify(this.#base)) this.#save();
  }

  #use(data: Data, operation: Operation): void {
    switch (operation.does) {
      case 'set':
        data[operation.name] = operation.value;
        break;
      case 'nest':
        nest(data[operation.name], operation.value);
        break;
      case 'delete':
        delete data[operation.name];
        break;
      case 'empty':
        this.#data = {};
        break;
      case 'save':
      case 'regenerate':
      case 'maxAge':
        this.#save();
        break;
      case 'manuallyCommit':
        this.commit();
        break;
      default:
    }
  }

  #commitEmpty(base: Data | undefined): void {
    if (base && Object.keys(base).length === 0) return;
    this.isEmptied ||= this.#wasKept || base !== undefined;
    this.#end();
  }

  #save(): void {
    this.isBegunAnew ||= this.#wasKept;
    this.isOversize ||= JSON.stringify(this.#data).length > MUCH;
    this.#base = structuredClone(this.#data ?? {});
  }

  #end(): void {
    this.isEnded = true;
    this.#wasKept ||= this.#base !== undefined;
    this.#base = undefined;
  }
}

function dataOf(record: Data): Data {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('_')));
}

function nest(holder: unknown, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value);
  else if (typeof holder === 'object' && holder !== null) (holder as Data).nested = value;
}
