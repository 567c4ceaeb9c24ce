import { test } from 'node:test';
import type { KoaSessionStore } from 'sojourn';
import { koaStoreSuite } from 'sojourn/testing';
import { client, koaRedis, missing, prefix } from '../harness/koa-redis.js';

const store = withPrefix(koaRedis({ client }));

koaStoreSuite({
  test: (name, run) => test(`koa-redis: ${name}`, { skip: missing }, run),
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
