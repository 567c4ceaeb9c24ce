import type { Context } from 'koa';
import { isThenable } from '../awaitable.js';
import { SessionOptionsError } from '../errors.js';
import { FIXED_OPTIONS, type ResolvedOptions } from '../options/resolved.js';
import { isDuration, type MaxAge } from '../session/record.js';

/** The options in force for one request: the middleware's, or the request's own copy once the app asked for it. */
export class Settings {
  readonly #configured: Readonly<ResolvedOptions>;
  #own: ResolvedOptions | undefined;
  #maxAge: MaxAge | undefined;

  constructor(configured: Readonly<ResolvedOptions>) {
    this.#configured = configured;
  }

  get inForce(): Readonly<ResolvedOptions> {
    return this.#own ?? this.#configured;
  }

  /** The copy that the app may change before the commit. */
  get own(): ResolvedOptions {
    this.#own ??= withFixed({ ...this.#configured, maxAge: this.maxAge });
    return this.#own;
  }

  /**
   * The session's lifetime: as the app changed it, as the session was loaded with, or as configured.
   * @throws TypeError where the app made its copy's `maxAge` no lifetime
   */
  get maxAge(): MaxAge {
    return checkMaxAge(this.#own?.maxAge ?? this.#maxAge ?? this.#configured.maxAge);
  }

  set maxAge(maxAge: MaxAge) {
    this.#maxAge = maxAge;
    if (this.#own) this.#own.maxAge = maxAge;
  }

  /** The lifetime that the session has of its own; undefined if it follows the configuration. */
  get ownMaxAge(): MaxAge | undefined {
    const maxAge = this.#own?.maxAge ?? this.#maxAge;
    return this.#maxAge === undefined && maxAge === this.#configured.maxAge ? undefined : maxAge;
  }

  resetMaxAge(): void {
    this.#maxAge = undefined;
    if (this.#own) this.#own.maxAge = this.#configured.maxAge;
  }
}

/** Refuses changes of options that are put to work once, for all requests: here they would have no effect. */
function withFixed(options: ResolvedOptions): ResolvedOptions {
  for (const name of FIXED_OPTIONS) {
    const value = options[name];
    const set = (changed: unknown): void => {
      if (changed === value) return;
      throw new SessionOptionsError(
        `option \`${name}\` cannot be changed for one request: give it to session()`,
      );
    };
    Object.defineProperty(options, name, { get: () => value, set, enumerable: name in options });
  }
  return options;
}

/** Whether the app's `skip` says that this request has no session. @throws SessionOptionsError for a promise */
export function askSkip({ skip }: Readonly<ResolvedOptions>, ctx: Context): boolean {
  const answer: unknown = skip?.(ctx) ?? false;
  if (!isThenable(answer)) return Boolean(answer);
  throw new SessionOptionsError('option `skip` must answer at once, and returned a promise');
}

/** @throws TypeError for what is no lifetime */
export function checkMaxAge(maxAge: unknown): MaxAge {
  if (maxAge === 'session' || isDuration(maxAge)) return maxAge;
  throw new TypeError("a session's maxAge is a number of ms, 0 or more, or 'session'");
}
