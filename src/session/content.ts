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
 * The same, for data whose text nobody may ever ask for, since their store takes them as they are: of most, a copy is
 * made in a fraction of the time. Large data, and what JSON would not give back as it is, have their text made.
 */
export function copiedContent(data: Data): Content {
  const copy = isUnpolluted() ? copyOf(data, { values: MAX_VALUES }) : undefined;
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

/** True where the data have another text than before; false for those that have none, as JSON has no form for them. */
export function isChangedContent(content: Content, before: Content | undefined): boolean {
  const hasText = content instanceof CopiedContent || content.json !== undefined;
  return hasText && (before ? !isSameContent(content, before) : !isEmptyContent(content));
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

/**
 * More than this is left to JSON: so is a circle, which it refuses at once, and what repeats itself without end. And so
 * are objects of more names, which V8 keeps as dictionaries: to copy them takes longer than to write them.
 */
const MAX_VALUES = 250;
const MAX_NAMES = 16;

/** What a copy may still take. */
interface Budget {
  values: number;
}

/** False where objects inherit more than they should: that is no data. */
function isUnpolluted(): boolean {
  for (const _ in Object.prototype) return false;
  return true;
}

/** A deep copy; undefined for what JSON has no form for, or would call or turn into something else. */
function copyOf(value: unknown, budget: Budget): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || typeof (value as Data).toJSON === 'function') return undefined;
  if (Array.isArray(value)) return copyOfList(value, budget);
  return Object.getPrototypeOf(value) === Object.prototype ? copyOfObject(value as Data, budget) : undefined;
}

function copyOfObject(value: Data, budget: Budget): Data | undefined {
  let names = 0;
  // A loop makes no list of them.
  for (const _ in value) names++;
  budget.values -= names + 1;
  if (names > MAX_NAMES || budget.values < 0) return undefined;
  const copy: Data = { ...value };
  for (const name in copy) {
    const own = copy[name];
    const member = copyOf(own, budget);
    if (member === undefined) return undefined;
    // Its own already, whatever it is called.
    if (member !== own) copy[name] = member;
  }
  return copy;
}

function copyOfList(value: readonly unknown[], budget: Budget): unknown[] | undefined {
  const { length } = value;
  budget.values -= length + 1;
  if (budget.values < 0) return undefined;
  const copy: unknown[] = [];
  for (let index = 0; index < length; index++) {
    const member = copyOf(value[index], budget);
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
