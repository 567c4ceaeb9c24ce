import type { Data } from './record.js';

/** The data of a session, and the JSON text of what they were when this was made. */
export interface Content {
  readonly data: Data;
  readonly json: string;
}

export function contentOf(data: Data): Content {
  return { data, json: JSON.stringify(data) };
}

/**
 * The same, for data whose text nobody may ever ask for, since their store takes them as they are: a copy is made in a
 * fraction of the time. Data that JSON would not give back as they are have their text made.
 */
export function copiedContent(data: Data): Content {
  const copy = isUnpolluted() ? copyOf(data, MOST_LEVELS) : undefined;
  return copy === undefined ? contentOf(data) : new CopiedContent(data, copy as Data);
}

/** The content of these data, of the kind that it is to be compared with. */
export function contentLike(other: Content | undefined, data: Data): Content {
  return other instanceof CopiedContent ? copiedContent(data) : contentOf(data);
}

/** True where the two have the same text. */
export function isSameContent(one: Content, other: Content): boolean {
  if (one instanceof CopiedContent && other instanceof CopiedContent) return isEqual(one.copy, other.copy);
  return one.json === other.json;
}

/** True where no data are left that JSON knows. */
export function isEmptyContent(content: Content): boolean {
  return content instanceof CopiedContent ? Object.keys(content.copy).length === 0 : content.json === '{}';
}

class CopiedContent implements Content {
  readonly data: Data;
  /** Nobody else has it. */
  readonly copy: Data;
  #json: string | undefined;

  constructor(data: Data, copy: Data) {
    this.data = data;
    this.copy = copy;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.copy);
    return this.#json;
  }
}

/** What is nested deeper is left to JSON, which knows what to do about a circle. */
const MOST_LEVELS = 100;

/** False where objects inherit more than they should: that is no data. */
function isUnpolluted(): boolean {
  for (const _ in Object.prototype) return false;
  return true;
}

/** A deep copy; undefined for what JSON has no form for, or would call or turn into something else. */
function copyOf(value: unknown, levels: number): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || levels === 0) return undefined;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return copyOfList(value as readonly unknown[], levels - 1);
  return prototype === Object.prototype ? copyOfObject(value as Data, levels - 1) : undefined;
}

function copyOfObject(value: Data, levels: number): Data | undefined {
  const copy: Data = { ...value };
  // A loop makes no list of the names.
  for (const name in copy) {
    const own = copy[name];
    const member = copyOf(own, levels);
    if (member === undefined) return undefined;
    // Its own already, whatever it is called.
    if (member !== own) copy[name] = member;
  }
  return copy;
}

function copyOfList(value: readonly unknown[], levels: number): unknown[] | undefined {
  const copy: unknown[] = [];
  for (const each of value) {
    const member = copyOf(each, levels);
    if (member === undefined) return undefined;
    copy.push(member);
  }
  return copy;
}

/** Of copies: as their texts are, so in the same order. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && areEqual(one, other);
  }
  const names = Object.keys(other);
  let count = 0;
  for (const name in one) {
    if (name !== names[count++]) return false;
    if (!isEqual((one as Data)[name], (other as Data)[name])) return false;
  }
  return count === names.length;
}

function areEqual(ones: readonly unknown[], others: readonly unknown[]): boolean {
  if (ones.length !== others.length) return false;
  for (let index = 0; index < ones.length; index++) {
    if (!isEqual(ones[index], others[index])) return false;
  }
  return true;
}
