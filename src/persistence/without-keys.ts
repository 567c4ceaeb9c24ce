/** What stands where a key stood. */
const HIDDEN = '[key]';

/** Errors in errors, as those of several addresses that were tried, are followed so deep. */
const MAX_DEPTH = 5;

/** How much of a message is told. */
const MAX_TOLD = 200;

/**
 * What a store threw, without the keys of the call: drivers put the whole command into their errors, arguments and
 * all, and errors are logged. The cause is the same error where nothing in it could tell a key. Else it is a copy of the
 * same class, in whose texts the keys are hidden, and which has none of the objects: what is in those is the driver's.
 * The reason is the cause in a line, since Koa logs no causes.
 */
export function withoutKeys(thrown: unknown, keys: readonly string[]): { cause: unknown; reason: string } {
  try {
    return { cause: clean(thrown, keys), reason: hidden(reasonOf(thrown), keys).slice(0, MAX_TOLD) };
  } catch {
    // As a getter of its own throws: so nobody knows what it would show.
    return { cause: undefined, reason: 'with an error that cannot be looked into' };
  }
}

/** An error of several addresses that were tried has a code alone. */
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

/** A real error, for those who ask; what could not be told is left out. */
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

/** The frames name places in the code. */
function hiddenInStack(stack: string, keys: readonly string[]): string {
  const frames = stack.search(/\n {4}at /);
  return frames < 0 ? hidden(stack, keys) : hidden(stack.slice(0, frames), keys) + stack.slice(frames);
}

function hidden(text: string, keys: readonly string[]): string {
  return keys.reduce((shown, key) => (key === '' ? shown : shown.replaceAll(key, HIDDEN)), text);
}
