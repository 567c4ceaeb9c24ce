import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SessionInfo } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, type Handler } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const MINUTE = 60_000;
const owner = (data: { user?: string }) => data.user;

type Known = keyof SessionInfo;

/** What is known of a signed-in session, by where it lives and by the options beside `owner`. */
const PLACES: Readonly<Record<string, readonly [options: () => TestOptions, known: readonly Known[]]>> = {
  'a sojourn store': [
    () => ({ store: memoryStore() }),
    ['owner', 'handle', 'createdAt', 'lastSeenAt', 'expiresAt', 'authenticatedAt'],
  ],
  'a koa-session store': [() => ({ store: new RecordStore() }), ['owner', 'expiresAt']],
  'a koa-session store, with deadlines': [
    () => ({ store: new RecordStore(), idleTimeout: MINUTE, absoluteTimeout: 2 * MINUTE }),
    ['owner', 'createdAt', 'lastSeenAt', 'expiresAt'],
  ],
  'a cookie': [() => ({}), ['owner', 'expiresAt']],
  'a cookie, with `idleTimeout`': [
    () => ({ idleTimeout: MINUTE }),
    ['owner', 'handle', 'lastSeenAt', 'expiresAt'],
  ],
  'a cookie, with `absoluteTimeout`': [
    () => ({ absoluteTimeout: MINUTE }),
    ['owner', 'createdAt', 'expiresAt'],
  ],
  'a cookie, with `revocations`': [
    () => ({ revocations: memoryStore() }),
    ['owner', 'handle', 'createdAt', 'expiresAt'],
  ],
};

describe('what `ctx.sessionInfo` knows of a session in', () => {
  for (const [place, [options, known]] of Object.entries(PLACES)) {
    test(place, async t => {
      const info: Handler = ctx => ctx.session.user && ctx.sessionInfo;
      const browser = await visit(t, { owner, ...options() }, { ...account, info });
      await browser.get('login');
      const { available, ...facts } = (await browser.get('info')).json as SessionInfo;
      assert.equal(available, true);
      assert.deepEqual(Object.keys(facts).sort(), [...known].sort());
    });
  }
});
