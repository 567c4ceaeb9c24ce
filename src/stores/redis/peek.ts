import type { StoreCall, StoredSession } from '../store.js';
import { allAtOnce } from './at-once.js';
import type { Keyspace } from './keyspace.js';
import { PEEK } from './scripts.js';

/** How many handles one script looks up: meanwhile the server does nothing else. */
const BATCH = 100;

/** The live sessions of these handles, without their data. */
export async function peek(
  keyspace: Keyspace,
  handles: readonly string[],
  call: StoreCall | undefined,
): Promise<StoredSession[]> {
  // In a cluster each handle may be in a slot of its own.
  const batch = keyspace.redis.isCluster ? 1 : BATCH;
  const batches = Array.from({ length: Math.ceil(handles.length / batch) }, (_, i) =>
    handles.slice(i * batch, (i + 1) * batch),
  );
  return (await allAtOnce(batches, call, each => peekBatch(keyspace, each, call))).flat();
}

async function peekBatch(
  keyspace: Keyspace,
  handles: readonly string[],
  call: StoreCall | undefined,
): Promise<StoredSession[]> {
  const names = handles.map(handle => keyspace.names.handle(handle));
  const rows = await keyspace.run<string[]>(PEEK, names, { args: [], call });
  const found = rows.flatMap(row => {
    const session = keyspace.decode(row, call);
    return session && !session.ended ? session : [];
  });
  const [handle = ''] = handles;
  if (!keyspace.redis.isCluster || found.length > 0) return found;
  // Its row may be out of the script's reach.
  const session = await keyspace.locate(handle, call);
  return session ? [{ ...session, data: '' }] : [];
}
