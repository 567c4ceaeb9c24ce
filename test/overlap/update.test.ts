import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionStoreError } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import type { Ctx } from '../harness/app.js';
import { visit } from '../harness/visit.js';
import { overlap } from './overlap.js';

type Data = Record<string, unknown>;

/** The tests' data have no type of their own. */
const update = (ctx: Ctx, change: (data: Data) => unknown): Promise<boolean> =>
  ctx.session.update(change as never);

const increment = (data: Data): void => {
  data.a = (data.a as number) + 1;
};

test('`update` runs on the newest data, and again if another request won the race', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  let runs = 0;
  const [late] = await run({
    late: async ctx => {
      const isSaved = await update(ctx, (data: Data) => {
        runs += 1;
        increment(data);
      });
      ctx.body = { isSaved, a: ctx.session.a };
    },
    early: ctx => update(ctx, increment),
  });
  assert.deepEqual(late?.json, { isSaved: true, a: 3 });
  assert.equal(runs, 2);
  assert.equal(((await browser.get('show')).json as { a: number }).a, 3);
});

test('`update` sees what this request changed before, merged into what another one left', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  await run({
    late: ctx => {
      ctx.session.mine = 1;
      return update(ctx, (data: Data) => {
        data.seen = [data.mine, data.theirs];
      });
    },
    early: ctx => {
      ctx.session.theirs = 1;
    },
  });
  assert.deepEqual(((await browser.get('show')).json as { seen: unknown }).seen, [1, 1]);
});

test('`update` of a session that was ended meanwhile answers false, and brings nothing back', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  const [late] = await run({
    late: async ctx => {
      ctx.body = { isSaved: await update(ctx, increment) };
    },
    early: ctx => {
      ctx.session = null;
    },
  });
  assert.deepEqual(late?.json, { isSaved: false });
  assert.deepEqual((await browser.get('show')).json, {});
});

for (const [what, early] of Object.entries({
  'the session had ended': (ctx: Ctx) => {
    ctx.session = null;
  },
  'another request had signed in': (ctx: Ctx) => {
    ctx.session = { user: 'eve' };
  },
})) {
  test(`after a save that was dropped because ${what}, \`update\` answers false and runs nothing`, async t => {
    const { browser, run } = await overlap(t, { store: memoryStore() });
    let runs = 0;
    const [late] = await run({
      late: async ctx => {
        ctx.session.mine = 1;
        await ctx.session.save();
        const isSaved = await update(ctx, () => runs++);
        ctx.body = { isSaved };
      },
      early,
    });
    assert.deepEqual([late?.status, late?.json, runs], [200, { isSaved: false }, 0]);
    assert.equal(((await browser.get('show')).json as { mine?: number }).mine, undefined);
  });
}

test('across an identity `update` runs on the new data alone', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  const [late] = await run({
    late: async ctx => {
      ctx.session.secret = 'of the one who was signed in before';
      const isSaved = await update(ctx, (data: Data) => {
        data.count = 1;
      });
      ctx.body = { isSaved };
    },
    early: ctx => {
      ctx.session = { user: 'eve' };
    },
  });
  assert.deepEqual(late?.json, { isSaved: true });
  assert.deepEqual((await browser.get('show')).json, { user: 'eve', count: 1 });
});

test('what `update` throws leaves the session as it was', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  const [late] = await run({
    late: async (ctx: Ctx) => {
      const fail = (data: Data): void => {
        data.a = 'half done';
        throw new Error('no');
      };
      await assert.rejects(update(ctx, fail), /^Error: no$/);
      ctx.body = { a: ctx.session.a };
    },
    early: () => {},
  });
  assert.deepEqual(late?.json, { a: 1 });
  assert.equal(((await browser.get('show')).json as { a: number }).a, 1);
});

test('`update` saves what its function changed; what that returns does not count', async t => {
  const browser = await visit(
    t,
    { store: memoryStore() },
    {
      '': async ctx => {
        await update(ctx, data => {
          data.a = 1;
          return { a: 2 };
        });
      },
      show: ctx => ({ ...ctx.session }),
    },
  );
  await browser.get();
  assert.deepEqual((await browser.get('show')).json, { a: 1 });
});

test('a save from within `update`, which would wait for itself, is an error', async t => {
  const { run } = await overlap(t, { store: memoryStore() });
  const [late] = await run({
    late: async ctx => {
      await assert.rejects(
        update(ctx, () => ctx.session.save()),
        { name: 'TypeError', message: /within its own `update`/ },
      );
    },
    early: () => {},
  });
  assert.equal(late?.status, 200);
});

test('an `update` of a new session that failed has not happened, and may be tried again', async t => {
  const store = failingStore(memoryStore());
  const browser = await visit(
    t,
    { store },
    {
      '': async ctx => {
        ctx.session.b = 1;
        store.fail('insert', new Error('down'), { times: 2 });
        const count = (data: Data): void => {
          data.a = ((data.a as number | undefined) ?? 0) + 1;
        };
        await assert.rejects(update(ctx, count), SessionStoreError);
        assert.deepEqual({ ...ctx.session }, { b: 1 });
        assert.equal(await update(ctx, count), true);
      },
      show: ctx => ({ ...ctx.session }),
    },
  );
  assert.equal((await browser.get()).status, 200);
  assert.deepEqual((await browser.get('show')).json, { a: 1, b: 1 });
});
