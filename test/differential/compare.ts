import type { CookieLine, Described } from './describe.js';
import type { Call } from './recording-store.js';

/**
 * One thing in which the two outcomes of a step are not the same. `where` says what it is: `status`, `body`,
 * `header.vary`, `cookie` (a line), `cookie.value`, `signature.expires`, `lines` (their number), `dropped`,
 * `seen.isNew`, `call.set`, `order` (of calls), `held`, `event`, `error`.
 */
export interface Mismatch {
  readonly where: string;
  readonly koa: unknown;
  readonly ours: unknown;
  /** Which operation's sight, or which key's record. */
  readonly at?: number | string;
}

/** All in which two outcomes are not the same. */
export function compareOutcomes(koa: Described, ours: Described): Mismatch[] {
  return [
    ...unequal('status', koa.status, ours.status),
    ...unequal('body', bodyOf(koa), bodyOf(ours)),
    ...unequal('dropped', koa.dropped.length > 0, ours.dropped.length > 0),
    ...compareObjects('header', koa.headers, ours.headers),
    ...compareCookies([...koa.dropped, ...koa.cookies], [...ours.dropped, ...ours.cookies]),
    ...compareSights(koa.early, ours.early),
    ...compareSights(koa.seen, ours.seen),
    ...compareCalls(koa.calls, ours.calls),
    ...compareLists('event', koa.events, ours.events),
    ...compareLists('error', koa.errors, ours.errors),
    ...compareHeld(koa.held, ours.held),
  ];
}

function unequal(where: string, koa: unknown, ours: unknown, at?: number | string): Mismatch[] {
  if (JSON.stringify(koa) === JSON.stringify(ours)) return [];
  return [{ where, koa, ours, ...(at !== undefined && { at }) }];
}

/** A body that shows what the operations saw adds nothing to them. */
function bodyOf({ body, seen }: Described): string {
  return body === JSON.stringify(seen) ? 'what was seen' : body;
}

type Fields = Readonly<Record<string, unknown>>;

function compareObjects(where: string, koa: Fields, ours: Fields, at?: number | string): Mismatch[] {
  const names = new Set([...Object.keys(koa), ...Object.keys(ours)]);
  return [...names].flatMap(name => unequal(`${where}.${name}`, koa[name], ours[name], at));
}

/** Of several lines of one name a browser keeps the last: those are compared, and the numbers. */
function compareCookies(koa: readonly CookieLine[], ours: readonly CookieLine[]): Mismatch[] {
  const names = new Set([...koa, ...ours].map(({ name }) => name));
  return [...names].flatMap(name => {
    const [a, b] = [koa, ours].map(lines => lines.filter(line => line.name === name)) as [
      CookieLine[],
      CookieLine[],
    ];
    const where = name.endsWith('.sig') ? 'signature' : 'cookie';
    const [last, other] = [a.at(-1), b.at(-1)];
    if (!last || !other) return unequal(where, last, other);
    return [
      ...unequal('lines', a.length, b.length, name),
      ...compareObjects(where, fieldsOf(last), fieldsOf(other)),
    ];
  });
}

function fieldsOf({ value, attributes }: CookieLine): Fields {
  return { value, ...attributes };
}

function compareSights(koa: readonly unknown[], ours: readonly unknown[]): Mismatch[] {
  if (koa.length !== ours.length) return unequal('seen', koa, ours);
  return koa.flatMap((sight, at) => {
    const other = ours[at];
    if (isFields(sight) && isFields(other)) return compareObjects('seen', sight, other, at);
    return unequal('seen', sight, other, at);
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Two lists side by side, by the longest sequence of items that both have, as far as these say what they are about;
 * what is on one side only stands against nothing.
 */
function compareLists(where: string, koa: readonly unknown[], ours: readonly unknown[]): Mismatch[] {
  return aligned(koa, ours).flatMap(([item, other]) => unequal(where, item, other));
}

type Pair = [koa: unknown, ours: unknown];

function aligned(koa: readonly unknown[], ours: readonly unknown[]): Pair[] {
  const scores = bestScores(koa, ours);
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < koa.length || j < ours.length) {
    const score = scoreAt(scores, i, j);
    // koa-session repeats itself: the last of its calls is the one that ours stands for.
    if (i < koa.length && scoreAt(scores, i + 1, j) === score) pairs.push([koa[i++], undefined]);
    else if (j < ours.length && scoreAt(scores, i, j + 1) === score) pairs.push([undefined, ours[j++]]);
    else pairs.push([koa[i++], ours[j++]]);
  }
  return pairs;
}

/** `scores[i][j]`: how well what is left of the two lists can be laid side by side. */
function bestScores(koa: readonly unknown[], ours: readonly unknown[]): number[][] {
  const scores = Array.from({ length: koa.length + 1 }, () => new Array<number>(ours.length + 1).fill(0));
  for (let i = koa.length - 1; i >= 0; i--) {
    for (let j = ours.length - 1; j >= 0; j--) {
      const paired = likeness(koa[i], ours[j]);
      (scores[i] as number[])[j] = Math.max(
        scoreAt(scores, i + 1, j),
        scoreAt(scores, i, j + 1),
        paired && paired + scoreAt(scores, i + 1, j + 1),
      );
    }
  }
  return scores;
}

function scoreAt(scores: readonly number[][], i: number, j: number): number {
  return scores[i]?.[j] ?? 0;
}

/** 4: the same; 3: the same but for what a store is told beside the record; 2: about the same thing; 0: two things. */
function likeness(koa: unknown, ours: unknown): number {
  if (JSON.stringify(koa) === JSON.stringify(ours)) return 4;
  if (withoutFields(koa, TOLD) === withoutFields(ours, TOLD)) return 3;
  return withoutFields(koa, ASIDE) === withoutFields(ours, ASIDE) ? 2 : 0;
}

const TOLD = ['changed', 'maxAge'];

/** What a call says beside its name, its key and its data. */
const ASIDE = ['changed', 'rolling', 'maxAge', '_expire', '_maxAge', '_session'];

/** Errors are all alike. */
function withoutFields(item: unknown, left: readonly string[]): string {
  if (typeof item === 'string') return 'an error';
  return JSON.stringify(item, (field, value) => (left.includes(field) ? undefined : value));
}

/** Each function's calls by themselves; and, where these are the same, the order of all. */
function compareCalls(koa: readonly Call[], ours: readonly Call[]): Mismatch[] {
  const names = new Set([...koa, ...ours].map(({ call }) => call));
  const mismatches = [...names].flatMap(name =>
    compareLists('call', koa.filter(isCallOf(name)), ours.filter(isCallOf(name))),
  );
  return mismatches.length > 0 ? mismatches : unequal('order', koa.map(nameOf), ours.map(nameOf));
}

function isCallOf(name: string): (item: Call) => boolean {
  return ({ call }) => call === name;
}

function nameOf({ call, key }: Call): string {
  return key === undefined ? call : `${call} ${key}`;
}

function compareHeld(koa: Described['held'], ours: Described['held']): Mismatch[] {
  const keys = new Set([...Object.keys(koa), ...Object.keys(ours)]);
  return [...keys].flatMap(key => unequal('held', koa[key], ours[key], key));
}
