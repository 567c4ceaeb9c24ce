import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { manualClock } from 'sojourn/testing';
import { appWith, errorsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';

const LIMITS = {
  'after 100 attempts': { took: 0, attempts: 100 },
  'after ten seconds': { took: 4000, attempts: 3 },
};

for (const [when, { took, attempts }] of Object.entries(LIMITS)) {
  test(`a commit that others overtake over and over is a 409 ${when}, and changes nothing`, async t => {
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
    store.update = async () => {
      updates++;
      clock.advance(took);
      return false;
    };
    const { status, cookies } = await browser.get('write');
    assert.deepEqual([status, cookies, updates], [409, [], attempts]);
    assert.equal((errors[0] as { code?: string }).code, 'ERR_SESSION_CONFLICT');
    assert.deepEqual((await browser.get()).json, { a: 1 });
  });
}
