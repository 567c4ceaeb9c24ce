import type { MaxAge } from '../session/record.js';
import { type SessionHost, SessionObject } from '../session/session.js';

/**
 * The empty session of a request whose session could not be loaded. It can be read; writing to it throws at that very
 * statement, even in sloppy mode, where a frozen object would ignore it silently.
 */
export function unavailableSession(error: unknown, maxAge: MaxAge): object {
  const refuse = (): never => {
    throw error;
  };
  const host: SessionHost = {
    isNew: true,
    handle: undefined,
    get maxAge() {
      return maxAge;
    },
    set maxAge(_) {
      refuse();
    },
    resetMaxAge: refuse,
    externalKey: () => undefined,
    commit: async () => refuse(),
    update: async () => refuse(),
  };
  return new Proxy(new SessionObject(host, {}), {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
    },
    set: refuse,
    deleteProperty: refuse,
    defineProperty: refuse,
  });
}
