import type { StoreCall, StoredSession } from '../store.js';
import { allAtOnce } from './at-once.js';
import type { Keyspace } from './keyspace.js';
import { isLive } from './row.js';

/* Iteration over all rows. Redis returns each at least once; a row may come twice while a server's table grows. */

/** How many keys a server examines for one answer: meanwhile it does nothing else. */
const BATCH = '250';

export async function* allLive(
  keyspace: Keyspace,
  call: StoreCall | undefined,
): AsyncGenerator<StoredSession, void, undefined> {
  for await (const rows of batches(keyspace, call)) {
    const found = await allAtOnce(rows, call, row => keyspace.read(row, call));
    for (const session of found) if (session && !session.ended) yield session;
  }
}

/** Without fetching the data. */
export async function countLive(keyspace: Keyspace, call: StoreCall | undefined): Promise<number> {
  const now = call?.now ?? Date.now();
  let count = 0;
  for await (const rows of batches(keyspace, call)) {
    const beginnings = await allAtOnce(rows, call, row =>
      keyspace.command(row, ['GETRANGE', '0', '100'], call),
    );
    count += beginnings.filter(text => isLive(String(text), now)).length;
  }
  return count;
}

async function* batches(
  keyspace: Keyspace,
  call: StoreCall | undefined,
): AsyncGenerator<string[], void, undefined> {
  const { names, redis } = keyspace;
  // A client that is not connected to its cluster knows no masters, and would find nothing; a command waits, or fails.
  if (redis.isCluster) await keyspace.command(names.handle(''), ['EXISTS'], call);
  for (const send of await redis.masters()) {
    let cursor = '0';
    do {
      const command = ['SCAN', cursor, 'MATCH', names.rows, 'COUNT', BATCH, 'TYPE', 'string'];
      const [next, rows] = (await send(command)) as [string, string[]];
      yield [...new Set(rows)];
      cursor = String(next);
    } while (cursor !== '0');
  }
}
