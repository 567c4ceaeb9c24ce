import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from 'sojourn/memory';
import { failingStore, manualClock } from 'sojourn/testing';
import { type Ctx, eventsOf } from '../harness/app.js';
import { overlap } from './overlap.js';

const set =
  (name: string, value: unknown) =>
  (ctx: Ctx): void => {
    ctx.session[name] = value;
  };
const remove =
  (name: string) =>
  (ctx: Ctx): void => {
    delete ctx.session[name];
  };

/** What two requests do that both read `{ a: 1, b: 1, nested: { x: 1 } }`, and what is left; the first commits last. */
const cases: [string, { late: (ctx: Ctx) => void; early: (ctx: Ctx) => void; left: object }][] = [
  ['each adds a key', { late: set('c', 1), early: set('d', 1), left: { c: 1, d: 1 } }],
  ['both change one key: the later commit counts', { late: set('a', 2), early: set('a', 3), left: { a: 2 } }],
  [
    'one changes, one deletes: the deletion counts',
    { late: set('a', 2), early: remove('a'), left: { a: undefined } },
  ],
  [
    'one deletes, one changes: the deletion counts',
    { late: remove('a'), early: set('a', 2), left: { a: undefined } },
  ],
  ['both add one key: the later commit counts', { late: set('c', 1), early: set('c', 2), left: { c: 1 } }],
  [
    'what is nested under one key is one value',
    {
      late: ctx => Object.assign(ctx.session.nested as object, { y: 1 }),
      early: ctx => Object.assign(ctx.session.nested as object, { z: 1 }),
      left: { nested: { x: 1, y: 1 } },
    },
  ],
  ['a key called __proto__', { late: set('c', 1), early: protoKey, left: { c: 1, ['__proto__']: 1 } }],
];

function protoKey({ session }: Ctx): void {
  Object.defineProperty(session, '__proto__', {
    value: 1,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

for (const [what, { late, early, left }] of cases) {
  test(`overlapping requests are merged by key: ${what}`, async t => {
    const { browser, run } = await overlap(t, { store: memoryStore() });
    const answers = await run({ late, early });
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    const expected = Object.entries({ a: 1, b: 1, nested: { x: 1 }, ...left }).filter(
      ([, value]) => value !== undefined,
    );
    const shown = Object.entries((await browser.get('show')).json as object);
    if (Object.hasOwn(left, '__proto__')) expected.push(['__proto__', 1]);
    assert.deepEqual(new Map(shown), new Map(expected));
  });
}

test("with `onConflict: 'overwrite'` the later commit's data count as a whole", async t => {
  const { browser, run } = await overlap(t, { store: memoryStore(), onConflict: 'overwrite' });
  await run({ late: set('c', 1), early: set('d', 1) });
  assert.deepEqual(Object.keys((await browser.get('show')).json as object).sort(), ['a', 'b', 'c', 'nested']);
});

test("with `onConflict: 'refuse'` the later commit is answered by 409, and changes nothing", async t => {
  const { browser, run, errors } = await overlap(t, { store: memoryStore(), onConflict: 'refuse' });
  const [late, early] = await run({ late: set('c', 1), early: set('d', 1) });
  assert.deepEqual([late?.status, early?.status], [409, 200]);
  assert.equal((errors[0] as { code?: string }).code, 'ERR_SESSION_CONFLICT');
  assert.deepEqual(Object.keys((await browser.get('show')).json as object).sort(), ['a', 'b', 'd', 'nested']);
});

test('with a function for `onConflict` the app merges', async t => {
  const onConflict = (base: object, ours: object, theirs: object) => ({ base, ours, theirs });
  const { browser, run } = await overlap(t, { store: memoryStore(), onConflict });
  await run({ late: set('a', 2), early: set('a', 3) });
  const { base, ours, theirs } = (await browser.get('show')).json as Record<string, { a: number }>;
  assert.deepEqual([base?.a, ours?.a, theirs?.a], [1, 2, 3]);
});

test('a function for `onConflict` may be asynchronous', async t => {
  const onConflict = async (_base: object, ours: object, theirs: object) => ({
    ...theirs,
    ...ours,
    merged: true,
  });
  const { browser, run } = await overlap(t, { store: memoryStore(), onConflict });
  await run({ late: set('c', 1), early: set('d', 1) });
  const show = (await browser.get('show')).json;
  assert.deepEqual(show, { a: 1, b: 1, nested: { x: 1 }, c: 1, d: 1, merged: true });
});

for (const [what, merged] of Object.entries<unknown>({
  nothing: undefined,
  'a map': new Map(),
  'a promise of a list': Promise.resolve([]),
})) {
  test(`a function for \`onConflict\` that returns ${what} fails, and nothing is lost`, async t => {
    const { browser, run, errors } = await overlap(t, {
      store: memoryStore(),
      onConflict: () => merged as never,
    });
    const [late] = await run({ late: set('c', 1), early: set('d', 1) });
    assert.equal(late?.status, 500);
    assert.match(String(errors[0]), /TypeError: option `onConflict` must return the merged data/);
    assert.equal(((await browser.get('show')).json as { d: unknown }).d, 1);
  });
}

test('a conflict is told by an event, with the handle and what became of it', async t => {
  const { app, run } = await overlap(t, { store: memoryStore() });
  const conflicts = eventsOf(app, 'session:conflict');
  await run({ late: set('c', 1), early: set('d', 1) });
  assert.deepEqual(
    conflicts.map(({ reason }) => reason),
    ['merged'],
  );
  assert.equal(typeof conflicts[0]?.handle, 'string');
});

const NEW_IDENTITIES: Record<string, (ctx: Ctx) => unknown> = {
  regenerates: ctx => ctx.session.regenerate(),
  'signs in': set('user', 'ann'),
  'replaces all data': ctx => {
    ctx.session = { user: 'ann' };
  },
};

for (const [does, early] of Object.entries(NEW_IDENTITIES)) {
  const owner = ({ user }: { user?: string }) => user;

  test(`a change is dropped, and that is told, where another request ${does}`, async t => {
    const { app, browser, run } = await overlap(t, { store: memoryStore(), owner });
    const conflicts = eventsOf(app, 'session:conflict');
    const [late] = await run({ late: set('c', 1), early });
    assert.deepEqual([late.status, late.cookies], [200, []]);
    assert.deepEqual(
      conflicts.map(({ reason }) => reason),
      ['dropped'],
    );
    assert.equal(((await browser.get('show')).json as { c?: number }).c, undefined);
  });

  test(`a request that changes nothing conflicts with none that ${does}`, async t => {
    const { app, run } = await overlap(t, { store: memoryStore(), owner });
    const conflicts = eventsOf(app, 'session:conflict');
    await run({ late: ctx => ctx.session.save(), early });
    assert.deepEqual(conflicts, []);
  });
}

test('a change is told as dropped once, although a touch of the same request gave way before it', async t => {
  const { app, run } = await overlap(t, { store: memoryStore() });
  const conflicts = eventsOf(app, 'session:conflict');
  await run({
    late: async ctx => {
      await ctx.session.touch();
      ctx.session.c = 1;
      await ctx.session.save();
      ctx.session.c = 2;
    },
    early: ctx => ctx.session.regenerate(),
  });
  assert.deepEqual(
    conflicts.map(({ reason }) => reason),
    ['dropped'],
  );
});

test('a change is told as dropped, although an unchanged save of the same request gave way before it', async t => {
  const { app, run } = await overlap(t, { store: memoryStore() });
  const conflicts = eventsOf(app, 'session:conflict');
  const early = NEW_IDENTITIES['replaces all data'] as never;
  await run({
    late: async ctx => {
      await ctx.session.save();
      ctx.session.c = 1;
    },
    early,
  });
  assert.deepEqual(
    conflicts.map(({ reason }) => reason),
    ['dropped'],
  );
});

test('an `update()` after another request replaced all data is saved, and no drop is told', async t => {
  const { app, browser, run } = await overlap(t, { store: memoryStore() });
  const conflicts = eventsOf(app, 'session:conflict');
  const update = (ctx: Ctx) => ctx.session.update(data => Object.assign(data, { c: 1 }));
  const [late] = await run({ late: update, early: NEW_IDENTITIES['replaces all data'] as never });
  assert.equal(late.body, 'true');
  assert.deepEqual((await browser.get('show')).json, { user: 'ann', c: 1 });
  assert.deepEqual(conflicts, []);
});

test('what replaces all data while a save is under way replaces what another request has added, too', async t => {
  const store = failingStore(memoryStore());
  const { browser, run } = await overlap(t, { store });
  await run({
    late: async ctx => {
      ctx.session.c = 1;
      store.delay('update', 20);
      const saving = ctx.session.save();
      await sleep(5);
      ctx.session = { only: 1 };
      await saving;
    },
    early: set('d', 1),
  });
  assert.deepEqual((await browser.get('show')).json, { only: 1 });
});

test('if both replace all data, the earlier ones are left', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  const replace = (by: string) => (ctx: Ctx) => {
    ctx.session = { by };
  };
  await run({ late: replace('late'), early: replace('early') });
  assert.deepEqual((await browser.get('show')).json, { by: 'early' });
});

for (const does of ['regenerates', 'signs in']) {
  test(`a request that ${does} last keeps what another one has changed, under its new key`, async t => {
    const owner = ({ user }: { user?: string }) => user;
    const { browser, run } = await overlap(t, { store: memoryStore(), owner });
    const before = browser.cookies.get('koa.sess')?.value;
    await run({ late: NEW_IDENTITIES[does] as never, early: set('d', 1) });
    assert.notEqual(browser.cookies.get('koa.sess')?.value, before);
    assert.equal(((await browser.get('show')).json as { d?: number }).d, 1);
  });

  test(`an \`update()\` returns false where another request ${does}`, async t => {
    const owner = ({ user }: { user?: string }) => user;
    const { browser, run } = await overlap(t, { store: memoryStore(), owner });
    const update = (ctx: Ctx) => ctx.session.update(data => Object.assign(data, { c: 1 }));
    const [late] = await run({ late: update, early: NEW_IDENTITIES[does] as never });
    assert.equal(late.body, 'false');
    assert.equal(((await browser.get('show')).json as { c?: number }).c, undefined);
  });
}

test('after a save that was merged, the request goes on with the data of both', async t => {
  const { run } = await overlap(t, { store: memoryStore() });
  const [late] = await run({
    late: async ctx => {
      ctx.session.c = 1;
      await ctx.session.save();
      ctx.body = { ...ctx.session };
    },
    early: set('d', 1),
  });
  assert.deepEqual(late?.json, { a: 1, b: 1, nested: { x: 1 }, c: 1, d: 1 });
});

test('emptying a session does not swallow what another request wrote meanwhile', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  await run({
    late: ctx => {
      for (const name of Object.keys(ctx.session)) delete ctx.session[name];
    },
    early: set('kept', 1),
  });
  assert.deepEqual((await browser.get('show')).json, { kept: 1 });
});

for (const [what, early] of Object.entries<(ctx: Ctx) => unknown>({
  'replaced all data': ctx => {
    ctx.session = { other: 1 };
  },
  'regenerated the session': ctx => ctx.session.regenerate(),
  'logged out': ctx => {
    ctx.session = null;
  },
})) {
  test(`a request whose session another one ${what} writes nothing and sets no cookie`, async t => {
    const { browser, run } = await overlap(t, { store: memoryStore() });
    const [late, early_] = await run({ late: set('late', 1), early });
    assert.deepEqual([late?.status, early_?.status], [200, 200]);
    assert.deepEqual(late?.cookies, []);
    assert.equal(Object.hasOwn((await browser.get('show')).json as object, 'late'), false);
  });
}

for (const [does, regenerate] of Object.entries<(ctx: Ctx) => unknown>({
  'changes nothing': ctx => ctx.session.regenerate(),
  'changes data, too': ctx => {
    ctx.session.c = 1;
    return ctx.session.regenerate();
  },
  'has saved data before': async ctx => {
    ctx.session.c = 1;
    await ctx.session.save();
    await ctx.session.regenerate();
  },
})) {
  test(`one that regenerates, and ${does}, makes the old key worthless although another replaced all data`, async t => {
    const { app, browser, at, run } = await overlap(t, { store: memoryStore() });
    const conflicts = eventsOf(app, 'session:conflict');
    const stolen = `koa.sess=${browser.cookies.get('koa.sess')?.value}`;
    const signature = `koa.sess.sig=${browser.cookies.get('koa.sess.sig')?.value}`;
    await run({ late: regenerate, early: NEW_IDENTITIES['replaces all data'] as never });
    assert.deepEqual((await at.get('show', { cookie: `${stolen}; ${signature}` })).json, {});
    assert.deepEqual((await browser.get('show')).json, { user: 'ann' });
    const told = does === 'changes nothing' ? [] : ['dropped'];
    assert.deepEqual(
      conflicts.map(({ reason }) => reason),
      told,
    );
  });
}

for (const [how, finish, left] of [
  ['an `update()`', ctx => ctx.session.update(data => Object.assign(data, { n: 1 })), { n: 1 }],
  ['a `regenerate()`', ctx => ctx.session.regenerate(), {}],
] satisfies [string, (ctx: Ctx) => unknown, object][]) {
  test(`what ${how} drops for a new identity stays dropped, however often it is overtaken after that`, async t => {
    const store = memoryStore();
    const { browser, run } = await overlap(t, { store });
    const { find } = store;
    let beforeAnswer: (() => Promise<unknown>) | undefined;
    store.find = async (...args) => {
      const found = await find.apply(store, args);
      const next = beforeAnswer;
      beforeAnswer = undefined;
      await next?.();
      return found;
    };
    const changes = [NEW_IDENTITIES['replaces all data'] as never, set('d', 1)];
    await run({
      late: ctx => {
        ctx.session.c = 1;
        beforeAnswer = () => browser.copy().get('early');
        return finish(ctx);
      },
      early: ctx => changes.shift()?.(ctx),
    });
    assert.deepEqual((await browser.get('show')).json, { user: 'ann', d: 1, ...left });
  });
}

test('two requests that regenerate at once both get a session that works', async t => {
  const { run, at } = await overlap(t, { store: memoryStore() });
  const regenerate = (ctx: Ctx): Promise<void> => ctx.session.regenerate();
  for (const answer of await run({ late: regenerate, early: regenerate })) {
    const cookie = answer.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    assert.equal(((await at.get('show', { cookie })).json as { a: number }).a, 1);
  }
});

test('one that replaces all data while another regenerates gets no session of its own', async t => {
  const { app, browser, run } = await overlap(t, { store: memoryStore() });
  const conflicts = eventsOf(app, 'session:conflict');
  const replace = (ctx: Ctx): void => {
    ctx.session = { ...ctx.session, by: 'whoever has a copy of the old key' };
  };
  const [late] = await run({ late: replace, early: ctx => ctx.session.regenerate() });
  assert.deepEqual(late.cookies, []);
  assert.equal(((await browser.get('show')).json as { by?: string }).by, undefined);
  assert.deepEqual(
    conflicts.map(({ reason }) => reason),
    ['dropped'],
  );
});

test('one that regenerates ten seconds after another did gets no session of its own', async t => {
  for (const [later, isIn] of [
    [9_999, true],
    [10_000, false],
  ] as const) {
    const clock = manualClock();
    const { run } = await overlap(t, { store: memoryStore(), clock });
    const [late] = await run({
      late: ctx => {
        clock.advance(later);
        return ctx.session.regenerate();
      },
      early: ctx => ctx.session.regenerate(),
    });
    assert.equal(late.cookies.length > 0, isIn, `${later} ms later`);
  }
});

test('with `owner`, of two that regenerate at once the second gets none', async t => {
  const owner = (data: { a?: number }) => data.a;
  const { browser, run } = await overlap(t, { store: memoryStore(), owner } as never);
  const regenerate = (ctx: Ctx): Promise<void> => ctx.session.regenerate();
  const answers = await run({ late: regenerate, early: regenerate });
  assert.deepEqual(
    answers.map(({ cookies }) => cookies.length > 0),
    [false, true],
  );
  assert.equal(((await browser.get('show')).json as { a: number }).a, 1);
});

test('what replaces all data is not mixed with what another request added', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  await run({
    late: ctx => {
      ctx.session = { user: 'ann' };
    },
    early: set('added', 1),
  });
  assert.deepEqual((await browser.get('show')).json, { user: 'ann' });
});

test("a request that changes nothing is in nobody's way, though it saves: `onConflict: 'refuse'`", async t => {
  const { app, browser, run } = await overlap(t, { store: memoryStore(), onConflict: 'refuse' });
  const conflicts = eventsOf(app, 'session:conflict');
  const [late] = await run({ late: ctx => ctx.session.save(), early: set('d', 1) });
  assert.deepEqual([late?.status, conflicts], [200, []]);
  assert.equal(((await browser.get('show')).json as { d: number }).d, 1);
});

test('a session that is assigned to itself is not replaced', async t => {
  const { browser, run } = await overlap(t, { store: memoryStore() });
  await run({
    late: ctx => {
      ctx.session = Object.assign(ctx.session, { c: 1 });
    },
    early: set('d', 1),
  });
  assert.deepEqual((await browser.get('show')).json, { a: 1, b: 1, nested: { x: 1 }, c: 1, d: 1 });
});
