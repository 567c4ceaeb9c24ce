import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ctx } from '../harness/app.js';
import { CHANGEABLE, FIXED, otherValueOf } from '../harness/options.js';
import { visit } from '../harness/visit.js';

test('`ctx.sessionOptions` refuses what counts for the whole middleware, and takes it as it is', async t => {
  const browser = await visit(
    t,
    {},
    {
      '': ctx => {
        const refused = FIXED.filter(name => {
          // What an app copies from there, it may put back.
          Object.assign(ctx.sessionOptions, { [name]: ctx.sessionOptions[name] });
          try {
            ctx.sessionOptions[name] = otherValueOf(name);
            return false;
          } catch (error) {
            assert.match(
              (error as Error).message,
              new RegExp(`^option \`${name}\` cannot be changed for one request`),
            );
            assert.equal((error as { code?: string }).code, 'ERR_SESSION_OPTIONS');
            return true;
          }
        });
        return refused;
      },
    },
  );
  assert.deepEqual((await browser.get()).json, FIXED);
});

test('options that were not given may be put back in any way of not giving them', async t => {
  const browser = await visit(
    t,
    {},
    {
      '': ctx => {
        Object.assign(ctx.sessionOptions, { idleTimeout: Infinity, genid: null, store: undefined });
      },
    },
  );
  assert.equal((await browser.get()).body, 'ok');
});

test('every option is one or the other', async t => {
  const browser = await visit(t, {}, { '': ctx => Object.keys(ctx.sessionOptions) });
  const known = (await browser.get()).json as string[];
  assert.deepEqual(
    known.filter(name => !FIXED.includes(name) && !CHANGEABLE.includes(name)),
    [],
  );
});

test('`ctx.sessionOptions.autoCommit = false` leaves the commit to the app, for this request', async t => {
  const browser = await visit(
    t,
    {},
    {
      manual: ctx => {
        ctx.sessionOptions.autoCommit = false;
        ctx.session.user = 'ann';
      },
      login: ctx => {
        ctx.session.user = 'ann';
      },
    },
  );
  assert.deepEqual((await browser.get('manual')).cookies, []);
  assert.ok((await browser.get('login')).cookie());
});

test("a request's own options do not outlive it", async t => {
  const browser = await visit(
    t,
    {},
    {
      '': (ctx: Ctx) => {
        const { path } = ctx.sessionOptions;
        ctx.sessionOptions.path = '/once';
        return path ?? 'none';
      },
    },
  );
  assert.equal((await browser.get()).body, 'none');
  assert.equal((await browser.get()).body, 'none');
});

test('`ctx.sessionOptions` as a whole cannot be replaced: that would be in vain', async t => {
  const browser = await visit(
    t,
    {},
    {
      '': ctx => {
        assert.throws(() => Object.assign(ctx, { sessionOptions: { maxAge: 1000 } }), {
          name: 'TypeError',
          message: 'ctx.sessionOptions cannot be assigned',
        });
      },
    },
  );
  assert.equal((await browser.get()).status, 200);
});
