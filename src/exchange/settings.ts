import type { Context } from 'koa';
import { isUnwantedPromise } from '../awaitable.js';
import { SessionOptionsError } from '../errors.js';
import { FIXED_OPTIONS, type ResolvedOptions } from '../options/resolved.js';
import { isDuration, type MaxAge } from '../session/record.js';

/** The options in force for one request: the middleware's, or the request's own copy once the app asked for it. */
export class Settings {
  readonly #configured: Readonly<ResolvedOptions>;
  #own: ResolvedOptions | undefined;
  #handedOut: ResolvedOptions | undefined;
  #maxAge: MaxAge | undefined;

  constructor(configured: Readonly<ResolvedOptions>) {
    this.#configured = configured;
  }

  get inForce(): Readonly<ResolvedOptions> {
    return this.#own ?? this.#configured;
  }

  /** The copy that the app may change before the commit. */
  get own(): ResolvedOptions {
    this.#own ??= { ...this.#configured, maxAge: this.maxAge };
    this.#handedOut ??= new Proxy(this.#own, refusingFixed);
    return this.#handedOut;
  }

  /**
   * The session's lifetime: as the app set it, as it was loaded, or as configured.
   * @throws TypeError if the app's copy has an invalid `maxAge`
   */
  get maxAge(): MaxAge {
    return checkMaxAge(this.#own?.maxAge ?? this.#maxAge ?? this.#configured.maxAge);
  }

  set maxAge(maxAge: MaxAge) {
    this.#maxAge = maxAge;
    if (this.#own) this.#own.maxAge = maxAge;
  }

  /** The session's own lifetime; undefined if it follows the configuration. */
  get ownMaxAge(): MaxAge | undefined {
    const maxAge = this.#own?.maxAge ?? this.#maxAge;
    return this.#maxAge === undefined && maxAge === this.#configured.maxAge ? undefined : maxAge;
  }

  resetMaxAge(): void {
    this.#maxAge = undefined;
    if (this.#own) this.#own.maxAge = this.#configured.maxAge;
  }

  adopt(maxAge: MaxAge | undefined): void {
    if (maxAge === undefined) this.resetMaxAge();
    else this.maxAge = maxAge;
  }
}

/** Whether the app's `skip` says that this request has no session. @throws SessionOptionsError for a promise */
export function askSkip({ skip }: Readonly<ResolvedOptions>, ctx: Context): boolean {
  const answer: unknown = skip?.(ctx) ?? false;
  if (!isUnwantedPromise(answer)) return Boolean(answer);
  throw new SessionOptionsError('option `skip` must answer at once, and returned a promise');
}

/** @throws TypeError for an invalid lifetime */
export function checkMaxAge(maxAge: unknown): MaxAge {
  if (maxAge === 'session' || isDuration(maxAge)) return maxAge;
  throw new TypeError("a session's maxAge is a number of ms, 0 or more, or 'session'");
}

/** Refuses changes of the options that take effect once, for all requests: here they would be ignored. */
const refusingFixed: ProxyHandler<ResolvedOptions> = {
  set(options, name, value) {
    const isFixed = (FIXED_OPTIONS as readonly PropertyKey[]).includes(name);
    if (isFixed && !isSame(value, Reflect.get(options, name))) {
      throw new SessionOptionsError(
        `option \`${String(name)}\` cannot be changed for one request: give it to session()`,
      );
    }
    return Reflect.set(options, name, value);
  },
};

/** True also for two ways of not giving an option. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (isNotGiven(one) && isNotGiven(other));
}

function isNotGiven(value: unknown): boolean {
  return value === undefined || value === null || value === Infinity;
}
