import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { StoredSession } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { type Ctx, errorsOf, eventsOf } from '../harness/app.js';
import { overlap } from './overlap.js';

const set = (name: string, value: unknown) => (ctx: Ctx) => {
  ctx.session[name] = value;
};

const HOUR = 3_600_000;

for (const [what, late] of Object.entries<(ctx: Ctx) => unknown>({
  'saves data': set('c', 1),
  'uses `update`': ctx =>
    ctx.session.update((data: object) => {
      Object.assign(data, { c: 1 });
    }),
  'saves twice': async ctx => {
    ctx.session.c = 1;
    await ctx.session.save();
    ctx.session.c = 2;
  },
})) {
  test(`a lifetime that one request set stays where another ${what}`, async t => {
    for (const maxAge of [HOUR, 'session', 60 * 24 * HOUR] as const) {
      const { browser, run, store } = await withStore(t);
      await run({
        late,
        early: ctx => {
          ctx.session.maxAge = maxAge;
        },
      });
      const [kept] = await sessionsIn(store);
      assert.equal(kept?.maxAge, maxAge);
      const left = Number(kept?.expiresAt) - Date.now();
      assert.ok(Math.abs(left - (maxAge === 'session' ? 24 * HOUR : Number(maxAge))) < 60_000, String(left));
      assert.equal(
        ((await browser.get('show')).json as { c: number }).c,
        kept ? (what === 'saves twice' ? 2 : 1) : 0,
      );
    }
  });
}

const lasting = (maxAge: number | undefined) => (ctx: Ctx) => {
  ctx.session.maxAge = maxAge;
};

test('of two lifetimes the later one counts, though it is that of before', async t => {
  const { run, store } = await withStore(t);
  await run({ late: lasting(HOUR), early: lasting(2 * HOUR) });
  assert.equal((await sessionsIn(store))[0]?.maxAge, HOUR);
  await run({ late: lasting(HOUR), early: lasting(2 * HOUR) });
  assert.equal((await sessionsIn(store))[0]?.maxAge, HOUR);
});

test('a lifetime that was saved can be taken back by the same request', async t => {
  for (const before of [undefined, 2 * HOUR]) {
    const { run, store } = await withStore(t);
    await run({ late: () => {}, early: lasting(before) });
    await run({
      late: async ctx => {
        ctx.session.maxAge = HOUR;
        await ctx.session.save();
        ctx.session.maxAge = before;
      },
      early: () => {},
    });
    assert.equal((await sessionsIn(store))[0]?.maxAge, before ?? null);
  }
});

test('a request that saves sees the lifetime that another one set', async t => {
  for (const [given, seen] of [
    [HOUR, HOUR],
    [undefined, 24 * HOUR],
  ]) {
    const { run } = await withStore(t);
    await run({ late: () => {}, early: lasting(2 * HOUR) });
    const [late] = await run({
      late: async ctx => {
        ctx.session.c = 1;
        await ctx.session.save();
        ctx.body = String(ctx.session.maxAge);
      },
      early: lasting(given),
    });
    assert.equal(late?.body, String(seen));
  }
});

for (const [data, reason] of Object.entries({ '{"broken': 'malformed', '7': 'malformed' })) {
  test(`what another request left, and nobody can read, is not overwritten: ${data}`, async t => {
    const { app, run, store } = await withStore(t);
    const errors = errorsOf(app);
    const told = eventsOf(app, 'session:error');
    const [late] = await run({
      late: async ctx => {
        ctx.session.c = 1;
        await ctx.session.save();
        ctx.body = String(ctx.sessionInfo.ended?.reason);
      },
      early: async ctx => {
        const key = String(ctx.session.externalKey);
        const kept = (await store.find(key)) as StoredSession;
        await store.update(key, { ...kept, data, version: 'another' }, { version: kept.version });
      },
    });
    assert.deepEqual([late?.status, late?.body, late?.cookies, errors], [200, reason, [], []]);
    assert.match(
      String(told[0]?.error),
      /cannot be read \(malformed\): the changes of this one were dropped/,
    );
    assert.equal((await sessionsIn(store))[0]?.data, data);
  });
}

async function withStore(t: TestContext) {
  const store = memoryStore();
  return { store, ...(await overlap(t, { store })) };
}

async function sessionsIn(store: ReturnType<typeof memoryStore>): Promise<StoredSession[]> {
  const found: StoredSession[] = [];
  for await (const session of store.all()) found.push(session);
  return found;
}
