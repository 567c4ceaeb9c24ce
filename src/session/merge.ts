import type { Data } from './record.js';

/** What becomes of a session that two requests changed at once. Each argument is the whole of the data. */
export type Merge = (base: Data, ours: Data, theirs: Data) => Data;

/**
 * Three-way merge by top-level key. Keys that only one side changed are that side's; a deletion beats a change; else,
 * where both changed one key, ours is the later commit and counts.
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
