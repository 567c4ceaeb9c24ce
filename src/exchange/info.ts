import type { Config } from '../options/config.js';
import { dataBefore, type LoadedSession, type RefusedSession } from '../persistence/loaded-session.js';
import type { Caller } from '../persistence/persistence.js';
import type { Content } from '../session/content.js';
import { type OwnerOption, ownerOf } from '../session/owner.js';
import type { Draft } from './draft.js';
import type { Loader } from './loader.js';

/** `ctx.sessionInfo`: what is known of the session besides its data. Times are epoch ms. */
export interface SessionInfo {
  /** The account that the session belongs to. */
  readonly owner: string | undefined;
  /** The session's public name: a random id, safe to show in a list or a log. */
  readonly handle: string | undefined;
  readonly createdAt: number | undefined;
  readonly lastSeenAt: number | undefined;
  /** When the session is over, if it is not used again; undefined if only closing the browser ends it. */
  readonly expiresAt: number | undefined;
  /** When this account signed in, for pages that require a fresh sign-in (ASVS 5.0, 7.5.1). */
  readonly authenticatedAt: number | undefined;
  /** False if the store could not be asked (`onStoreFailure: 'anonymous'`). */
  readonly available: boolean;
  /** Why the session that the client presented is over. */
  readonly ended: { readonly reason: string; readonly at: number | undefined } | undefined;
}

/** What is needed of the exchange. */
interface InfoScope {
  readonly draft: Draft;
  readonly loader: Loader;
  readonly config: Config;
}

/** What is to be described. */
interface Described {
  readonly base: LoadedSession | undefined;
  /** The base's data as they were before the app got them. */
  readonly baseline: Content | undefined;
  readonly refused: RefusedSession | undefined;
  readonly available: boolean;
  readonly owner: OwnerOption;
}

const toldOf = new WeakSet<object>();

/** A listener to errors may ask for the session's info, and fail in the same way. */
export function reportOnce(scope: Caller, error: unknown): void {
  if (toldOf.has(scope)) return;
  toldOf.add(scope);
  scope.report(error);
}

/** What is known of this request's session. */
export function infoOf({ draft, loader, config }: InfoScope): SessionInfo {
  const { base, baseline, superseded } = draft;
  return describe({
    base,
    baseline,
    refused: superseded ?? loader.arrival.refused,
    available: loader.storeFailure === undefined,
    owner: config.options.owner,
  });
}

export function describe({ base, baseline, refused, available, owner }: Described): SessionInfo {
  const account = base && (owner ? derived(owner, base, baseline) : base.info.owner);
  return Object.freeze({
    owner: account,
    handle: base?.info.handle,
    createdAt: base?.info.createdAt,
    lastSeenAt: base?.info.lastSeenAt,
    expiresAt: base?.expiresAt,
    // Of another account, if a server without the option `owner` saved the session.
    authenticatedAt: base?.info.owner === account ? base?.info.authenticatedAt : undefined,
    available,
    ended: endedBy(refused),
  });
}

/** The account is in the data; what the store knows of it may be older. */
function derived(owner: OwnerOption, base: LoadedSession, baseline: Content | undefined): string | undefined {
  try {
    return ownerOf(owner, dataBefore(base, baseline)) ?? undefined;
  } catch {
    // The commit reports it to the app; this never throws.
    return undefined;
  }
}

/** A request whose changes were dropped still has its session. */
function endedBy(refused: RefusedSession | undefined): SessionInfo['ended'] {
  if (!refused || refused.refused === 'conflict') return undefined;
  return Object.freeze({ reason: refused.refused, at: refused.at });
}
