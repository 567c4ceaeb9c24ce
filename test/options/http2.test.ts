import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { account, appWith } from '../harness/app.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';

/** What an app that is served by HTTP/2 alone answers to this path: the status, and the lines that set cookies. */
async function site(t: TestContext, options: TestOptions) {
  const app = appWith(sojourn.createSession, options, account);
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => {
    client.destroy();
    server.close();
  });
  return async (path: string): Promise<[status: unknown, cookies: readonly string[]]> => {
    const stream = client.request({ ':path': `/${path}` });
    const [headers] = await once(stream, 'response');
    await once(stream.resume(), 'end');
    return [headers[':status'], headers['set-cookie'] ?? []];
  };
}

describe('over HTTP/2', () => {
  test('every response sets the cookie of a session that has changed', async t => {
    const get = await site(t, {});
    for (let i = 0; i < 4; i++) {
      const [status, cookies] = await get('login');
      assert.equal(status, 200);
      assert.deepEqual(
        cookies.map(line => line.slice(0, line.indexOf('='))),
        ['koa.sess', 'koa.sess.sig'],
      );
    }
  });

  // Node looks for nothing in a header there, and sends the low byte of each unit: U+013B becomes a semicolon.
  for (const text of [
    'a\u013b domain=evil.example',
    'a; domain=evil.example',
    'a\r\nX: 1',
    'a\u0100',
    '\ud800',
    '日',
  ]) {
    for (const signed of [true, false]) {
      test(`no response sets a cookie that none can be, signed: ${signed}, ${JSON.stringify(text)}`, async t => {
        let made = 'ok';
        const get = await site(t, { signed, encode: () => made, decode: () => ({}) });
        for (let i = 0; i < 3; i++) assert.equal((await get('login'))[0], 200);
        made = text;
        assert.deepEqual(await get('login'), [500, []]);
      });
    }
  }
});
