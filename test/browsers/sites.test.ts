import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Koa from 'koa';
import { memoryStore } from 'sojourn/memory';
import { appWith, bareApp, type Ctx, type Routes, router } from '../harness/app.js';
import { sojourn } from '../harness/packages.js';
import { serveSecurely } from '../harness/tls.js';
import { follow, inEveryBrowser, textOfFrame, visit } from './browsers.js';

const KINDS = ['strict', 'lax', 'none'] as const;

const sessionOf = (ctx: Ctx, property: string) => ctx[property] as Record<string, unknown>;

/** An app that has a session of each kind, and tells which of them a request came with. */
function appOfAllKinds(): Koa {
  const app = bareApp();
  for (const sameSite of KINDS) {
    app.use(sojourn.createSession(app, { key: sameSite, property: sameSite, sameSite, secure: true }));
  }
  return app.use(
    router({
      login: ctx => {
        for (const kind of KINDS) sessionOf(ctx, kind).user = 'ann';
      },
      '': ctx => KINDS.filter(kind => sessionOf(ctx, kind).user).join(' ') || 'no session',
    }),
  );
}

/** Pages that lead to an address. */
function pagesWith(target: string): Koa {
  return bareApp().use(
    router({
      link: () => `<a href="${target}">a link</a>`,
      form: () => `<form method="post" action="${target}"><button>a form</button></form>`,
      frame: () => `<iframe src="${target}"></iframe>`,
    }),
  );
}

/** Counts the views of a session. */
const counter: Routes = {
  '': ctx => {
    ctx.session.views = Number(ctx.session.views ?? 0) + 1;
    return String(ctx.session.views);
  },
};

const FRAMED = [
  [true, ['1', '2', '1', '2', '1'], 'a `partitioned` session lives in frames, another one under each site'],
  [false, ['1', '1', '1', '1', '1'], 'one that is not `partitioned` lives in no frame'],
] as const;

inEveryBrowser(newWindow => {
  test('SameSite decides which requests from another site come with the session', async t => {
    const origin = await serveSecurely(t, 'app.test', appOfAllKinds());
    const page = await (await newWindow(t)).newPage();
    await visit(page, `${origin}/login`);
    const all = 'strict lax none';
    assert.equal(await visit(page, `${origin}/`), all);

    for (const [host, link, form, frame] of [
      ['sub.app.test', all, all, all],
      ['other.test', 'lax none', 'none', 'no session'],
    ] as const) {
      const from = await serveSecurely(t, host, pagesWith(origin));
      await visit(page, `${from}/link`);
      assert.equal(await follow(page, 'a'), link, `a link on ${host}`);
      await visit(page, `${from}/form`);
      assert.equal(await follow(page, 'button'), form, `a form on ${host}`);
      await visit(page, `${from}/frame`);
      assert.equal(await textOfFrame(page), frame, `a frame on ${host}`);
    }
    assert.equal(await visit(page, `${origin}/`), all, 'what came without a session ended none');
  });

  for (const [partitioned, expected, promise] of FRAMED) {
    test(`where the cookies of third parties are blocked, ${promise}`, async t => {
      const options = { store: memoryStore(), secure: true, sameSite: 'none', partitioned };
      const embedded = await serveSecurely(t, 'app.test', appWith(sojourn.createSession, options, counter));
      const page = await (await newWindow(t)).newPage();
      const views: string[] = [];
      for (const host of ['other.test', 'third.test']) {
        const around = await serveSecurely(t, host, pagesWith(embedded));
        for (let i = 0; i < 2; i++) {
          await visit(page, `${around}/frame`);
          views.push(await textOfFrame(page));
        }
      }
      views.push(await visit(page, `${embedded}/`));
      assert.deepEqual(views, expected);
    });
  }
});
