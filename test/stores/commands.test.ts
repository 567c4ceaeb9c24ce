import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { redisStore } from 'sojourn/redis';
import type { Routes } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import { HOUR, SECOND, stoppedClock } from '../harness/clock.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { logCommands } from './redis-commands.js';
import { missing, startRedis } from './redis-servers.js';
import { newSession, successorOf } from './sessions.js';

const NOTHING: string[] = [];
const READ = ['get'];
const WRITE = ['evalsha'];
const READ_AND_WRITE = [...READ, ...WRITE];

describe('what a request asks of Redis, as the server tells', { skip: missing }, async () => {
  const server = await startRedis();
  const client = new Redis(server.port);
  const log = await logCommands(server);
  const store = redisStore(client);

  /** What other requests do while one to `slow` is under way. */
  let meanwhile: () => Promise<unknown> = async () => {};

  const site: Routes = {
    login: async ctx => {
      await ctx.loadSession();
      ctx.session.user = 'ann';
    },
    change: ctx => {
      ctx.session.views = Number(ctx.session.views ?? 0) + 1;
    },
    slow: async ctx => {
      ctx.session.slow = true;
      await meanwhile();
    },
    logout: ctx => {
      ctx.session = null;
    },
    static: () => 'a style sheet',
    '': ctx => ({ ...ctx.session }),
  };

  before(async () => {
    // A server is told the text of a script once.
    const session = newSession();
    await store.insert('key', session);
    await store.update('key', successorOf(session), session);
    await store.touch('key', 0, 0);
    await store.end('key', 'logout');
  });

  after(async () => {
    log.stop();
    client.disconnect();
    await server.stop();
  });

  async function signedIn(t: TestContext, options: TestOptions = {}): Promise<Browser> {
    const browser = await visit(t, { store, ...options }, site);
    await browser.get('login');
    return browser;
  }

  test('nobody who has a session: nothing', async t => {
    const browser = await visit(t, { store }, site);
    assert.deepEqual(await log.during(() => browser.get()), NOTHING);
  });

  test('untouched, with `lazy`: nothing', async t => {
    const browser = await signedIn(t, { lazy: true, rolling: true });
    assert.deepEqual(await log.during(() => browser.get('static')), NOTHING);
  });

  test('a new session: one command', async t => {
    const browser = await visit(t, { store }, site);
    assert.deepEqual(await log.during(() => browser.get('change')), WRITE);
  });

  test('a read: one', async t => {
    const browser = await signedIn(t);
    assert.deepEqual(await log.during(() => browser.get()), READ);
  });

  test('a read and a change: two', async t => {
    const browser = await signedIn(t);
    assert.deepEqual(await log.during(() => browser.get('change')), READ_AND_WRITE);
  });

  test('a logout: two', async t => {
    const browser = await signedIn(t);
    assert.deepEqual(await log.during(() => browser.get('logout')), READ_AND_WRITE);
  });

  test('a rolling read: two', async t => {
    const browser = await signedIn(t, { rolling: true });
    for (let i = 0; i < 3; i++) assert.deepEqual(await log.during(() => browser.get()), READ_AND_WRITE);
  });

  for (const [name, options] of Object.entries<TestOptions>({
    'a rolling read': { rolling: true },
    'a sliding read': { idleTimeout: HOUR },
  })) {
    const throttled = { ...options, touchAfter: 60 * SECOND };

    test(`${name} with \`touchAfter\`: two, once in that time; else one`, async t => {
      const clock = stoppedClock(t);
      const browser = await signedIn(t, throttled);
      for (let i = 0; i < 3; i++) {
        clock.advance(59 * SECOND);
        assert.deepEqual(await log.during(() => browser.get()), READ);
        clock.advance(SECOND);
        assert.deepEqual(await log.during(() => browser.get()), READ_AND_WRITE);
      }
    });

    test(`${name} a hundred times within \`touchAfter\`: a hundred and one`, async t => {
      const clock = stoppedClock(t);
      const browser = await signedIn(t, throttled);
      clock.advance(60 * SECOND);
      const commands = await log.during(async () => {
        for (let i = 0; i < 100; i++) {
          await browser.get();
          clock.advance(SECOND / 2);
        }
      });
      assert.deepEqual(count(commands), { get: 100, evalsha: 1 });
    });

    test(`${name} by a hundred requests at once: a hundred and one`, async t => {
      const clock = stoppedClock(t);
      const browser = await signedIn(t, throttled);
      clock.advance(60 * SECOND);
      const commands = await log.during(() => Promise.all(Array.from({ length: 100 }, () => browser.get())));
      assert.deepEqual(count(commands), { get: 100, evalsha: 1 });
    });
  }

  test('what is asked at once leaves in one write', async () => {
    // INFO counts itself.
    const reads = async () => Number(/^total_reads_processed:(\d+)/m.exec(await client.info('stats'))?.[1]);
    const before = await reads();
    await Promise.all(Array.from({ length: 50 }, () => store.find('key')));
    assert.equal((await reads()) - before, 1 + 1);
  });

  test('a change that another request overtook: two more', async t => {
    const browser = await signedIn(t);
    meanwhile = () => browser.get('change');
    const commands = await log.during(() => browser.get('slow'));
    assert.deepEqual(commands, [...READ, ...READ_AND_WRITE, ...WRITE, ...READ_AND_WRITE]);
    assert.deepEqual((await browser.get()).json, { user: 'ann', views: 1, slow: true });
  });

  test('a change of what another request ended: one more', async t => {
    const browser = await signedIn(t);
    meanwhile = () => browser.copy().get('logout');
    const commands = await log.during(() => browser.get('slow'));
    assert.deepEqual(commands, [...READ, ...READ_AND_WRITE, ...WRITE, ...READ]);
  });
});

function count(commands: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const command of commands) counts[command] = (counts[command] ?? 0) + 1;
  return counts;
}
