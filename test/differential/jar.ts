import { parseSetCookie, type SetCookie } from '../harness/cookies.js';
import { timeNow } from './clock.js';
import { COOKIE } from './mode.js';

/** What a browser keeps of one cookie, name and value together (RFC 6265bis section 5.7). */
const COOKIE_LIMIT = 4096;

/** What a client was given: cookies by name, and the key of an `externalKey`. */
export class Jar {
  readonly #cookies = new Map<string, SetCookie>();
  /** The last value of each cookie, whatever became of it. */
  readonly #hoard = new Map<string, string>();
  externalKey = '';

  /** Takes a response's cookies as a browser does: of several lines of one name the last counts. */
  receive(lines: readonly string[]): void {
    const last = new Map(lines.map(parseSetCookie).map(cookie => [cookie.name, cookie]));
    for (const [name, cookie] of last) {
      if (name.length + cookie.value.length > COOKIE_LIMIT) continue;
      this.#cookies.set(name, cookie);
      if (isLive(cookie)) this.#hoard.set(name, cookie.value);
    }
  }

  /** The value of the session cookie, and of its signature: `.sig`. */
  value(suffix: '' | '.sig', isHoarder = false): string | undefined {
    const name = COOKIE + suffix;
    if (isHoarder) return this.#hoard.get(name);
    const cookie = this.#cookies.get(name);
    return cookie && isLive(cookie) ? cookie.value : undefined;
  }

  copy(): Jar {
    const copy = new Jar();
    for (const [name, cookie] of this.#cookies) copy.#cookies.set(name, cookie);
    for (const [name, value] of this.#hoard) copy.#hoard.set(name, value);
    copy.externalKey = this.externalKey;
    return copy;
  }
}

function isLive({ expiresAt = Number.POSITIVE_INFINITY }: SetCookie): boolean {
  return expiresAt > timeNow();
}
