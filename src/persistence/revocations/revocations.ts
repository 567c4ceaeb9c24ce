import { hash } from 'node:crypto';
import { isHandle, isJsonObject } from '../../session/record.js';
import { type Ended, tellEnding } from '../endings.js';
import type { Caller } from '../persistence.js';
import { isRecentRotation } from '../recent-rotation.js';
import { RevocationRows, type RowKind, type RowSettings } from './revocation-rows.js';

/** A session that may have been ended. */
export interface Revocable {
  readonly handle: string;
  readonly owner: string | null;
  /** How often it had been regenerated when its cookie was made. */
  readonly rotations: number;
  /** Epoch ms; undefined where nobody knows when it began. */
  readonly createdAt: number | undefined;
}

/** Why a session is ended; with `owner`, only if it is that account's. */
interface EndRequest {
  readonly reason: string;
  readonly owner?: string | null | undefined;
}

/** What is kept about one session. */
interface SessionRow {
  readonly ended?: Ended | undefined;
  /** The session is over if it belongs to one of these accounts (hashed). */
  readonly endedOf?: Readonly<Record<string, Ended>> | undefined;
  /** Cookies with fewer rotations than `to` are over. */
  readonly rotated?: { readonly to: number; readonly at: number } | undefined;
}

/** What is kept about one account: the last time that all its sessions were ended. */
interface OwnerRow extends Ended {
  /** The spared handles, each only for a session that began after the last cut that did not spare it. */
  readonly spared: readonly (readonly [handle: string, after: number])[];
}

/** Before every session. */
const NEVER = -1;

/**
 * The cookie sessions that were ended early: one row per ended session, and one per account whose sessions were all
 * ended. A cookie proves itself, so nothing is kept about live sessions.
 */
export class Revocations {
  /** Where the rows are kept. */
  readonly store: RowSettings['store'];
  readonly #rows: RevocationRows;
  #lastCut = 0;
  /** The latest beginning that was postponed past a cut. */
  #lastPutOff = 0;

  constructor(settings: RowSettings) {
    this.store = settings.store;
    this.#rows = new RevocationRows(settings);
  }

  /** Why this session is over; undefined if nobody ended it. One round trip. */
  async endOf(
    { handle, owner, rotations, createdAt }: Revocable,
    caller: Caller,
  ): Promise<Ended | undefined> {
    const [session, account] = await Promise.all([
      this.#rows.find(SESSION, handle, caller),
      owner === null ? undefined : this.#rows.find(OWNER, owner, caller),
    ]);
    const own = session && (endIn(session, owner) ?? rotationIn(session, rotations));
    return own ?? (account && cutIn(account, handle, createdAt ?? 0));
  }

  /** Ends a session. Returns why it was over already; undefined if this call ended it. */
  async end(
    handle: string,
    { reason, owner = null }: EndRequest,
    caller: Caller,
  ): Promise<Ended | undefined> {
    const end: Ended = { reason, at: caller.now() };
    let before: Ended | undefined;
    const change = (row: SessionRow = {}): SessionRow | undefined => {
      before = endIn(row, owner);
      if (before) return undefined;
      return owner === null
        ? { ...row, ended: end }
        : { ...row, endedOf: { ...row.endedOf, [hashOf(owner)]: end } };
    };
    await this.#rows.change({ kind: SESSION, name: handle }, change, caller);
    // Whether it is this account's is not known here.
    if (!before) tellEnding(this.store, owner === null ? handle : undefined, end);
    return before;
  }

  /**
   * Ends a session's cookies from before its latest rotation. Returns why this rotation is over already, if it is: of
   * two at once both hold.
   */
  async rotate(
    { handle, owner, rotations }: Omit<Revocable, 'createdAt'>,
    caller: Caller,
  ): Promise<Ended | undefined> {
    let before: Ended | undefined;
    const change = (row: SessionRow = {}): SessionRow | undefined => {
      const { to, at } = row.rotated ?? {};
      const isOutrun = to === rotations && !isRecentRotation(at, caller.now());
      before = endIn(row, owner) ?? rotationIn(row, isOutrun ? rotations - 1 : rotations);
      if (before || to === rotations) return undefined;
      return { ...row, rotated: { to: rotations, at: caller.now() } };
    };
    await this.#rows.change({ kind: SESSION, name: handle, isThere: rotations > 1 }, change, caller);
    // Which of the sessions that are open were opened by an earlier cookie is not known here.
    if (!before) tellEnding(this.store, undefined, { reason: 'rotated', at: caller.now() });
    return before;
  }

  /** Ends all sessions of an account that have begun by now, except those with these handles. */
  async endOwned(
    owner: string,
    { reason, except }: { readonly reason: string; readonly except: readonly string[] },
    caller: Caller,
  ): Promise<void> {
    const at = Math.max(caller.now(), this.#lastPutOff);
    const change = (row: OwnerRow | undefined): OwnerRow => {
      const before = new Map(row?.spared);
      const after = (handle: string) => (row ? (before.get(handle) ?? row.at) : NEVER);
      const spared = [...new Set(except)].filter(isHandle).map(handle => [handle, after(handle)] as const);
      return { reason, at: Math.max(at, row?.at ?? 0), spared };
    };
    await this.#rows.change({ kind: OWNER, name: owner }, change, caller);
    tellEnding(this.store, undefined, { reason, at });
    this.#lastCut = Math.max(this.#lastCut, at);
  }

  /**
   * The beginning to record for a session that begins now: a sign-in after all sessions of the account were ended, but
   * in the same millisecond, must not seem to come before that.
   */
  reserveBeginning(now: number): number {
    if (now > this.#lastCut) return now;
    this.#lastPutOff = this.#lastCut + 1;
    return this.#lastPutOff;
  }

  prune(caller: Caller): Promise<number> {
    return this.#rows.prune(caller);
  }
}

function endIn({ ended, endedOf }: SessionRow, owner: string | null): Ended | undefined {
  return ended ?? (owner === null ? undefined : endedOf?.[hashOf(owner)]);
}

function rotationIn({ rotated }: SessionRow, rotations: number): Ended | undefined {
  return rotated && rotations < rotated.to ? { reason: 'rotated', at: rotated.at } : undefined;
}

function cutIn({ reason, at, spared }: OwnerRow, handle: string, createdAt: number): Ended | undefined {
  if (createdAt > at) return undefined;
  const after = new Map(spared).get(handle);
  return after !== undefined && createdAt > after ? undefined : { reason, at };
}

function hashOf(owner: string): string {
  return hash('sha256', owner, 'base64url');
}

const SESSION: RowKind<SessionRow> = {
  name: 'session',
  read({ ended, endedOf, rotated }) {
    const isValid =
      (ended === undefined || isEnd(ended)) &&
      (endedOf === undefined || (isJsonObject(endedOf) && Object.values(endedOf).every(isEnd))) &&
      (rotated === undefined || isRotation(rotated)) &&
      (ended ?? endedOf ?? rotated) !== undefined;
    return isValid ? ({ ended, endedOf, rotated } as SessionRow) : undefined;
  },
};

const OWNER: RowKind<OwnerRow> = {
  name: 'owner',
  read({ reason, at, spared }) {
    const isValid = isEnd({ reason, at }) && Array.isArray(spared) && spared.every(isSpared);
    return isValid ? ({ reason, at, spared } as OwnerRow) : undefined;
  },
};

function isEnd(value: unknown): boolean {
  return isJsonObject(value) && typeof value.reason === 'string' && Number.isFinite(value.at);
}

function isRotation(value: unknown): boolean {
  return isJsonObject(value) && Number.isFinite(value.to) && Number.isFinite(value.at);
}

function isSpared(value: unknown): boolean {
  return Array.isArray(value) && isHandle(value[0]) && Number.isFinite(value[1]);
}
