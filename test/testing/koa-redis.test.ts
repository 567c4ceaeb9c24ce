import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import type { KoaSessionStore } from 'sojourn';
import { koaStoreSuite } from 'sojourn/testing';

type KoaRedis = (options: { client: Redis }) => KoaSessionStore;
const koaRedis: KoaRedis = createRequire(import.meta.url)('koa-redis');

const prefix = `${randomUUID()}:`;
const client = new Redis({ host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
client.on('error', () => {});
const store = withPrefix(koaRedis({ client }));
let missing: string | false = false;

before(async () => {
  try {
    await client.connect();
  } catch (error) {
    if (process.env.CI) throw error;
    missing = 'no Redis at 127.0.0.1:6379';
  }
});

after(async () => {
  if (missing) return;
  for (const key of await client.keys(`${prefix}*`)) await client.del(key);
  await client.quit();
});

koaStoreSuite({
  test: (name, run) =>
    test(`koa-redis: ${name}`, async t => {
      if (missing) t.skip(missing);
      else await run(t);
    }),
  create: () => store,
  advance: async ms => {
    for (const key of await client.keys(`${prefix}*`))
      await client.pexpire(key, (await client.pttl(key)) - ms);
  },
});

/** koa-redis has no prefix of its own: koa-session makes it a part of the key. */
function withPrefix(store: KoaSessionStore): KoaSessionStore {
  return {
    get: (key, ...rest) => store.get(prefix + key, ...rest),
    set: (key, ...rest) => store.set(prefix + key, ...rest),
    destroy: (key, ...rest) => store.destroy(prefix + key, ...rest),
  };
}
