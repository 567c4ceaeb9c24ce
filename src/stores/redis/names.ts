import { ownerTag } from '../owner-tag.js';

/**
 * The names of the Redis keys. What stands in braces decides the slot of a cluster: a generated key, its handle and
 * its owner's index have the same three characters there. A key of another form, as an app's own `genid` may make, is
 * in the slot of the whole of it.
 *
 * A row begins with the version of its format. The other two kinds, which hold a row's name and a sorted set of
 * handles, have it in their own name; they can be made anew from the rows.
 */
export class RedisNames {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  row(key: string): string {
    // After the tag, at least 120 random bits: an app's own key may well be `user.42`.
    const [, before, tag, random] = /^(.*)([\w-]{3})(\.[\w-]{20,})$/s.exec(key) ?? [];
    return tag === undefined ? `${this.prefix}s:{${key}}` : `${this.prefix}s:${before}{${tag}}${random}`;
  }

  handle(handle: string): string {
    const tag = /^[\w-]{3}/.exec(handle)?.[0] ?? handle;
    return `${this.prefix}h1:{${tag}}${handle.slice(tag.length)}`;
  }

  /** @throws RangeError for an owner that would share its index with another: UTF-8 has one form for all such halves. */
  index(owner: string): string {
    if (!isWellFormed(owner)) {
      throw new RangeError(
        'An owner in Redis may have no half of a surrogate pair: give it as well-formed Unicode',
      );
    }
    return `${this.prefix}o1:{${ownerTag(owner)}}${owner}`;
  }

  /** The channel on which the scripts tell of sessions that ended. */
  get channel(): string {
    return `${this.prefix}ended`;
  }

  /** A pattern for SCAN, of all rows. */
  get rows(): string {
    return `${this.prefix.replace(/[[\]*?\\^]/g, '\\$&')}s:*`;
  }
}

/** False for a text with a lone half of a surrogate pair, which UTF-8 cannot hold. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** What Redis Cluster hashes of a name: what stands between the first braces, or where that is nothing, all of it. */
export function slotOf(name: string): string {
  const start = name.indexOf('{') + 1;
  const end = start === 0 ? -1 : name.indexOf('}', start);
  return end > start ? name.slice(start, end) : name;
}
