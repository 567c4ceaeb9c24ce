import type { Context } from 'koa';
import type { Awaitable } from '../awaitable.js';
import type { Credential, Reading } from './credential.js';

/** Where the key travels instead of the cookie, as the app's `externalKey` option says. */
export interface ExternalKey {
  /** The key that the client presented. */
  get(ctx: Context): Awaitable<string | null | undefined>;
  /** Hands a key to the client. */
  set(ctx: Context, key: string): unknown;
  /** Removes the key from the client, at logout. */
  clear?(ctx: Context): unknown;
}

/** A credential that the app itself reads and writes. */
export function externalKeyCredential(externalKey: ExternalKey): Credential {
  const read = async (ctx: Context): Promise<Reading> => {
    const value = await externalKey.get(ctx);
    return typeof value === 'string' && value !== '' ? { value, isStale: false } : 'absent';
  };
  return {
    isCookie: false,
    cookieNames: [],
    read,
    others: () => [],
    requireUsable: () => {},
    requireWritable: () => {},
    write: async (ctx, { value }) => {
      await externalKey.set(ctx, value);
    },
    clear: async ctx => {
      await externalKey.clear?.(ctx);
    },
  };
}
