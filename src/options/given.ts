import { SEAL, sealOf } from '../codec/codec.js';
import { SessionOptionsError } from '../errors.js';
import { isJsonObject } from '../session/record.js';

/**
 * A new object with the given options, including inherited ones and the seal of a codec that was spread in. Null and
 * undefined count as not given, as in koa-session 6.
 * @throws SessionOptionsError for what is not an object
 */
export function givenOptions<O extends object>(options: O | null | undefined): O {
  if (options !== null && options !== undefined && !isJsonObject(options)) {
    throw new SessionOptionsError('the options must be an object: session(app, { maxAge: 86400000 })');
  }
  const given: Record<PropertyKey, unknown> = {};
  for (const name in options) {
    const value: unknown = options[name];
    if (value !== undefined && value !== null) given[name] = value;
  }
  const seal = sealOf(options ?? undefined);
  if (seal) given[SEAL] = seal;
  return given as O;
}
