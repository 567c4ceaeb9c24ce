import { defaultMaxListeners, setMaxListeners } from 'node:events';
import type { StoreCall } from '../store.js';

/**
 * Runs this for all items at once. node-redis listens to the call's signal with each command, and to Node so many
 * listeners look like a leak.
 */
export function allAtOnce<Item, Result>(
  items: readonly Item[],
  { signal }: StoreCall = {},
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  if (signal && items.length > defaultMaxListeners) setMaxListeners(0, signal);
  return Promise.all(items.map(run));
}
