import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { SessionStoreError } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { redisStore } from 'sojourn/redis';
import { failingStore } from 'sojourn/testing';
import { account, appWith, errorsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { missing, startRedis } from '../stores/redis-servers.js';

const KEY = 'a-very-secret-key';
const cookie = `koa.sess=${KEY}`;

/** What an app's error handler is given when the store fails over this key. */
async function errorOver(t: TestContext, store: object): Promise<SessionStoreError> {
  const app = appWith(sojourn.createSession, { store: store as never, signed: false }, account);
  const errors = errorsOf(app);
  assert.equal((await (await serve(t, app)).get('', { cookie })).status, 503);
  const [error] = errors;
  assert.ok(error instanceof SessionStoreError);
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(KEY));
  return error;
}

function failingWith(failure: unknown): object {
  const store = failingStore(memoryStore());
  store.fail('find', failure as Error);
  return store;
}

describe('no text of a store error, and no property, carries the key', () => {
  class ReplyError extends Error {
    override readonly name = 'ReplyError';
  }

  test('and the cause stays what it was but for that', async t => {
    const failure = Object.assign(new ReplyError(`ERR unknown command, beginning with: '${KEY}'`), {
      code: 'ERR',
      errno: -7,
      detail: `Key (session_key)=(${KEY}) is there`,
      command: { name: 'evalsha', args: ['0af1', '1', `sojourn:${KEY}`] },
    });
    const { cause } = await errorOver(t, failingWith(failure));
    assert.ok(cause instanceof ReplyError);
    assert.equal(String(cause), "ReplyError: ERR unknown command, beginning with: '[key]'");
    assert.match(cause.stack ?? '', /^ReplyError: .*\n +at /s);
    assert.deepEqual(
      { ...cause },
      { name: 'ReplyError', code: 'ERR', errno: -7, detail: 'Key (session_key)=([key]) is there' },
    );
    assert.equal(failure.command.args.length, 3, "the driver's own error is left alone");
  });

  test('not even in the frames of a stack, where a driver may tell its command', async t => {
    const failure = new Error('down');
    failure.stack += `\nCaused By: GET ${KEY}`;
    const { cause } = await errorOver(t, failingWith(failure));
    assert.match((cause as Error).stack ?? '', /Caused By: GET \[key\]$/);
  });

  test('a cause that tells none is the very error', async t => {
    const inner = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', port: 6379 });
    const failure = new AggregateError([inner], 'no address answered', { cause: inner });
    assert.equal((await errorOver(t, failingWith(failure))).cause, failure);
  });

  test('nor do the causes and the errors in it', async t => {
    const inner = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', args: [KEY] });
    const failure = new AggregateError([inner, 'down'], 'no address answered', { cause: inner });
    const { cause } = await errorOver(t, failingWith(failure));
    assert.ok(cause instanceof AggregateError);
    assert.deepEqual(cause.errors.map(String), ['Error: refused', 'down']);
    assert.equal((cause.cause as { code: string }).code, 'ECONNREFUSED');
  });

  test('an error that is its own cause is cleaned without endless recursion', async t => {
    const failure: Error & { more?: unknown } = new Error('round and round');
    failure.cause = failure;
    failure.more = KEY;
    assert.match(String((await errorOver(t, failingWith(failure))).cause), /round and round/);
  });

  test('keys are hidden in thrown strings and plain objects', async t => {
    assert.equal((await errorOver(t, failingWith(`no ${KEY}`))).cause, 'no [key]');
    assert.deepEqual((await errorOver(t, failingWith({ code: 7, key: KEY, args: [KEY] }))).cause, {
      code: 7,
      key: '[key]',
    });
  });
});

describe('the cause is in the message too, since Koa logs no causes:', () => {
  const refused = Object.assign(new AggregateError([new Error('no'), new Error('nor')], ''), {
    code: 'ECONNREFUSED',
  });
  for (const [what, failure, told] of [
    ['its message', new Error('the disk is full'), 'the disk is full'],
    ['a key hidden', new Error(`no row ${KEY}`), 'no row [key]'],
    [
      'a key hidden that its class tells',
      new (class extends Error {
        override get message() {
          return `no ${KEY}`;
        }
      })(),
      'no [key]',
    ],
    ['its first line', new Error('one\ntwo'), 'one'],
    ['not all of a long one', new Error('x'.repeat(1000)), 'x'.repeat(200)],
    ['its code, if it has no message', refused, 'ECONNREFUSED'],
    ['that there is one, if it has neither', {}, 'see the cause'],
    ['a text that is thrown in place of an error', `${KEY} is gone`, '[key] is gone'],
  ] as const) {
    test(what, async t => {
      const { message } = await errorOver(t, failingWith(failure));
      assert.equal(message, `the session store failed at \`find\`: ${told}`);
    });
  }
});

test('an error that cannot be looked into is told without one', async t => {
  const [trapped, { proxy, revoke }] = [new Error('trapped'), Proxy.revocable({}, {})];
  revoke();
  Object.defineProperty(trapped, 'detail', {
    get() {
      throw new Error(KEY);
    },
  });
  for (const failure of [trapped, proxy]) {
    const { message, cause } = await errorOver(t, failingWith(failure));
    assert.deepEqual(
      [message, cause],
      ['the session store failed at `find`: with an error that cannot be looked into', undefined],
    );
  }
});

test('an error tells no key either whose tag a store has set apart', async t => {
  const store = memoryStore();
  let random = '';
  store.find = key => {
    random = key.split('.')[1] as string;
    return Promise.reject(new Error(`no {s:${key.slice(0, 3)}}.${random}`));
  };
  const app = appWith(sojourn.createSession, { store }, account);
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  await browser.get('login');
  assert.equal((await browser.get()).status, 503);
  assert.match(random, /^[\w-]{43}$/);
  assert.match(errors[0]?.message ?? '', /no \{s:.{3}\}\[key\]$/);
  assert.doesNotMatch(inspect(errors, { depth: 9, showHidden: true }), new RegExp(random));
});

test('an error tells no key either whose prefix a store has written another way, as in a URL', async t => {
  let uuid = '';
  const store = {
    get: (key: string) => {
      uuid = key.split(':')[1] as string;
      return Promise.reject(new Error(`GET https://kv.example/${encodeURIComponent(key)} failed`));
    },
    set: async () => {},
    destroy: async () => {},
  };
  const app = appWith(sojourn.createSession, { store, prefix: 'app:' }, account);
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  await browser.get('login');
  assert.equal((await browser.get()).status, 503);
  assert.match(uuid, /^[\da-f-]{36}$/);
  assert.match(errors[0]?.message ?? '', /example\/app%3A\[key\] failed$/);
  assert.doesNotMatch(inspect(errors, { depth: 9, showHidden: true }), new RegExp(uuid));
});

describe('an error of ioredis, which holds its command, tells no key', { skip: missing }, () => {
  const koaRedis = createRequire(import.meta.url)('koa-redis') as (options: object) => object;
  const stores = {
    redisStore: (client: Redis) => redisStore(client),
    'koa-redis': (client: Redis) => koaRedis({ client }),
  };
  for (const [name, open] of Object.entries(stores)) {
    test(name, async t => {
      const server = await startRedis(
        '--rename-command',
        'GET',
        '',
        '--rename-command',
        'HMGET',
        '',
        '--rename-command',
        'EVALSHA',
        '',
      );
      t.after(() => server.stop());
      const client = new Redis(server.port);
      t.after(() => client.disconnect());
      const { cause } = await errorOver(t, open(client));
      assert.equal((cause as Error).name, 'ReplyError');
    });
  }
});
