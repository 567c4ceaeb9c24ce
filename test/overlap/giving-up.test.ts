import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredSession } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { manualClock } from 'sojourn/testing';
import { appWith, errorsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';

interface Limit {
  /** Whether the version that was refused is found again. */
  readonly isFound?: boolean;
  /** ms for an attempt. */
  readonly took: number;
  readonly attempts: number;
}

const LIMITS = {
  'that others overtake over and over is a 409 after 100 attempts': { took: 0, attempts: 100 },
  'that others overtake over and over is a 409 after ten seconds': { took: 4000, attempts: 3 },
  'whose version is refused, and found again, is a 409 after five': { isFound: true, took: 0, attempts: 5 },
};

for (const [what, { isFound = false, took, attempts }] of Object.entries<Limit>(LIMITS)) {
  test(`a commit ${what}, and changes nothing`, async t => {
    const clock = manualClock();
    const store = memoryStore();
    const app = appWith(
      sojourn.createSession,
      { store, clock },
      {
        begin: ctx => {
          ctx.session = { a: 1 };
        },
        write: ctx => {
          ctx.session.a = 2;
        },
        '': ctx => ({ ...ctx.session }),
      },
    );
    const errors = errorsOf(app);
    const browser = await serve(t, app);
    await browser.get('begin');
    let updates = 0;
    const { update } = store;
    store.update = async (key, _session, call) => {
      updates++;
      clock.advance(took);
      const kept = (await store.find(key)) as StoredSession;
      if (!isFound) await update.call(store, key, { ...kept, version: String(updates) }, call);
      return false;
    };
    const { status, cookies } = await browser.get('write');
    assert.deepEqual([status, cookies, updates], [409, [], attempts]);
    assert.equal((errors[0] as { code?: string }).code, 'ERR_SESSION_CONFLICT');
    assert.deepEqual((await browser.get()).json, { a: 1 });
  });
}
