import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, beginBody, eventsOf, type Handler } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { stoppedClock } from '../harness/clock.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { until } from '../harness/until.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { MINUTE } from './kinds.js';

/** Uses of a session by a request whose headers are out already. */
const USES: Record<string, (advance: () => void) => Handler> = {
  'is touched while the body is sent': advance => ctx => {
    const body = beginBody(ctx);
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

for (const [where, options] of Object.entries(STORES)) {
  test(`the end of a body is no use of a session in ${where}`, async t => {
    const clock = stoppedClock(t);
    const app = appWith(
      sojourn.createSession,
      { ...options(), idleTimeout: 10 * MINUTE, touchAfter: MINUTE },
      {
        ...account,
        late: ctx => {
          const body = beginBody(ctx);
          setTimeout(() => {
            clock.advance(8 * MINUTE);
            body.end();
          }, 20);
        },
      },
    );
    const browser = await serve(t, app);
    await browser.get('login');
    const saved = eventsOf(app, 'session:saved');
    await browser.get('late');
    await sleep(20);
    assert.deepEqual(saved, []);
    clock.advance(2 * MINUTE);
    assert.equal((await browser.get()).body, '{"user":null}');
  });

  for (const idleTimeout of [undefined, 10 * MINUTE]) {
    test(`a late touch undoes nothing of a session in ${where}: idleTimeout ${idleTimeout}`, async t => {
      let touch: (() => Promise<void>) | undefined;
      const browser = await visit(
        t,
        { ...options(), idleTimeout },
        {
          ...account,
          rename: ctx => {
            ctx.session.user = 'bob';
          },
          late: ctx => {
            void ctx.session.user;
            const body = beginBody(ctx);
            touch = async () => {
              await ctx.session.touch();
              body.end();
            };
          },
        },
      );
      for (const [path, left] of [
        ['rename', 'bob'],
        ['logout', null],
      ] as const) {
        await browser.get('login');
        const copy = browser.copy();
        touch = undefined;
        const late = copy.get('late');
        await until(() => touch);
        await browser.copy().get(path);
        await (touch as unknown as () => Promise<void>)();
        await late;
        assert.deepEqual((await copy.get()).json, { user: left }, path);
      }
    });
  }
}

test('a late use is recorded with `rolling`, too', async t => {
  const clock = stoppedClock(t);
  const late = USES['is used by an app that writes the response itself']?.(() => clock.advance(8 * MINUTE));
  const options = { store: memoryStore(), idleTimeout: 10 * MINUTE, rolling: true };
  const browser = await visit(t, options, { ...account, late: late as Handler });
  await browser.get('login');
  await browser.get('late');
  clock.advance(8 * MINUTE);
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});

test('a late touch prolongs a session in a sojourn store', async t => {
  const clock = stoppedClock(t);
  const late = USES['is touched while the body is sent']?.(() => clock.advance(8 * MINUTE));
  const options = { store: memoryStore(), maxAge: 10 * MINUTE, clock: () => clock.now() };
  const browser = await visit(t, options, { ...account, late: late as Handler });
  await browser.get('login');
  const cookie = browser.cookieHeader;
  await browser.get('late', { cookie });
  clock.advance(8 * MINUTE);
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
});

for (const [where, options] of Object.entries<() => TestOptions>({
  'a cookie with a deadline': () => ({ idleTimeout: 10 * MINUTE }),
  'a sojourn store': () => ({ store: memoryStore() }),
  'a sojourn store, rolling': () => ({ store: memoryStore(), rolling: true }),
  'a koa-session store': () => ({ store: new RecordStore() }),
})) {
  test(`a lifetime that is set before a touch is kept: ${where}`, async t => {
    const browser = await visit(t, options(), {
      ...account,
      set: async ctx => {
        ctx.session.maxAge = 5000;
        await ctx.session.touch();
      },
      age: ctx => String(ctx.session.maxAge),
    });
    await browser.get('login');
    await browser.get('set');
    assert.equal((await browser.get('age')).body, '5000');
  });
}
