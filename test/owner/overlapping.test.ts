import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import type { Ctx } from '../harness/app.js';
import { overlap } from '../overlap/overlap.js';

const owner = (data: { user?: string }) => data.user;
const options = () => ({ store: memoryStore(), owner });

const login = (ctx: Ctx) => {
  ctx.session.user = 'ann';
};
const change = (ctx: Ctx) => {
  ctx.session.c = 1;
};
const regenerate = (ctx: Ctx) => ctx.session.regenerate();
const logout = (ctx: Ctx) => {
  ctx.session = null;
};

test('a double-clicked sign-in ends signed in, whichever response comes last', async t => {
  const { run, browser } = await overlap(t, options());
  const [late, early] = await run({ late: login, early: login });
  assert.deepEqual([late.status, early.status], [200, 200]);
  for (const answer of [late, early]) {
    browser.receive(answer);
    assert.equal(((await browser.get('show')).json as { user?: string }).user, 'ann');
  }
});

test('a sign-in that a new key overtook ends signed in', async t => {
  const { run, browser } = await overlap(t, options());
  await run({ late: login, early: regenerate });
  assert.deepEqual((await browser.get('show')).json, { a: 1, b: 1, nested: { x: 1 }, user: 'ann' });
});

test('a sign-in is put on top of what another request changed', async t => {
  const { run, browser } = await overlap(t, options());
  await run({ late: login, early: change });
  assert.deepEqual((await browser.get('show')).json, { a: 1, b: 1, nested: { x: 1 }, c: 1, user: 'ann' });
});

for (const [what, late] of Object.entries({ change, regenerate, update: updating })) {
  test(`a late ${what} with the key from before a sign-in writes nothing and leaves the cookie alone`, async t => {
    const { run, browser } = await overlap(t, options());
    const [answer] = await run({ late, early: login });
    assert.deepEqual([answer.status, answer.cookies.length], [200, 0]);
    assert.deepEqual((await browser.get('show')).json, { a: 1, b: 1, nested: { x: 1 }, user: 'ann' });
  });

  test(`a late ${what} does not bring back a session that was logged out`, async t => {
    const { run, browser } = await overlap(t, options());
    const [answer] = await run({ late, early: logout });
    assert.deepEqual([answer.status, answer.cookies.length], [200, 0]);
    assert.deepEqual((await browser.get('show')).json, {});
  });
}

const signOut = (ctx: Ctx) => {
  delete ctx.session.user;
};

for (const [what, early] of Object.entries({ regenerate, 'replacement of all data': replacing })) {
  test(`a sign-out that a ${what} overtook signs out`, async t => {
    const { run, browser } = await overlap(t, options());
    await run({ late: login, early: () => {} });
    const [answer] = await run({ late: signOut, early });
    assert.equal(answer.status, 200);
    assert.deepEqual((await browser.get('show')).json, {});
  });
}

test('a sign-out leaves alone whom another request has signed in meanwhile', async t => {
  const { run, browser } = await overlap(t, options());
  await run({ late: login, early: () => {} });
  const bob = (ctx: Ctx) => {
    ctx.session.user = 'bob';
  };
  await run({ late: signOut, early: bob });
  assert.equal(((await browser.get('show')).json as { user?: string }).user, 'bob');
});

function replacing(ctx: Ctx) {
  ctx.session = { user: 'ann', a: 2 };
}

function updating(ctx: Ctx) {
  return ctx.session.update(data => Object.assign(data, { c: 1 }));
}

test('a request whose changes were dropped for a new identity under the same key still has its session', async t => {
  const { run } = await overlap(t, { store: memoryStore() });
  const replace = (ctx: Ctx) => {
    ctx.session = { a: 2 };
  };
  const [late] = await run({
    late: async ctx => {
      ctx.session.c = 1;
      await ctx.session.save();
      ctx.body = ctx.sessionInfo.ended ?? 'not ended';
    },
    early: replace,
  });
  assert.equal(late.body, 'not ended');
});
