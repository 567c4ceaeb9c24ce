import assert from 'node:assert/strict';
import { account, type Handler, type Routes } from '../harness/app.js';
import { mended } from '../harness/side-by-side.js';

/** Holds requests until as many have come as were expected. */
function meeting(expected: number): () => Promise<void> {
  const arrived: (() => void)[] = [];
  return () =>
    new Promise(resolve => {
      arrived.push(resolve);
      if (arrived.length === expected) for (const go of arrived) go();
    });
}

mended('two overlapping requests that each add a field lose neither', async ({ createStore, visit }) => {
  const bothHere = meeting(2);
  const add: Handler = async ctx => {
    ctx.session[String(ctx.query.field)] = true;
    await bothHere();
  };
  const show: Handler = ({ session: { one, two } }) => ({ one, two });
  const browser = await visit({ store: createStore() }, { ...account, add, show });
  await browser.get('login');
  await Promise.all([browser.get('add?field=one'), browser.get('add?field=two')]);
  assert.equal((await browser.get('show')).body, '{"one":true,"two":true}');
});

/** A request `slow` reads its session, waits until a logout is over, and then does this to what it has. */
function overtaken(act: Handler): Routes {
  const [hasRead, isOver] = [meeting(2), meeting(2)];
  return {
    ...account,
    slow: async ctx => {
      void ctx.session.user;
      await hasRead();
      await isOver();
      await act(ctx);
    },
    logout: async ctx => {
      await hasRead();
      ctx.session = null;
    },
    over: isOver,
  };
}

for (const [what, act, options] of [
  [
    'a change',
    ctx => {
      ctx.session.seen = true;
    },
    {},
  ],
  ['a read with `rolling`', ctx => ctx.session.user, { rolling: true }],
] as [string, Handler, object][]) {
  mended(`${what} that was under way at logout does not log in again`, async ({ createStore, visit }) => {
    const browser = await visit({ store: createStore(), ...options }, overtaken(act));
    await browser.get('login');
    const other = browser.copy();
    const slow = other.copy().get('slow');
    await browser.get('logout');
    await browser.get('over');
    const answer = await slow;
    assert.equal((await other.get()).body, '{"user":null}');
    assert.deepEqual([answer.status, answer.cookies], [200, []]);
  });
}
