/** Replaces a key in a text. */
const HIDDEN = '[key]';

/** How deep nested errors are followed, such as those of several addresses that were tried. */
const MAX_DEPTH = 5;

/** Characters kept of a message. */
const MAX_TOLD = 200;

/**
 * What a store threw, without the keys of the call: drivers put the whole command, arguments included, into their
 * errors, and errors are logged. `cause` is the same error if nothing in it could reveal a key. Otherwise it is a copy
 * of the same class, with the keys hidden in its texts, and without objects other than nested errors. `reason` is the
 * cause in one line, since Koa logs no causes.
 */
export function withoutKeys(thrown: unknown, keys: readonly string[]): { cause: unknown; reason: string } {
  try {
    return { cause: clean(thrown, keys), reason: hidden(reasonOf(thrown), keys).slice(0, MAX_TOLD) };
  } catch {
    // A getter of the error threw, say: nobody knows what it would show.
    return { cause: undefined, reason: 'with an error that cannot be looked into' };
  }
}

/** After several addresses were tried, an error has only a code. */
function reasonOf(thrown: unknown): string {
  const { message = thrown, code } = Object(thrown) as Record<string, unknown>;
  const told = [message, code].find(text => typeof text === 'string' && text !== '') as string | undefined;
  return told?.split('\n', 1)[0] ?? 'see the cause';
}

function clean(thrown: unknown, keys: readonly string[], depth = 0): unknown {
  if (typeof thrown === 'string') return hidden(thrown, keys);
  if (typeof thrown === 'function') return undefined;
  if (typeof thrown !== 'object' || thrown === null) return thrown;
  const told = new Map(
    Object.getOwnPropertyNames(thrown).map(name => [name, toldOf(thrown, name, { keys, depth })] as const),
  );
  const isClean = [...told].every(([name, value]) => value === (thrown as Record<string, unknown>)[name]);
  return isClean ? thrown : copyOf(thrown, told);
}

function toldOf(
  thrown: object,
  name: string,
  { keys, depth }: { keys: readonly string[]; depth: number },
): unknown {
  const value = (thrown as Record<string, unknown>)[name];
  if (name === 'stack' && typeof value === 'string') return hiddenInStack(value, keys);
  if (typeof value !== 'object' || value === null) return clean(value, keys);
  if (depth === MAX_DEPTH) return undefined;
  if (name === 'cause') return clean(value, keys, depth + 1);
  if (name !== 'errors' || !Array.isArray(value)) return undefined;
  const errors = value.map(error => clean(error, keys, depth + 1));
  return errors.every((error, i) => error === value[i]) ? value : errors;
}

/** A real error, for code that checks; what must not be shown is left out. */
function copyOf(thrown: object, told: ReadonlyMap<string, unknown>): object {
  const copy: object = thrown instanceof Error ? new Error() : {};
  Object.setPrototypeOf(copy, Object.getPrototypeOf(thrown));
  for (const [name, value] of told) {
    if (value === undefined) continue;
    const enumerable = Object.prototype.propertyIsEnumerable.call(thrown, name);
    Object.defineProperty(copy, name, { value, enumerable, writable: true, configurable: true });
  }
  return copy;
}

/** The frames stay: they name only code. */
function hiddenInStack(stack: string, keys: readonly string[]): string {
  const lines = stack.split('\n').map(line => (line.startsWith('    at ') ? line : hidden(line, keys)));
  return lines.join('\n');
}

/** A key's random part: a store may set it apart from the tag before it, or write a prefix another way, as in a URL. */
const RANDOM = /[^\w-]([\w-]{20,})$/;

function hidden(text: string, keys: readonly string[]): string {
  const parts = keys.flatMap(key => [key, ...(RANDOM.exec(key) ?? [])]);
  return parts.reduce((shown, part) => (part === '' ? shown : shown.replaceAll(part, HIDDEN)), text);
}
