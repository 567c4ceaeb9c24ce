import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, type Ctx } from '../harness/app.js';
import { sojourn } from '../harness/packages.js';
import { serveSecurely } from '../harness/tls.js';
import { inEveryBrowser, visit } from './browsers.js';

const MINUTE = 60_000;

/** Where a session lives, and what a request may do there without undoing a logout that overlaps it. */
const CASES = {
  'a stored session': {
    options: { store: memoryStore() },
    late: (ctx: Ctx) => {
      ctx.session.page = Number(ctx.session.page ?? 0) + 1;
    },
  },
  'a cookie session that has an idle deadline': {
    options: {},
    late: (ctx: Ctx) => ctx.session.user,
  },
};

inEveryBrowser(newWindow => {
  for (const [where, { options, late }] of Object.entries(CASES)) {
    test(`a logout in one tab is seen in the other, and a late answer there does not sign in again: ${where}`, async t => {
      let now = Date.now();
      let whileUnderWay = async () => {};
      const app = appWith(
        sojourn.createSession,
        { ...options, idleTimeout: 30 * MINUTE, clock: () => now },
        {
          ...account,
          late: async ctx => {
            const { user } = ctx.session;
            await whileUnderWay();
            late(ctx);
            return `late answer to ${user}`;
          },
        },
      );
      const origin = await serveSecurely(t, 'app.test', app);
      const window = await newWindow(t);
      const [one, two] = [await window.newPage(), await window.newPage()];
      await visit(one, `${origin}/login`);
      assert.equal(await visit(two, `${origin}/`), '{"user":"ann"}');

      now += MINUTE;
      assert.equal(await visit(two, `${origin}/late`), 'late answer to ann');
      assert.equal(await visit(two, `${origin}/`), '{"user":"ann"}');

      now += MINUTE;
      whileUnderWay = async () => {
        await visit(one, `${origin}/logout`);
      };
      assert.equal(await visit(two, `${origin}/late`), 'late answer to ann');
      for (const tab of [two, one]) assert.equal(await visit(tab, `${origin}/`), '{"user":null}');
    });
  }
});
