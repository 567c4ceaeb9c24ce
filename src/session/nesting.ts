/** `JSON.stringify` recurses, and a text may be nested deeper than its stack goes: some 4000 levels. */
const MOST_LEVELS = 1000;

/** No text of this length is nested deeper than that stack goes. */
const SHORT = 4096;

/** True for JSON that can be read, and not written again. @param text what the value was read from, where that is known */
export function isNestedTooDeep(value: unknown, text?: string): boolean {
  return (text === undefined || text.length > SHORT) && !isNestedWithin(value, MOST_LEVELS);
}

function isNestedWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every(member => isNestedWithin(member, levels - 1));
}
