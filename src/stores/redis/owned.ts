import type { Page, StoreCall, StoredSession } from '../store.js';
import { allAtOnce } from './at-once.js';
import type { Keyspace } from './keyspace.js';
import { isWellFormed } from './names.js';
import { COUNT, END_OWNED, LIST } from './scripts.js';

/* In a cluster, what a script over an owner's index cannot see is looked up one by one. */

interface OwnersCall {
  readonly owner: string;
  readonly call: StoreCall | undefined;
}

/** Removes the dead from the owner's index; returns the live sessions. */
export async function clearDead(
  keyspace: Keyspace,
  handles: readonly string[],
  { owner, call }: OwnersCall,
): Promise<StoredSession[]> {
  const located = await allAtOnce(handles, call, handle => keyspace.locate(handle, call));
  const found = located.map(session => (session?.owner === owner ? session : undefined));
  const dead = handles.filter((_, i) => found[i] === undefined);
  await strike(keyspace, dead, { owner, call });
  return found.filter(session => session !== undefined);
}

export async function listOwned(
  keyspace: Keyspace,
  { limit, after }: Page,
  { owner, call }: OwnersCall,
): Promise<{ sessions: StoredSession[]; next?: string }> {
  const args = [owner, String(limit), ...parseCursor(after)];
  const rows = await keyspace.run<Listed[]>(LIST, [keyspace.names.index(owner)], { args, call });
  const page = rows.slice(0, limit);
  const found = await allAtOnce(page, call, row => sessionOf(keyspace, row, { owner, call }));
  const sessions = found.filter(session => session !== undefined);
  const last = page.at(-1);
  return last && rows.length > limit ? { sessions, next: `${last[0]}:${last[1]}` } : { sessions };
}

export async function countOwned(keyspace: Keyspace, { owner, call }: OwnersCall): Promise<number> {
  const index = keyspace.names.index(owner);
  const [seen, unsure] = await keyspace.run<[string, string[]]>(COUNT, [index], { args: [owner], call });
  return Number(seen) + (await clearDead(keyspace, unsure, { owner, call })).length;
}

export async function endOwned(
  keyspace: Keyspace,
  { reason, except = [] }: { reason: string; except: readonly string[] | undefined },
  { owner, call }: OwnersCall,
): Promise<string[]> {
  // Redis could not read the others, which may come from a client.
  const args = [owner, reason, JSON.stringify(except.filter(isWellFormed))];
  const index = keyspace.names.index(owner);
  const [ended, unsure] = await keyspace.run<[string[], string[]]>(END_OWNED, [index], { args, call });
  const others = unsure.filter(handle => !except.includes(handle));
  const outcomes = await allAtOnce(others, call, handle =>
    keyspace.endByHandle(handle, reason, { when: { owner }, call }),
  );
  await strike(keyspace, others, { owner, call });
  return [...ended, ...others.filter((_, i) => outcomes[i])];
}

/** What LIST returns for one session. */
type Listed = readonly [signIn: string, handle: string, text: string];

async function sessionOf(
  keyspace: Keyspace,
  [, handle, text]: Listed,
  { owner, call }: OwnersCall,
): Promise<StoredSession | undefined> {
  if (text === '') return (await clearDead(keyspace, [handle], { owner, call }))[0];
  const session = keyspace.decode(text, call);
  return session?.ended ? undefined : session;
}

/** `sign-in:handle`. Whoever changes it gets another page of the same owner's sessions, and no error. */
function parseCursor(after: string | undefined): [signIn: string, handle: string] {
  const [, signIn = '', handle = ''] = /^(.*?):(.*)$/s.exec(after ?? '') ?? [];
  return [String(Number(signIn) || 0), handle];
}

async function strike(
  keyspace: Keyspace,
  handles: readonly string[],
  { owner, call }: OwnersCall,
): Promise<void> {
  if (handles.length > 0) await keyspace.command(keyspace.names.index(owner), ['ZREM', ...handles], call);
}
