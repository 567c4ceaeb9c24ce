import type { LimitedCall, Placement, StoreCall, StoredSession, VersionedCall } from '../store.js';
import { allAtOnce } from './at-once.js';
import type { Keyspace, Place } from './keyspace.js';
import { clearDead } from './owned.js';
import { decodeRow, encodeRow } from './row.js';
import { ENROL, INSERT, MOVE, POINT, type Script, TOUCH, UPDATE } from './scripts.js';

/** For how many ms a row may await approval. */
const APPROVAL = 60_000;

const PLACED: Placement = { placed: true, displaced: [] };

/** What INSERT, MOVE and ENROL return. */
type Answer =
  | readonly [
      'placed',
      displaced: readonly string[],
      elsewhere: readonly string[],
      unsure?: readonly string[],
    ]
  | readonly ['unsure', handles: readonly string[]]
  | readonly ['taken' | 'stale' | 'limit'];

interface Write<Call extends LimitedCall = LimitedCall> {
  readonly session: StoredSession;
  readonly call: Call;
  /** What else the script takes. */
  readonly more?: readonly string[] | undefined;
}

/**
 * Writes a session, its handle's key and its owner's index: in one script if they are together. If a cluster has them
 * in several slots, it takes several steps, ordered so that a crash loses nothing: the new row comes before the old
 * one ends, and a row before what leads to it.
 */
export class Writer {
  readonly #keyspace: Keyspace;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** @param write `more`: the row that it is to succeed */
  async insert(row: string, { session, call, more }: Write): Promise<Placement> {
    const place = this.#keyspace.placeOf(row, session);
    const isTogether = (place.handleAway ?? place.indexAway) === undefined;
    if (isTogether || session.owner === null) return this.#insertPointed(place, { session, call, more });
    // Listed last: an entry whose handle does not lead to a row yet would be removed as dead.
    const unlisted = { ...place, beside: place.beside.filter(name => name !== place.index) };
    const placement = await this.#insertPointed(unlisted, { session, call: unlimited(call), more });
    if (!placement.placed) return placement;
    const listed = await this.#enrol({ session, call });
    if (!listed.placed) await this.#discard(row, session, call);
    return listed;
  }

  async move(
    from: string,
    to: string,
    { session, call }: Write<VersionedCall & LimitedCall>,
  ): Promise<Placement> {
    const { beside, handleAway, indexAway } = this.#keyspace.placeOf(to, session);
    const isTogether = (handleAway ?? indexAway) === undefined && this.#keyspace.areTogether(from, to);
    if (!isTogether) return this.#moveAcross(from, to, { session, call });
    return this.#place(MOVE, [from, to, ...beside], encodeRow(session, to), {
      session,
      call,
      more: [condition(call)],
    });
  }

  async update(row: string, session: StoredSession, call: VersionedCall): Promise<boolean> {
    const place = this.#keyspace.placeOf(row, session);
    // Listed first: if a crash kept a session out of its owner's list, it could not be ended with the others.
    await this.#enrolAway(place, { session, call });
    const args = [encodeRow(session, row), condition(call)];
    const answer = await this.#keyspace.run(UPDATE, [row, ...place.beside], { args, call });
    if (answer === 'no') return false;
    await this.#pointAway(place, { session, call, more: [row] });
    // Until now the row did not name this owner, so someone may have removed the entry as dead.
    if (answer === 'renamed') await this.#enrolAway(place, { session, call });
    return true;
  }

  /** @param more the row from which alone it takes over the handle, by default itself; or nothing */
  async touch(
    row: string,
    times: readonly [lastSeenAt: number, expiresAt: number],
    call?: StoreCall,
    more: readonly string[] = [row],
  ): Promise<boolean> {
    const args = times.map(String);
    const [answer, text = ''] = await this.#keyspace.run<string[]>(TOUCH, [row], { args, call });
    return answer === 'unsure' ? this.#touchAgain(row, text, { args, call, more }) : answer === 'yes';
  }

  /** Declares the keys that the script could not be sure of; `text` tells which they are. */
  async #touchAgain(
    row: string,
    text: string,
    { args, call, more }: { args: readonly string[]; call: StoreCall | undefined; more: readonly string[] },
  ): Promise<boolean> {
    const session = decodeRow(text, -Infinity) as StoredSession;
    const place = this.#keyspace.placeOf(row, session);
    const keys = [row, ...place.beside];
    const [answer] = await this.#keyspace.run<string[]>(TOUCH, keys, { args: [...args, 'again'], call });
    if (answer === 'yes') await this.#linkAway(place, { session, call: { ...call }, more });
    return answer === 'yes';
  }

  async #insertPointed(place: Place, write: Write): Promise<Placement> {
    const { row, beside } = place;
    const placement = await this.#place(INSERT, [row, ...beside], encodeRow(write.session, row), write);
    if (placement.placed) await this.#pointAway(place, write);
    return placement;
  }

  /**
   * Both rows live for a moment; but nobody knows the new key until this has returned, and until then the new row
   * awaits approval: if the process dies, the row soon expires and frees its place among its owner's.
   */
  async #moveAcross(
    from: string,
    to: string,
    { session, call }: Write<VersionedCall & LimitedCall>,
  ): Promise<Placement> {
    const approval = Math.min(session.expiresAt, (call.now ?? Date.now()) + APPROVAL);
    // A refusal must come before the old row ends; but the oldest gives way only to a session that will stay.
    const isLate = call.limit?.policy === 'end-oldest' && session.owner !== null;
    const placement = await this.insert(to, {
      session: { ...session, expiresAt: approval },
      call: isLate ? unlimited(call) : call,
      more: [from],
    });
    // An earlier attempt, whose reply was lost, may have got this far.
    const isOurs = placement.placed || (await this.#find(to, call))?.version === session.version;
    if (!isOurs) return placement;
    const ending = { when: { version: call.version }, call, nextHandle: session.handle };
    if (await this.#keyspace.end(from, 'rotated', ending)) {
      return this.#approve(to, { session, call }, isLate);
    }
    if (placement.placed || (await this.#find(from, call))) await this.#takeBack(from, to, { session, call });
    // What an earlier attempt inserted stays if that also ended the old row.
    else await this.#approve(to, { session, call }, isLate);
    return { placed: false, because: 'stale' };
  }

  /** Makes the new row permanent, unless it has been ended meanwhile, or has given way to a later sign-in. */
  async #approve(to: string, { session, call }: Write, isLate: boolean): Promise<Placement> {
    const placement = isLate ? await this.#enrol({ session, call, more: ['listed'] }) : PLACED;
    await this.touch(to, [session.lastSeenAt, session.expiresAt], call, []);
    return placement;
  }

  async #find(row: string, call: StoreCall): Promise<StoredSession | undefined> {
    const found = await this.#keyspace.read(row, call);
    return found?.ended ? undefined : found;
  }

  async #takeBack(from: string, to: string, { session, call }: Write): Promise<void> {
    await this.#discard(to, session, call);
    // Both may have the same handle, which now leads nowhere: a touch that changes no time restores it.
    await this.touch(from, [0, 0], call, []);
  }

  /** @param row the row's text */
  async #place(
    script: Script,
    keys: readonly string[],
    row: string,
    { session, call, more = [] }: Write,
  ): Promise<Placement> {
    const ask = (limit: object) => {
      const args = [row, JSON.stringify(limit), ...more];
      return this.#keyspace.run<Answer>(script, keys, { args, call });
    };
    let answer = await ask({ ...call.limit });
    if (answer[0] === 'unsure') {
      await clearDead(this.#keyspace, answer[1], { owner: session.owner as string, call });
      answer = await ask({ ...call.limit, sure: true });
    }
    if (answer[0] !== 'placed') return { placed: false, because: answer[0] as 'taken' | 'stale' | 'limit' };
    const placement = await this.#displaced(answer[1], answer[2], { session, call });
    await this.#tidy(answer[3], { session, call });
    return placement;
  }

  /** Clears those members of the owner's index that the script looked for in vain, if they are dead. */
  async #tidy(handles: readonly string[] = [], { session, call }: Write): Promise<void> {
    if (handles.length === 0) return;
    // A server that is away may have some of them: a sign-in elsewhere must not fail for that.
    await clearDead(this.#keyspace, handles, { owner: session.owner as string, call }).catch(() => {});
  }

  /** Ends surplus sessions that the script could not see. */
  async #displaced(
    displaced: readonly string[],
    elsewhere: readonly string[],
    { session, call }: Write,
  ): Promise<Placement> {
    const when = { owner: session.owner as string };
    const ended = await allAtOnce(elsewhere, call, handle =>
      this.#keyspace.endByHandle(handle, 'displaced', { when, call }),
    );
    return { placed: true, displaced: [...displaced, ...elsewhere.filter((_, i) => ended[i])] };
  }

  /** Lists a stored session in its owner's index, wherever that is. */
  #enrol(write: Write): Promise<Placement> {
    const { session } = write;
    const index = this.#keyspace.names.index(session.owner as string);
    // The script reads the row's head, and writes no row.
    return this.#place(ENROL, [index], encodeRow({ ...session, data: '' }, ''), write);
  }

  async #linkAway(place: Place, write: Write): Promise<void> {
    await this.#pointAway(place, write);
    await this.#enrolAway(place, write);
  }

  async #enrolAway({ indexAway }: Place, { session, call }: Write): Promise<void> {
    if (indexAway !== undefined) await this.#enrol({ session, call: unlimited(call) });
  }

  async #pointAway({ row, handleAway }: Place, { session, call, more = [] }: Write): Promise<void> {
    if (handleAway === undefined) return;
    const args = [row, String(session.expiresAt), ...more];
    await this.#keyspace.run(POINT, [handleAway], { args, call });
  }

  /** Removes a row whose key nobody knows yet. */
  async #discard(row: string, { version }: StoredSession, call: StoreCall): Promise<void> {
    await this.#keyspace.end(row, '', { when: { version }, call });
  }
}

function unlimited<Call extends LimitedCall>(call: Call): Call {
  return { ...call, limit: undefined };
}

function condition(call: StoreCall & { readonly version?: string }): string {
  return JSON.stringify({ version: call.version });
}
