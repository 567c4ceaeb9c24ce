import { randomUUID } from 'node:crypto';
import type { LimitedCall, Placement, SessionLimit, StoreCall, StoredSession } from '../store.js';
import { PRIMARY } from './collection.js';
import { deletionOf } from './document.js';
import { type Documents, timeOf } from './documents.js';

/** What is being placed. */
export interface Placing {
  readonly session: StoredSession;
  readonly call: LimitedCall;
  /** The key that the session moves from: what is there does not count. */
  readonly from?: string;
}

/** Ends a session that gave way. */
export type EndByHandle = (
  handle: string,
  reason: string,
  call: StoreCall & { owner: string },
) => Promise<boolean>;

/** The document of an owner who has a limit. */
interface GateDocument extends Notes {
  /** Changes with each decision. */
  readonly revision: string;
}

interface Notes {
  /** Places promised to sessions that are being placed. */
  readonly reserved: readonly Note[];
  /** Sessions chosen to give way, which are about to end. */
  readonly displaced: readonly Note[];
}

interface Note {
  readonly handle: string;
  readonly until: number;
}

/** What to note, given the notes and the owner's live sessions (oldest sign-in first); or nothing. */
type Decide = (notes: Notes, members: readonly string[]) => Partial<Notes> | undefined;

/** Ms after which a dead writer's note no longer counts. */
const GATE_TIMEOUT = 60_000;

/**
 * An owner's limit without a transaction: whoever places a session reads the owner's document, then the owner's
 * sessions, decides, and notes the decision in the document only if nobody else has done so meanwhile; else starts
 * again.
 */
export class Gate {
  readonly #documents: Documents;
  readonly #endByHandle: EndByHandle;

  constructor(documents: Documents, endByHandle: EndByHandle) {
    this.#documents = documents;
    this.#endByHandle = endByHandle;
  }

  /** Places a session with `put`, within its owner's limit. */
  async pass(placing: Placing, put: () => Promise<Placement>): Promise<Placement> {
    const { limit } = placing.call;
    if (!limit || placing.session.owner === null) return put();
    return limit.policy === 'refuse'
      ? this.#refusing(placing, limit, put)
      : this.#displacing(placing, limit, put);
  }

  /** A refusal must come before anything is written: so the place is promised first. */
  async #refusing(
    placing: Placing,
    { limit }: SessionLimit,
    put: () => Promise<Placement>,
  ): Promise<Placement> {
    const { handle } = placing.session;
    const isPromised = await this.#decide(placing, ({ reserved }, members) => {
      const others = new Set([...members, ...reserved.map(note => note.handle)]);
      others.delete(handle);
      return others.size < limit ? { reserved: [...reserved, noteOf(handle, placing.call)] } : undefined;
    });
    if (!isPromised) return { placed: false, because: 'limit' };
    try {
      return await put();
    } finally {
      await this.#release(placing);
    }
  }

  /** The oldest gives way only to a session that will stay, so that one is placed first. */
  async #displacing(
    placing: Placing,
    { limit }: SessionLimit,
    put: () => Promise<Placement>,
  ): Promise<Placement> {
    const placement = await put();
    if (!placement.placed) return placement;
    const { handle } = placing.session;
    let surplus: readonly string[] = [];
    await this.#decide(placing, ({ displaced }, members) => {
      // A session placed at the same time may already have chosen this one to give way.
      const others = members.includes(handle) ? members.filter(other => other !== handle) : [];
      surplus = others.slice(0, Math.max(others.length - limit + 1, 0));
      if (surplus.length === 0) return undefined;
      return { displaced: [...displaced, ...surplus.map(other => noteOf(other, placing.call))] };
    });
    return { placed: true, displaced: await this.#endAll(surplus, placing) };
  }

  async #endAll(handles: readonly string[], { session, call }: Placing): Promise<string[]> {
    const owner = session.owner as string;
    const ends = handles.map(handle => this.#endByHandle(handle, 'displaced', { ...call, owner }));
    const ended = await Promise.all(ends);
    return handles.filter((_, i) => ended[i]);
  }

  async #decide(placing: Placing, decide: Decide): Promise<boolean> {
    for (;;) {
      const gate = await this.#read(placing);
      const isCurrent = ({ until }: Note) => until > timeOf(placing.call);
      const reserved = gate?.reserved.filter(isCurrent) ?? [];
      const displaced = gate?.displaced.filter(isCurrent) ?? [];
      const members = await this.#members(placing);
      const staying = members.filter(handle => !displaced.some(note => note.handle === handle));
      const decision = decide({ reserved, displaced }, staying);
      if (!decision) return false;
      if (await this.#write(placing, gate, { reserved, displaced, ...decision })) return true;
    }
  }

  async #read({ session: { owner }, call }: Placing): Promise<GateDocument | null> {
    const collection = await this.#documents.open(call);
    return (await collection.findOne({ _id: { owner } }, PRIMARY)) as GateDocument | null;
  }

  async #members({ session: { owner }, call, from }: Placing): Promise<string[]> {
    const filter = { owner, ...(from !== undefined && { _id: { $ne: from } }) };
    const options = { sort: { signedInAt: 1, handle: 1 }, projection: { handle: 1, pending: 1 } };
    return (await this.#documents.selectLive(filter, options, call)).map(({ handle }) => handle);
  }

  /** False if another decision came first. */
  async #write(
    { session: { owner }, call }: Placing,
    before: GateDocument | null,
    notes: Notes,
  ): Promise<boolean> {
    const now = timeOf(call);
    const fields = {
      format: 1,
      ...notes,
      revision: randomUUID(),
      deleteAt: deletionOf(now + GATE_TIMEOUT, now),
    };
    if (!before) return this.#documents.add({ _id: { owner }, ...fields }, call);
    const collection = await this.#documents.open(call);
    const filter = { _id: { owner }, revision: before.revision };
    return (await collection.updateOne(filter, { $set: fields })).matchedCount > 0;
  }

  async #release({ session: { owner, handle }, call }: Placing): Promise<void> {
    const collection = await this.#documents.open(call);
    await collection.updateOne({ _id: { owner } }, { $pull: { reserved: { handle } } });
  }
}

function noteOf(handle: string, call: LimitedCall): Note {
  return { handle, until: timeOf(call) + GATE_TIMEOUT };
}
