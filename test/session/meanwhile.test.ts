import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from 'sojourn/memory';
import { appWith, type Ctx, eventsOf, type Handler } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { until } from '../harness/until.js';
import type { TestOptions } from '../harness/visit.js';

/* What the app does to its session while an earlier commit of the same request is under way. */

const PLACES: Readonly<Record<string, () => TestOptions>> = {
  'a sojourn store': () => ({ store: memoryStore() }),
  'a koa-session store': () => ({ store: new RecordStore() }),
  'the cookie': () => ({}),
};

async function site(t: TestContext, options: object, act: Handler) {
  const app = appWith(sojourn.createSession, options, {
    fill: ctx => {
      Object.assign(ctx.session, { user: 'ann', cart: 'again' in ctx.query ? 2 : 1 });
    },
    act,
    show: ctx => ({ ...ctx.session }),
  });
  return { app, browser: await serve(t, app) };
}

const signIn = async (data: object): Promise<void> => {
  await sleep(5);
  Object.assign(data, { user: 'bob' });
};

const empty = async (data: object): Promise<void> => {
  await sleep(5);
  for (const name of Object.keys(data)) delete (data as Record<string, unknown>)[name];
};

for (const [where, options] of Object.entries(PLACES)) {
  describe(`in ${where},`, () => {
    for (const isSaved of [false, true]) {
      for (const isQueued of [false, true]) {
        const which = `saved before: ${isSaved}, behind an earlier save: ${isQueued}`;
        test(`an \`update()\` of a session that is ended meanwhile does not reach the next one: ${which}`, async t => {
          let applied: boolean | undefined;
          const { browser } = await site(t, options(), async ctx => {
            if (isQueued) void ctx.session.update(signIn);
            const updating = ctx.session.update(signIn);
            ctx.session = null;
            ctx.session = { lang: 'de' };
            applied = await updating;
          });
          if (isSaved) await browser.get('fill');
          await browser.get('act');
          assert.deepEqual([applied, (await browser.get('show')).json], [false, { lang: 'de' }]);
        });
      }
    }

    test('an `update()` whose `beforeSave` ends the session does not reach the next one, and the end is carried out', async t => {
      const beforeSave = (ctx: object): void => {
        const { path } = ctx as Ctx;
        if (path === '/act' && (ctx as Ctx).session.user) Object.assign(ctx, { session: null });
        if (path === '/act') Object.assign(ctx, { session: { lang: 'de' } });
      };
      const applied: boolean[] = [];
      const { app, browser } = await site(t, { ...options(), beforeSave }, async ctx => {
        applied.push(await ctx.session.update(signIn));
      });
      const ended = eventsOf(app, 'session:ended');
      await browser.get('fill');
      await browser.get('act');
      assert.deepEqual([applied, (await browser.get('show')).json], [[false], { lang: 'de' }]);
      assert.equal(ended.length, 1);
    });

    for (const isEnded of [false, true]) {
      test(`an \`update()\` that empties the session leaves what is assigned meanwhile: ended before: ${isEnded}`, async t => {
        const { browser } = await site(t, options(), async ctx => {
          const updating = ctx.session.update(empty);
          if (isEnded) ctx.session = null;
          ctx.session = { user: 'ann', fresh: true };
          await updating;
        });
        await browser.get('fill');
        await browser.get('act');
        assert.deepEqual((await browser.get('show')).json, { user: 'ann', fresh: true });
      });
    }

    test('a session that was emptied, and is ended while that is saved, ends once', async t => {
      const { app, browser } = await site(t, options(), async ctx => {
        await empty(ctx.session);
        const saving = ctx.session.commit();
        ctx.session = null;
        await saving;
      });
      const ended = eventsOf(app, 'session:ended');
      await browser.get('fill');
      await browser.get('act');
      assert.equal(ended.length, 1);
      assert.equal(browser.cookieHeader, '');
    });
  });
}

for (const where of ['a sojourn store', 'a koa-session store']) {
  describe(`a key of ${where}`, () => {
    const withKeys = (genid: (number: number) => string | Promise<string>, options = {}) => {
      let keys = 0;
      return { ...PLACES[where]?.(), genid: () => genid(++keys), ...options };
    };
    const owner = (data: { user?: string }) => data.user;

    for (const isAsync of [false, true]) {
      test(`is not taken by a session that was ended while it was saved: asynchronous: ${isAsync}`, async t => {
        const genid = (number: number) => (isAsync ? sleep(2).then(() => `key-${number}`) : `key-${number}`);
        const { browser } = await site(t, withKeys(genid, { owner }), async ctx => {
          ctx.session.user = 'bob';
          const saving = ctx.session.save();
          ctx.session = null;
          ctx.session = { lang: 'de' };
          await saving;
        });
        await browser.get('fill');
        assert.equal((await browser.get('act')).status, 200);
        assert.deepEqual((await browser.get('show')).json, { lang: 'de' });
      });
    }

    const told = async (ctx: Ctx, before: Promise<unknown>) => {
      ctx.session = null;
      ctx.session = { lang: 'de' };
      const key = ctx.session.externalKey;
      await before;
      await ctx.session.save();
      return [key, ctx.session.externalKey];
    };

    test('that the app has read stays, though an earlier session is still being saved', async t => {
      const { browser } = await site(
        t,
        withKeys(number => `key-${number}`, { owner }),
        ctx => told(ctx, ctx.session.update(signIn)),
      );
      await browser.get('fill');
      const [before, after] = (await browser.get('act')).json as string[];
      assert.equal(before, after);
    });

    test('that the app has read stays, though the `genid` of an earlier session fails later', async t => {
      const genid = (number: number) =>
        number > 1 ? `key-${number}` : sleep(5).then(() => Promise.reject(new Error('no key')));
      const { browser } = await site(t, withKeys(genid), ctx => {
        ctx.session.a = 1;
        return told(
          ctx,
          ctx.session.save().catch(() => {}),
        );
      });
      const [before, after] = (await browser.get('act')).json as string[];
      assert.equal(before, after);
    });
  });
}

test('what replaces the data while an asynchronous `genid` makes a key is not mixed with those of before', async t => {
  let keys = 0;
  let goOn: (() => void) | undefined;
  const genid = async () => {
    if (++keys > 1) {
      await new Promise<void>(resolve => {
        goOn = resolve;
      });
    }
    return `key-${keys}`;
  };
  const merged: object[] = [];
  const onConflict = (_base: object, ours: object, theirs: object) => {
    merged.push([ours, theirs]);
    return { ...theirs, ...ours };
  };
  const options = { store: memoryStore(), genid, onConflict };
  const { browser } = await site(t, options, async ctx => {
    const regenerating = ctx.session.regenerate();
    await until(() => goOn);
    await browser.copy().get('fill?again');
    ctx.session = { guest: 1 };
    goOn?.();
    await regenerating;
  });
  await browser.get('fill');
  await browser.get('act');
  assert.deepEqual([(await browser.get('show')).json, merged], [{ guest: 1 }, []]);
});
