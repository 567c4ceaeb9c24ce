import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { manualClock } from 'sojourn/testing';
import type { Ctx, Routes } from '../harness/app.js';
import type { Answer, Browser } from '../harness/browser.js';
import { stoppedClock } from '../harness/clock.js';
import { dataOf, gate, infoOf, type Site, STORES, siteWith, skipOf } from './site.js';

/** What a slow request does to its session, once it has been let go. */
const SLOW: Routes = {
  write: ctx => {
    ctx.session.page = 'slow';
  },
  replace: ctx => {
    ctx.session = { user: ctx.session.user, page: 'slow' };
  },
  save: ctx => ctx.session.save(),
  update: ctx => ctx.session.update(data => Object.assign(data, { page: 'slow' })),
  regenerate: ctx => ctx.session.regenerate(),
};

/** Lets a request come in and load its session, does something else meanwhile, and then lets it go on. */
async function overtaken(
  t: import('node:test').TestContext,
  store: import('sojourn').SessionStore,
  { slow, meanwhile }: { slow: (ctx: Ctx) => unknown; meanwhile: (site: Site) => Promise<unknown> },
): Promise<{ site: Site; answer: Answer; late: Browser }> {
  const held = gate();
  const site = await siteWith(
    t,
    store,
    {},
    {
      slow: async ctx => {
        await held.pass();
        await slow(ctx);
      },
    },
  );
  const { browser } = site;
  await browser.get('visit');
  await browser.get('login');
  const late = browser.copy();
  const answering = late.get('slow');
  await held.entered;
  await meanwhile(site);
  held.open();
  return { site, answer: await answering, late };
}

for (const [name, open] of Object.entries(STORES)) {
  describe(`with revocations in ${name}`, { skip: skipOf(name) }, () => {
    for (const [action, slow] of Object.entries(SLOW)) {
      test(`a slow ${action} brings no session back after a logout`, async t => {
        const { site, answer, late } = await overtaken(t, await open(t), {
          slow: slow as never,
          meanwhile: ({ browser }) => browser.get('logout'),
        });
        assert.equal(answer.status, 200, 'an innocent race is no error');
        assert.deepEqual(await dataOf(late), {});
        assert.equal((await infoOf(late)).ended?.reason, 'logout');
        site.browser.receive(answer);
        assert.deepEqual(await dataOf(site.browser), {}, 'though it came last');
      });

      test(`a slow ${action} does not escape the end of all sessions of its account`, async t => {
        const clock = stoppedClock(t);
        const { late } = await overtaken(t, await open(t), {
          slow: slow as never,
          meanwhile: async ({ sessions }) => {
            clock.advance(1);
            await sessions.endAll('ann');
            clock.advance(1000);
          },
        });
        assert.equal((await infoOf(late)).ended?.reason, 'revoked');
      });
    }
  });
}

test('a slow logout ends the session that was regenerated meanwhile', async t => {
  const { site, answer } = await overtaken(t, memoryStore(), {
    slow: ctx => {
      ctx.session = null;
    },
    meanwhile: ({ browser }) => browser.get('regenerate'),
  });
  assert.equal(answer.cookie()?.expiresAt, 0);
  assert.equal((await infoOf(site.browser)).ended?.reason, 'logout');
});

test('a regeneration that comes after a logout sets no cookie', async t => {
  const { answer } = await overtaken(t, memoryStore(), {
    slow: ctx => ctx.session.regenerate(),
    meanwhile: ({ browser }) => browser.get('logout'),
  });
  assert.deepEqual(answer.cookies, []);
});

test('a second logout clears no cookie: somebody may be signing in', async t => {
  const { answer } = await overtaken(t, memoryStore(), {
    slow: ctx => {
      ctx.session = null;
    },
    meanwhile: ({ browser }) => browser.get('logout'),
  });
  assert.deepEqual([answer.status, answer.cookies], [200, []]);
});

test('of two regenerations at once each has a session that works, and what was before them is dead', async t => {
  const held = gate();
  const routes: Routes = {
    slow: async ctx => {
      await held.pass();
      await ctx.session.regenerate();
    },
  };
  const { browser } = await siteWith(t, memoryStore(), {}, routes);
  await browser.get('login');
  const [before, late] = [browser.copy(), browser.copy()];
  const answering = late.get('slow');
  await held.entered;
  await browser.get('regenerate');
  held.open();
  await answering;
  for (const each of [browser, late]) assert.deepEqual(await dataOf(each), { user: 'ann' });
  assert.equal((await infoOf(before)).ended?.reason, 'rotated');
});

test('a regeneration that comes ten seconds after another one gets no cookie', async t => {
  for (const [later, isIn] of [
    [9_999, true],
    [10_000, false],
  ] as const) {
    const [clock, held] = [manualClock(), gate()];
    const routes: Routes = {
      slow: async ctx => {
        await held.pass();
        await ctx.session.regenerate();
      },
    };
    const { browser } = await siteWith(t, memoryStore(), { clock }, routes);
    await browser.get('login');
    const late = browser.copy();
    const answering = late.get('slow');
    await held.entered;
    await browser.get('regenerate');
    clock.advance(later);
    held.open();
    assert.equal((await answering).cookies.length > 0, isIn, `${later} ms later`);
    assert.deepEqual(await dataOf(browser), { user: 'ann' });
  }
});

test('a login that was clicked twice ends signed in, whichever answer comes last', async t => {
  const held = gate();
  const routes: Routes = {
    slow: async ctx => {
      await held.pass();
      ctx.session.user = 'ann';
    },
  };
  const { browser } = await siteWith(t, memoryStore(), {}, routes);
  await browser.get('visit');
  const late = browser.copy();
  const answering = late.get('slow');
  await held.entered;
  const first = await browser.get('login');
  held.open();
  const second = await answering;
  assert.deepEqual(
    await dataOf(late),
    { cart: ['tea'], user: 'ann' },
    'who got the second answer alone, too',
  );
  for (const order of [
    [first, second],
    [second, first],
  ]) {
    const tab = browser.copy();
    for (const answer of order) tab.receive(answer);
    assert.deepEqual(await dataOf(tab), { cart: ['tea'], user: 'ann' });
  }
});

test('a slow sign-out does not give nobody the session that was ended meanwhile', async t => {
  const { answer } = await overtaken(t, memoryStore(), {
    slow: ctx => {
      delete ctx.session.user;
    },
    meanwhile: ({ browser }) => browser.get('logout'),
  });
  assert.deepEqual(answer.cookies, []);
});
