import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryStore } from 'sojourn/memory';
import { account, type Handler } from '../harness/app.js';
import { stoppedClock } from '../harness/clock.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { MINUTE } from './kinds.js';

/** Uses of a session by a request whose headers are out already. */
const USES: Record<string, (advance: () => void) => Handler> = {
  'is touched while the body is sent': advance => ctx => {
    const body = new PassThrough();
    ctx.body = body;
    body.write('first');
    setTimeout(async () => {
      advance();
      await ctx.session.touch();
      body.end();
    }, 20);
  },
  'is used by an app that writes the response itself': advance => async ctx => {
    ctx.respond = false;
    ctx.res.writeHead(200).write('first');
    await nextTurn();
    advance();
    void ctx.session.user;
    ctx.res.end();
  },
};

const STORES: Record<string, () => TestOptions> = {
  'a sojourn store': () => ({ store: memoryStore() }),
  'a koa-session store': () => ({ store: new RecordStore() }),
};

for (const [is, useLate] of Object.entries(USES)) {
  for (const [where, options] of Object.entries(STORES)) {
    test(`a session in ${where} that ${is} lives on`, async (t: TestContext) => {
      const clock = stoppedClock(t);
      const late = useLate(() => clock.advance(8 * MINUTE));
      const deadlines = { idleTimeout: 10 * MINUTE, touchAfter: 0 };
      const browser = await visit(t, { ...options(), ...deadlines }, { ...account, late });
      await browser.get('login');
      await browser.get('late');
      clock.advance(8 * MINUTE);
      assert.equal((await browser.get()).body, '{"user":"ann"}');
    });
  }
}
