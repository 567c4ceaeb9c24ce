import { randomUUID } from 'node:crypto';
import type { Placement, StoredSession, VersionedCall } from '../store.js';
import { deletionOf, encode, entomb, type SessionDocument } from './document.js';
import { type Documents, timeOf } from './documents.js';

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly session: StoredSession;
  readonly call: VersionedCall;
}

/**
 * A new key without a transaction. The new document is written first, as `pending`: to a reader it does not exist
 * until the old one is a tombstone that names this move. That one write decides: before it the old key has the
 * session, after it the new one. Whoever meets the new document before it is confirmed settles it accordingly.
 */
export async function move(documents: Documents, { from, to, session, call }: Move): Promise<Placement> {
  const added = await addPending(documents, { from, to, session, call });
  if (!added) return { placed: false, because: (await isAsRead(documents, from, call)) ? 'taken' : 'stale' };
  const update = rotate(session, { move: added.pending.move, now: timeOf(call) });
  if (await documents.change(from, { when: { version: call.version }, update }, call)) {
    await documents.confirm(added, call);
    return { placed: true, displaced: [] };
  }
  await withdraw(documents, added, call);
  return { placed: false, because: 'stale' };
}

type Pending = SessionDocument & { readonly pending: NonNullable<SessionDocument['pending']> };

/** The new document, or the one left by an earlier attempt whose reply was lost. */
async function addPending(
  documents: Documents,
  { from, to, session, call }: Move,
): Promise<Pending | undefined> {
  const pending = { from, move: randomUUID() };
  const document = { ...encode(to, session, timeOf(call)), pending };
  if (await documents.add(document, call)) return document;
  const kept = await documents.get(to, call);
  return kept?.version === session.version && kept.pending?.from === from ? (kept as Pending) : undefined;
}

/** The tombstone stays for as long as anyone may need it to settle the new document. */
function rotate({ expiresAt }: StoredSession, { move, now }: { move: string; now: number }): object {
  const tombstone = entomb({ reason: 'rotated', at: now, move });
  return { ...tombstone, $max: { deleteAt: deletionOf(expiresAt, now) } };
}

/** Deletes the new document, unless another attempt at this very move has succeeded. */
async function withdraw(documents: Documents, { _id, pending }: Pending, call: VersionedCall): Promise<void> {
  const old = await documents.get(pending.from, call);
  if (old?.ended?.move === pending.move) return;
  const collection = await documents.open(call);
  await collection.deleteOne({ _id, 'pending.move': pending.move });
}

async function isAsRead(documents: Documents, key: string, call: VersionedCall): Promise<boolean> {
  const kept = await documents.get(key, call);
  const session = kept && documents.read(kept, call);
  return session !== undefined && !session.ended && session.version === call.version;
}
