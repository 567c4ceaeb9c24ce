/** `JSON.stringify` recurses, and a text may be nested deeper than its stack allows: about 4000 levels. */
const MAX_LEVELS = 1000;

/** True for JSON that can be read, but may not be written again. @param text of the value, if known */
export function isNestedTooDeep(value: unknown, text?: string): boolean {
  if (text !== undefined && !mayBeTooDeep(text)) return false;
  return isObject(value) && !isNestedWithin(value, MAX_LEVELS);
}

/** The same for a text that is to be saved: what is refused on load must not be lost without a word. */
export function isTextNestedTooDeep(json: string): boolean {
  return mayBeTooDeep(json) && isNestedTooDeep(JSON.parse(json));
}

/** Each level takes two brackets: nearly no text needs to be looked into. */
function mayBeTooDeep(text: string): boolean {
  return text.length > 2 * MAX_LEVELS && count(text, '[') + count(text, '{') > MAX_LEVELS;
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found++;
  return found;
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
