import type { Awaitable } from '../awaitable.js';
import type { Data } from './record.js';

/** Merges a session that two requests changed concurrently. Each argument holds all of the data. */
export type Merge = (base: Data, ours: Data, theirs: Data) => Awaitable<Data>;

/**
 * Three-way merge by top-level key. A key that only one side changed keeps that change; a deletion beats a change; if
 * both changed a key, ours wins, since it is the later commit.
 */
export function mergeByKey(base: Data, ours: Data, theirs: Data): Data {
  const merged = new Map(Object.entries(theirs));
  for (const name of new Set([...Object.keys(base), ...Object.keys(ours)])) {
    if (isSame(base, ours, name)) continue;
    const theyDeleted = Object.hasOwn(base, name) && !Object.hasOwn(theirs, name);
    if (!Object.hasOwn(ours, name)) merged.delete(name);
    else if (!theyDeleted) merged.set(name, ours[name]);
  }
  // Unlike assigning, this makes `__proto__` a property like any other.
  return Object.fromEntries(merged);
}

function isSame(a: Data, b: Data, name: string): boolean {
  if (Object.hasOwn(a, name) !== Object.hasOwn(b, name)) return false;
  return a[name] === b[name] || JSON.stringify(a[name]) === JSON.stringify(b[name]);
}
