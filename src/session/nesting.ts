/** `JSON.stringify` recurses, and a text may be nested deeper than its stack goes: some 4000 levels. */
const MAX_LEVELS = 1000;

/** No text of this length is nested deeper than that stack goes. */
const SHORT = 4096;

/** True for JSON that can be read, and not written again. @param text what the value was read from, where that is known */
export function isNestedTooDeep(value: unknown, text?: string): boolean {
  return (text === undefined || text.length > SHORT) && isObject(value) && !isNestedWithin(value, MAX_LEVELS);
}

/** Every load from a koa-session store asks: loops, since a list of the members would cost as much as what is saved. */
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
