import { SessionOptionsError } from '../../errors.js';
import type { OwnerOption } from '../../session/owner.js';
import { isHandle } from '../../session/record.js';
import type { ListedSession, SessionDirectory } from '../directory.js';
import type { Caller } from '../persistence.js';
import type { Revocations } from './revocations.js';

/**
 * Ends cookie sessions from outside a request. Only those that were ended are known, so none can be listed. (`Pick`
 * takes the public members: no other class could have the private ones.)
 */
export class RevocationDirectory implements Pick<SessionDirectory, keyof SessionDirectory> {
  readonly #revocations: Revocations;
  readonly #owner: OwnerOption;
  readonly #caller: Caller;

  constructor(revocations: Revocations, owner: OwnerOption, caller: Caller) {
    this.#revocations = revocations;
    this.#owner = owner;
    this.#caller = caller;
  }

  /** False if it had been ended already, or is not a valid handle. */
  async end(handle: string, reason: string, owner: string | undefined): Promise<boolean> {
    if (owner !== undefined) this.#requireOwner();
    if (!isHandle(handle)) return false;
    return (await this.#revocations.end(handle, { reason, owner }, this.#caller)) === undefined;
  }

  /** Empty: nobody knows which sessions ended. */
  async endOwned(owner: string, reason: string, except: readonly string[]): Promise<string[]> {
    this.#requireOwner();
    await this.#revocations.endOwned(owner, { reason, except }, this.#caller);
    return [];
  }

  prune(): Promise<number> {
    return this.#revocations.prune(this.#caller);
  }

  async list(): Promise<never> {
    return refuse();
  }

  async count(): Promise<never> {
    return refuse();
  }

  all(): AsyncGenerator<ListedSession, void> {
    return refuse();
  }

  /** @throws SessionOptionsError where it would end nothing, and yet seem to have worked */
  #requireOwner(): void {
    if (this.#owner) return;
    throw new SessionOptionsError(
      "option `owner`: an account's cookie sessions can be ended only where it says whose a session is, as `data => data.user?.id`",
    );
  }
}

function refuse(): never {
  throw new SessionOptionsError(
    'option `revocations`: cookie sessions can be ended, but not listed or counted: nobody keeps them but the clients. For that keep them in a `store`',
  );
}
