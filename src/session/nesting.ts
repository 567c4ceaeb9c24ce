/** `JSON.stringify` recurses, and a text may be nested deeper than its stack allows: about 4000 levels. */
const MAX_LEVELS = 1000;

/** No text up to this length has more levels: each takes two brackets. */
const SHORT = 2 * MAX_LEVELS;

/**
 * True for JSON that can be read, but may not be written again. It is refused on load, and so must not be saved either.
 * @param text of the value, if known
 */
export function isNestedTooDeep(value: unknown, text?: string): boolean {
  return (text === undefined || text.length > SHORT) && isObject(value) && !isNestedWithin(value, MAX_LEVELS);
}

/** Runs on every load from a koa-session store: it loops, since lists of the members would cost more time. */
function isNestedWithin(value: object, levels: number): boolean {
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const member of value) if (isObject(member) && !isNestedWithin(member, levels - 1)) return false;
    return true;
  }
  for (const name in value) {
    const member: unknown = value[name as keyof typeof value];
    if (isObject(member) && !isNestedWithin(member, levels - 1)) return false;
  }
  return true;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
