import { isDeepStrictEqual } from 'node:util';
import { SessionOptionsError } from '../errors.js';
import type { Config } from '../options/config.js';
import type { SessionOptions } from '../options/options.js';
import type { KoaApp } from './events.js';

/* Several sessions on one app: which of them get along. */

/** The names of an app's sessions, by the names of their cookies: shared by all copies of this file. */
const SESSIONS = Symbol.for('sojourn.sessions');

function sessionsOf(app: KoaApp & { [SESSIONS]?: Map<string, string> }): Map<string, string> {
  if (!app[SESSIONS]) Object.defineProperty(app, SESSIONS, { value: new Map() });
  return app[SESSIONS] as Map<string, string>;
}

/**
 * Another path or domain does not tell two cookies of one name apart: the server sees neither, and a client may send
 * any cookie anywhere.
 * @throws SessionOptionsError for two sessions of one app in one cookie: each would read and overwrite the other
 */
export function requireOwnCookie(app: KoaApp, { credential, options }: Config): void {
  if (!credential.isCookie) return;
  const { property } = options;
  const sessions = sessionsOf(app);
  for (const name of credential.cookieNames) {
    const other = sessions.get(name) ?? property;
    if (other === property) continue;
    throw new SessionOptionsError(
      `option \`key\`: \`ctx.${other}\` of this app has the cookie ${name} already; give \`ctx.${property}\` another \`key\``,
    );
  }
  for (const name of credential.cookieNames) sessions.set(name, property);
}

const warned = new WeakSet<Config>();

/** Of two middlewares for one session the inner one does nothing: warn of the options that it ignores. */
export function warnOfIgnored(inner: Config, outer: Config): void {
  if (warned.has(inner)) return;
  warned.add(inner);
  const names = Object.keys({ ...outer.options, ...inner.options }) as (keyof SessionOptions)[];
  const ignored = names.filter(name => {
    const [ours, theirs] = [inner.options[name], outer.options[name]];
    // Of two functions nobody can tell whether they do the same.
    const areFunctions = typeof ours === 'function' && typeof theirs === 'function';
    return !areFunctions && !isDeepStrictEqual(ours, theirs);
  });
  if (ignored.length === 0) return;
  process.emitWarning(
    `a session middleware within another one for the same cookie and store does nothing; of its options these are ignored: ${ignored.join(', ')}`,
    { type: 'SessionWarning', code: 'SOJOURN_NESTED' },
  );
}

/** A middleware that was installed twice runs only once. */
export function isSameSession(outer: Config, inner: Config): boolean {
  const [a, b] = [outer.options, inner.options];
  return (
    a.key === b.key &&
    a.store === b.store &&
    a.ContextStore === b.ContextStore &&
    a.externalKey === b.externalKey
  );
}
