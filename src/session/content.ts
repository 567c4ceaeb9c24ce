import { isTextNestedTooDeep } from './nesting.js';
import type { Data } from './record.js';

/** A session's data, and their JSON text as they were when this object was made. */
export interface Content {
  readonly data: Data;
  readonly json: string;
}

/** @throws TypeError for data that have no JSON, or are nested so deep that no request could load them again */
export function contentOf(data: Data): Content {
  const json = JSON.stringify(data) as string | undefined;
  if (json !== undefined && isTextNestedTooDeep(json)) {
    throw new TypeError(
      'the session is nested too deep: data of more than 1000 levels cannot be loaded again',
    );
  }
  return { data, json: json as string };
}

/**
 * Like `contentOf`, for data whose text may never be needed, since their store takes them as they are: most can be
 * copied in a fraction of the time. Large data, and what JSON would alter, are stringified.
 */
export function copiedContent(data: Data): Content {
  const copy = isUnpolluted() ? copyOf(data, { values: MAX_VALUES }) : undefined;
  return copy === undefined ? contentOf(data) : new CopiedContent(data, copy as Data);
}

/** The content of these data, of the same kind as the one to compare with. */
export function contentLike(other: Content | undefined, data: Data): Content {
  return other instanceof CopiedContent ? copiedContent(data) : contentOf(data);
}

/** Like `contentOf`, for data whose JSON is `head` and a closing brace; `head` is a slice of the record's text. */
export function cutContent(data: Data, head: string): Content {
  return new CutContent(data, head);
}

/** The data as the next request will find them, where JSON alters those that the app has. */
export function keptData(content: Content): Data {
  if (content instanceof CopiedContent || content.json === undefined) return content.data;
  return JSON.parse(content.json);
}

/** True where the two have the same text. */
export function isSameContent(one: Content, other: Content): boolean {
  if (one instanceof CopiedContent && other instanceof CopiedContent) return isEqual(one.copy, other.copy);
  return other instanceof CutContent ? other.hasText(one.json) : one.json === other.json;
}

/** True if the data have another text than before; false for those that have none, since JSON has no form for them. */
export function isChangedContent(content: Content, before: Content | undefined): boolean {
  const hasText = content instanceof CopiedContent || content.json !== undefined;
  return hasText && (before ? !isSameContent(content, before) : !isEmptyContent(content));
}

/** True if no data are left that JSON keeps. */
export function isEmptyContent(content: Content): boolean {
  if (!(content instanceof CopiedContent)) return content.json === '{}';
  for (const name in content.copy) if (Object.hasOwn(content.copy, name)) return false;
  return true;
}

class CopiedContent implements Content {
  readonly data: Data;
  /** Never handed out. */
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

/** The text is put together only when it is needed: to be compared with, it need not be. */
class CutContent implements Content {
  readonly data: Data;
  readonly #head: string;

  constructor(data: Data, head: string) {
    this.data = data;
    this.#head = head;
  }

  get json(): string {
    return `${this.#head}}`;
  }

  hasText(json: string | undefined): boolean {
    return json?.slice(0, -1) === this.#head;
  }
}

/**
 * Larger data are left to JSON, and so are endless data, and cycles, which it refuses at once. So are objects with more
 * names, which V8 keeps as dictionaries: copying them takes longer than stringifying them.
 */
const MAX_VALUES = 250;
const MAX_NAMES = 16;

/** What a copy may still take. */
interface Budget {
  values: number;
}

/** False if `Object.prototype` has enumerable extras: they are not data. */
function isUnpolluted(): boolean {
  for (const _ in Object.prototype) return false;
  return true;
}

/** A deep copy; undefined for what JSON has no form for, would alter, or would call `toJSON` of. */
function copyOf(value: unknown, budget: Budget): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || typeof (value as Data).toJSON === 'function') return undefined;
  if (Array.isArray(value)) return copyOfList(value, budget);
  return Object.getPrototypeOf(value) === Object.prototype ? copyOfObject(value as Data, budget) : undefined;
}

function copyOfObject(value: Data, budget: Budget): Data | undefined {
  let names = 0;
  // A loop builds no list of them.
  for (const _ in value) names++;
  budget.values -= names + 1;
  if (names > MAX_NAMES || budget.values < 0) return undefined;
  const copy: Data = { ...value };
  for (const name in copy) {
    const own = copy[name];
    const member = copyOf(own, budget);
    if (member === undefined) return undefined;
    // An own property already, even `__proto__`.
    if (member !== own) copy[name] = member;
  }
  return copy;
}

function copyOfList(value: readonly unknown[], budget: Budget): unknown[] | undefined {
  const { length } = value;
  budget.values -= length + 1;
  if (budget.values < 0) return undefined;
  // Not a list that grows: that takes twice the memory.
  const copy = new Array<unknown>(length);
  for (let index = 0; index < length; index++) {
    const member = copyOf(value[index], budget);
    if (member === undefined) return undefined;
    copy[index] = member;
  }
  return copy;
}

/** Compares copies as their texts would: in the same order. */
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
