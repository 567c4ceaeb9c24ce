import { type Data, isDataObject, isDuration, type MaxAge } from '../session/record.js';
import { dataIn, SessionObject } from '../session/session.js';

/** What was assigned to `ctx.session`: the data and, as in koa-session, an own `maxAge` property as the lifetime. */
interface Assignment {
  readonly data: Data;
  readonly maxAge?: MaxAge;
}

/** @throws TypeError for what cannot be session data: dates, maps and lists are objects too, but not plain ones */
export function readAssignment(value: unknown): Assignment {
  if (!isDataObject(value)) {
    throw new TypeError('a session can only be set to an object, or to null to end it');
  }
  if (SessionObject.is(value)) return { data: dataIn(value) };
  const { maxAge, ...data } = value;
  return maxAge === 'session' || isDuration(maxAge) ? { data, maxAge } : { data: { ...value } };
}
