import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { Redis } from 'ioredis';
import type { KoaSessionStore } from 'sojourn';

export const koaRedis: (options: { client: Redis }) => KoaSessionStore = createRequire(import.meta.url)(
  'koa-redis',
);

/** Begins all keys of this test file, which are deleted at its end. */
export const prefix: string = `test-${randomUUID()}:`;

export const client: Redis = new Redis({ host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
client.on('error', () => {});

/** Why the tests are skipped here; with CI set none is. */
export const missing: string | false = await client.connect().then(
  () => false,
  error => {
    if (process.env.CI) throw error;
    return 'no Redis at 127.0.0.1:6379';
  },
);

after(async () => {
  if (missing) return;
  const keys = await client.keys(`${prefix}*`);
  if (keys.length > 0) await client.del(keys);
  await client.quit();
});
