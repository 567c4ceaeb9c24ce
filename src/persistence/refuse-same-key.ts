import { SessionOptionsError } from '../errors.js';

/** Against fixation (CWE-384): whoever knows the key of before must not have the session of after. */
export function refuseSameKey(): never {
  throw new SessionOptionsError(
    'option `genid` made the same key again: a change of account needs a new one, and so does `regenerate()`',
  );
}
