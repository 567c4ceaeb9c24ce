import { SessionConflictError } from '../../errors.js';
import type { Content } from '../../session/content.js';
import { type OwnerOption, ownerOnSave } from '../../session/owner.js';
import type { Placement, SessionLimit, StoredSession, Tombstone } from '../../stores/store.js';
import type { RefusedSession } from '../loaded-session.js';
import { type Change, isEmptied, type Outcome, type Saved, type Scope } from '../persistence.js';
import { isRecentRotation } from '../recent-rotation.js';
import { refuseSameKey } from '../refuse-same-key.js';
import { refuseSyntax } from '../refuse-syntax.js';
import { backOff } from '../store-call.js';
import { type Basis, firstBasis, nextBasis, ownershipOf } from './basis.js';
import { type NewRowSettings, type Ownership, storedSessionOf } from './new-row.js';
import { giveUp, outcomeOf, refuseKey, saved } from './outcomes.js';
import { decodeData } from './row-data.js';
import type { StoreClient } from './store-client.js';
import { endReason, type StoredLifetime } from './stored-session.js';

/** How often, and for how many ms, an overtaken commit is tried: it must end even with a slow store. */
const MAX_ATTEMPTS = 100;
const MAX_TRYING = 10_000;

/**
 * How often a version may be refused and then found unchanged: nobody overtook, so the store cannot compare the row.
 */
const MAX_REFUSALS = 5;

/** What writing needs to know of the options. */
export interface WriterSettings extends NewRowSettings {
  readonly owner: OwnerOption;
  /** How many live sessions an owner may have. */
  readonly limit: SessionLimit | undefined;
}

/**
 * Commits to a sojourn store optimistically: each overwrites only the version that it is based on. One that was
 * overtaken reads again, composes its change anew, and tries again. An ended session stays ended. Data that now belong
 * to another account get a new key in the same step.
 */
export class StoreWriter {
  readonly #settings: WriterSettings;
  readonly #client: StoreClient;

  constructor(settings: WriterSettings, client: StoreClient) {
    this.#settings = settings;
    this.#client = client;
  }

  /** @param createdAt when the session began, if its data are those of an earlier one */
  async insert(content: Content, change: Change, scope: Scope, createdAt?: number): Promise<Saved> {
    const owner = ownerOnSave(this.#settings.owner, content);
    const key = this.#keyFor(owner, change.key ?? (await scope.newKey()), scope);
    const ownership = { owner, isChanged: owner !== null };
    const session = storedSessionOf({ key, content, ownership, createdAt }, change, scope, this.#settings);
    const placing = this.#placing(session, ownership);
    const placement = await this.#makingRoom(owner, scope, () => this.#client.insert(key, placing, scope));
    return outcomeOf(placement, () => saved({ key, session, content }, change, scope)) ?? refuseKey();
  }

  /** Overwrites the version that the change is based on or, if another request won, what that one left. */
  async write(change: Change, scope: Scope): Promise<Outcome> {
    const deadline = scope.now() + MAX_TRYING;
    let basis = firstBasis(change, this.#settings.owner);
    const { generation } = basis.stored;
    const ours = await change.compose();
    let content = ours;
    let refusals = 0;
    for (let attempt = 0; content && attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.#attempt(change, { content, basis }, scope);
      if (outcome) return outcome;
      if (scope.now() > deadline) break;
      await backOff(attempt);
      const found = await this.#client.find(basis.from, scope);
      if (!found || found.ended) return this.#outrunByEnd(change, { content, basis, found }, scope);
      refusals = found.version === basis.stored.version ? refusals + 1 : 0;
      if (refusals === MAX_REFUSALS) break;
      const theirs = this.#contentOf(found);
      if (theirs.refused !== undefined) return giveUp(theirs.refused, scope);
      // As this request loaded it: what was dropped for a new one must not come back at the next attempt.
      const isSameGeneration = found.generation === generation;
      content = await change.compose({ data: theirs.data, isSameGeneration });
      basis = nextBasis(found, basis);
    }
    if (!content) return this.#outrunByNewIdentity(change, { content: ours as Content, basis }, scope);
    throw new SessionConflictError(
      'the session could not be saved: what others left of it changed, or was refused, over and over; try again',
    );
  }

  async #attempt(
    change: Change,
    { content, basis }: { content: Content; basis: Basis },
    scope: Scope,
  ): Promise<Outcome | undefined> {
    const { from, stored } = basis;
    if (isEmptied(change, content)) {
      return (await this.#client.end(from, { ...stored, reason: 'logout' }, scope))
        ? { is: 'ended' }
        : undefined;
    }
    const ownership = ownershipOf(content, basis, change);
    const key = await this.#nextKey(from, ownership, change, scope);
    const input = { key, content, ownership, current: stored };
    const adapted = withLifetimeOf(stored, change, this.#settings.lifetime);
    const session = storedSessionOf(input, adapted, scope, this.#settings);
    const placing = this.#placing(session, ownership);
    const placement = await (key === from
      ? this.#client.update(key, session, stored.version, scope)
      : this.#makingRoom(ownership.owner, scope, () =>
          this.#client.move({ from, to: key }, placing, stored, scope),
        ));
    return outcomeOf(placement, () => ({
      ...saved({ key, session, content }, adapted, scope),
      keepsOthersMaxAge: adapted !== change,
    }));
  }

  /** The same key, unless the app wants another or the account has changed: against fixation (CWE-384). */
  async #nextKey(
    from: string,
    { owner, isChanged }: Ownership,
    change: Change,
    scope: Scope,
  ): Promise<string> {
    if (change.key === undefined && !isChanged) return from;
    scope.requireWritable();
    const next = this.#keyFor(owner, change.key ?? (await scope.newKey()), scope);
    return next === from ? refuseSameKey() : next;
  }

  #keyFor(owner: string | null, key: string, scope: Scope): string {
    return owner === null ? key : scope.adaptKey(key, made => this.#settings.keys.forOwner(made, owner));
  }

  /** Only a sign-in adds to an owner's sessions. */
  #placing(session: StoredSession, { owner, isChanged }: Ownership) {
    return { session, limit: owner !== null && isChanged ? this.#settings.limit : undefined };
  }

  /** A store counts sessions that only today's shorter deadlines have ended: they must not keep anybody out. */
  async #makingRoom(owner: string | null, scope: Scope, place: () => Promise<Placement>): Promise<Placement> {
    const placement = await place();
    if (placement.placed || placement.because !== 'limit' || owner === null) return placement;
    return (await this.#client.endOverdue(owner, this.#settings.lifetime, scope)) ? place() : placement;
  }

  /** What another request left. If that cannot be read, nothing may take its place. */
  #contentOf({ data, handle }: StoredSession): (Content & { refused?: undefined }) | RefusedSession {
    try {
      return decodeData(this.#settings.store, data, handle) ?? { refused: 'malformed' };
    } catch (error) {
      return refuseSyntax(error);
    }
  }

  /**
   * The session was ended while this request worked on it: nothing is written, and the client's credential stays. Only
   * a sign-in goes on, under its own key, or, without the option `owner`, a `regenerate()` that lost to another one: a
   * double-clicked login works.
   */
  async #outrunByEnd(
    change: Change,
    { content, basis, found }: { content: Content; basis: Basis; found: Tombstone | undefined },
    scope: Scope,
  ): Promise<Outcome> {
    const reason = found ? endReason(found, this.#settings.lifetime) : 'unknown';
    const superseded: Outcome = { is: 'superseded', reason, at: found?.ended.at };
    const { owner, isChanged } = ownershipOf(content, basis, change);
    if (found && reason === 'rotated' && isChanged && owner === null)
      return this.#signOut(found.handle, superseded, scope);
    const isSignIn = isChanged && owner !== null;
    const isRegenerated = !this.#settings.owner && change.key !== undefined;
    const isOutrun = isRegenerated && reason === 'rotated' && isRecentRotation(found?.ended.at, scope.now());
    const rival = isOutrun ? found : undefined;
    if (!isSignIn && !rival) return superseded;
    scope.requireWritable();
    if (!rival) return this.insert(content, change, scope);
    const { createdAt } = basis.stored;
    return (await this.#insertBeside(rival.handle, { content, change, createdAt }, scope)) ?? superseded;
  }

  /** Another request made another session of it, under the same key: this one's changes are dropped, but no sign-out. */
  async #outrunByNewIdentity(
    change: Change,
    { content, basis }: { content: Content; basis: Basis },
    scope: Scope,
  ): Promise<Outcome> {
    const superseded: Outcome = { is: 'superseded', reason: 'conflict' };
    const { owner, isChanged } = ownershipOf(content, basis, change);
    const isSignOut = isChanged && owner === null;
    return isSignOut ? this.#signOut(basis.stored.handle, superseded, scope) : superseded;
  }

  /** Ends what another request has made of the session meanwhile: whoever signs out must not stay signed in. */
  async #signOut(handle: string, superseded: Outcome, scope: Scope): Promise<Outcome> {
    return (await this.#client.endByHandle(handle, 'logout', scope)) ? { is: 'ended' } : superseded;
  }

  /**
   * Inserts a session that goes on beside the one with this handle; undefined if that is over, or if the store cannot
   * tell. It is asked last: what is ended later is a session beside this one, and not one that this one revives.
   */
  async #insertBeside(
    handle: string,
    { content, change, createdAt }: { content: Content; change: Change; createdAt: number },
    scope: Scope,
  ): Promise<Saved | undefined> {
    const outcome = await this.insert(content, change, scope, createdAt);
    const key = outcome.credential as string;
    const takeBack = () => this.#client.end(key, { reason: 'rotated', handle: undefined }, scope);
    const isLive = await this.#client.isLive(handle, scope).catch(async error => {
      await takeBack().catch(() => {});
      throw error;
    });
    if (isLive) return outcome;
    await takeBack();
    return undefined;
  }
}

/** The same change, with the lifetime that another request set, unless this one has set one too. */
function withLifetimeOf(
  { maxAge: theirs }: StoredSession,
  change: Change,
  { maxAge: configured }: StoredLifetime,
): Change {
  const ownMaxAge = theirs ?? undefined;
  if (change.setsMaxAge || change.ownMaxAge === ownMaxAge) return change;
  return { ...change, ownMaxAge, maxAge: theirs ?? configured };
}
