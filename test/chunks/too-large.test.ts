import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { SessionTooLargeError, sealed } from 'sojourn';
import { appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { KEY, site } from './site.js';

describe('a session that is too large', () => {
  const fields: Routes = {
    '': ctx => {
      ctx.session.name_of_the_user = 'ann the secret';
      ctx.session.cart = ['one of these'];
      ctx.session.big = 'x'.repeat(Number(ctx.query.size));
      ctx.session.draft = 'y'.repeat(200);
    },
    read: site.read as Routes[string],
  };

  async function failure(t: TestContext, options: TestOptions, size: number) {
    const app = appWith(sojourn.createSession, options, fields);
    const errors = errorsOf(app) as SessionTooLargeError[];
    const answer = await (await serve(t, app)).get(`?size=${size}`);
    assert.deepEqual([answer.status, answer.cookies], [500, []]);
    return errors[0] as SessionTooLargeError;
  }

  for (const [what, options, message] of [
    ['for one cookie', {}, /would be 9\d\d\d bytes.*4096.*`store`.*`oversize: 'chunk'`/],
    ['for the chunks', { oversize: 'chunk' }, /would be 9\d\d\d bytes in all.*allows 7168.*`store`/],
    ['for the bytes that are given', { oversize: { chunk: 8000 } }, /allows 8000/],
    ['for one sealed cookie', { ...sealed(KEY) }, /4096/],
  ] as [string, TestOptions, RegExp][]) {
    test(`${what} is an error that tells its size and its largest fields' names, and no value`, async t => {
      const error = await failure(t, options, 6500);
      assert.deepEqual([error.name, error.code], ['SessionTooLargeError', 'ERR_SESSION_TOO_LARGE']);
      assert.match(error.message, message);
      assert.match(error.message, /largest fields: "big","draft","name_of_the_user"$/);
      assert.deepEqual(error.fields, ['big', 'draft', 'name_of_the_user']);
      assert.ok((error.size ?? 0) > 8600 && (error.size ?? 0) < 9999);
      assert.doesNotMatch(`${error.message}${JSON.stringify(error)}`, /secret|xxx|yyy/);
    });
  }

  test('beyond any number of chunks is that same error', async t => {
    assert.match((await failure(t, { oversize: { chunk: 65_536 } }, 200_000)).message, /allows 65536/);
  });

  test('beyond the number of chunks that are read is that same error, whatever a request allows', async t => {
    const browser = await visit(
      t,
      {},
      {
        '': ctx => {
          ctx.sessionOptions.oversize = { chunk: 1_000_000 };
          ctx.session.text = 'x'.repeat(70_000);
        },
      },
    );
    const answer = await browser.get();
    assert.deepEqual([answer.status, answer.cookies], [500, []]);
  });

  test('under a name that leaves no room for a chunk is that same error', async t => {
    const key = 'k'.repeat(4090);
    assert.match((await failure(t, { key, oversize: 'chunk' }, 10)).message, /allows 7168/);
  });

  test('names long fields by their beginnings', async t => {
    const app = appWith(
      sojourn.createSession,
      {},
      {
        '': ctx => {
          ctx.session['n'.repeat(5000)] = 1;
        },
      },
    );
    const errors = errorsOf(app) as SessionTooLargeError[];
    await (await serve(t, app)).get();
    assert.deepEqual(errors[0]?.fields, ['n'.repeat(64)]);
  });

  test('up to 7 KB of cookies are sent, and they fit the 8 KB line of a proxy', async t => {
    const browser = await visit(
      t,
      { oversize: 'chunk', encode: ({ text }) => String(text), decode: text => ({ text }) },
      site,
    );
    const sizeOf = async (size: number) => {
      const answer = await browser.get(`fill?size=${size}`);
      if (answer.status !== 200) return Number.POSITIVE_INFINITY;
      const cookies = answer.cookies.filter(({ name }) => !name.endsWith('.sig'));
      return cookies.reduce((total, { name, value }) => total + name.length + value.length, 0);
    };
    const overhead = (await sizeOf(7000)) - 7000;
    assert.equal(await sizeOf(7168 - overhead), 7168);
    assert.ok(`Cookie: ${browser.cookieHeader}\r\n`.length < 7500);
    assert.equal((await browser.get('read')).body, `known ${7168 - overhead}`);
    assert.equal(await sizeOf(7169 - overhead), Number.POSITIVE_INFINITY);
  });

  test('up to the bytes that are given, where the server takes them', async t => {
    const app = appWith(sojourn.createSession, { oversize: { chunk: 65_536 } }, site);
    const browser = await serve(t, app, { maxHeaderSize: 100_000 });
    const answer = await browser.get('fill?size=9000');
    assert.equal(answer.cookie()?.value.slice(0, 5), '~1.3.');
    assert.equal((await browser.get('read')).body, 'known 9000');
  });

  test('is an error too where the key of a stored session is what is large', async t => {
    const store = new RecordStore();
    const options: TestOptions = { store, prefix: 'k'.repeat(4080) };
    assert.match((await failure(t, options, 10)).message, /would be 4124 bytes.*`prefix`.* shorter keys$/);
  });

  for (const prolonging of [{ rolling: true }, { renew: true, clock: () => Date.now() + 50_000_000 }]) {
    test(`that cannot be sent once more is read all the same, and that is told: ${Object.keys(prolonging)[0]}`, async t => {
      const writer = await visit(t, { oversize: 'chunk' }, site);
      await writer.get('fill?size=5000');
      const app = appWith(sojourn.createSession, prolonging, site);
      const [errors, told] = [errorsOf(app), eventsOf(app, 'session:error')];
      const reader = await serve(t, app);
      const answer = await reader.get('read', { cookie: writer.cookieHeader });
      assert.deepEqual([answer.status, answer.body, answer.cookies], [200, 'known 5000', []]);
      assert.deepEqual([errors, told.length], [[], 1]);
      assert.ok(told[0]?.error instanceof SessionTooLargeError);
      const change = await reader.get('fill?size=5001', { cookie: writer.cookieHeader });
      assert.equal(change.status, 500);
    });
  }

  test('is an error where the app asks for another key', async t => {
    const writer = await visit(t, { oversize: 'chunk' }, site);
    await writer.get('fill?size=5000');
    const reader = await visit(
      t,
      {},
      {
        ...site,
        regenerate: async ctx => {
          await assert.rejects(ctx.session.regenerate(), SessionTooLargeError);
        },
      },
    );
    const answer = await reader.get('regenerate', { cookie: writer.cookieHeader });
    assert.deepEqual([answer.status, answer.cookies], [200, []]);
  });

  test('may always be ended', async t => {
    const browser = await visit(t, { oversize: 'chunk' }, { ...site });
    await browser.get('fill?size=5000');
    assert.equal((await browser.get('fill?size=9000')).status, 500);
    assert.equal((await browser.get('read')).body, 'known 5000');
    assert.equal((await browser.get('logout')).status, 200);
    assert.equal(browser.cookieHeader, '');
  });
});
