import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type Koa from 'koa';
import { appWith, type Ctx, errorsOf } from '../harness/app.js';
import { type Answer, type Browser, serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';

/** Two requests of one session, the late one of which reads before, and acts and commits after the early one. */
interface Pair {
  readonly late: (ctx: Ctx) => unknown;
  readonly early: (ctx: Ctx) => unknown;
}

interface Overlap {
  readonly app: Koa;
  /** Has the session; it keeps what both responses set, the late one's last. */
  readonly browser: Browser;
  /** Has no session. */
  readonly at: Browser;
  readonly errors: Error[];
  /** The answers to the late and to the early request. */
  run(pair: Pair): Promise<[Answer, Answer]>;
}

/** Serves an app, and a visitor whose session holds `{ a: 1, b: 1, nested: { x: 1 } }`. */
export async function overlap(t: TestContext, options: TestOptions): Promise<Overlap> {
  let pair: Pair | undefined;
  let earlyAnswer: Answer | undefined;
  const app = appWith(sojourn.createSession, options, {
    start: ctx => {
      ctx.session = { a: 1, b: 1, nested: { x: 1 } };
    },
    late: async ctx => {
      void ctx.session.a;
      earlyAnswer = await browser.copy().get('early');
      return pair?.late(ctx);
    },
    early: ctx => pair?.early(ctx),
    show: ctx => ({ ...ctx.session }),
  });
  const errors = errorsOf(app);
  const browser = await serve(t, app);
  const at = browser.stranger();
  await browser.get('start');
  return {
    app,
    browser,
    at,
    errors,
    async run(both) {
      pair = both;
      const lateAnswer = await browser.get('late');
      assert.ok(earlyAnswer, 'the early request was answered');
      if (lateAnswer.cookies.length === 0)
        for (const cookie of earlyAnswer.cookies) browser.cookies.set(cookie.name, cookie);
      return [lateAnswer, earlyAnswer];
    },
  };
}
