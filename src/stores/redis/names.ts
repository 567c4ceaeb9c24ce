import { ownerTag } from '../owner-tag.js';

/**
 * The names of the Redis keys. The part in braces decides the slot of a cluster: a generated key, its handle and its
 * owner's index have the same three characters there. For a key of another form, which an app's own `genid` may make,
 * the whole key decides.
 *
 * A row begins with its format's version. The other two kinds, which hold a row's name and a sorted set of handles,
 * have it in their own names; they can be rebuilt from the rows.
 */
export class RedisNames {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  row(key: string): string {
    // At least 120 random bits must follow the tag, as an app's own key may be `user.42`.
    const [, before, tag, random] = /^(.*)([\w-]{3})(\.[\w-]{20,})$/s.exec(key) ?? [];
    return tag === undefined ? `${this.prefix}s:{${key}}` : `${this.prefix}s:${before}{${tag}}${random}`;
  }

  handle(handle: string): string {
    const tag = /^[\w-]{3}/.exec(handle)?.[0] ?? handle;
    return `${this.prefix}h1:{${tag}}${handle.slice(tag.length)}`;
  }

  /** @throws RangeError for an owner that would share an index: UTF-8 encodes all lone surrogates alike. */
  index(owner: string): string {
    if (!isWellFormed(owner)) {
      throw new RangeError(
        'An owner in Redis may have no half of a surrogate pair: give it as well-formed Unicode',
      );
    }
    return `${this.prefix}o1:{${ownerTag(owner)}}${owner}`;
  }

  /** The channel on which the scripts announce ended sessions. */
  get channel(): string {
    return `${this.prefix}ended`;
  }

  /** A SCAN pattern for all rows. */
  get rows(): string {
    return `${this.prefix.replace(/[[\]*?\\^]/g, '\\$&')}s:*`;
  }
}

/** False for a text with a lone surrogate, which UTF-8 cannot encode. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** The part of a name that Redis Cluster hashes: what is between the first braces, or all of it if that is nothing. */
export function slotOf(name: string): string {
  const start = name.indexOf('{') + 1;
  const end = start === 0 ? -1 : name.indexOf('}', start);
  return end > start ? name.slice(start, end) : name;
}
