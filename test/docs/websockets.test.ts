import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type Koa from 'koa';
import { io } from 'socket.io-client';
import { type SessionManager, session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { WebSocket } from 'ws';
import { bareApp, router } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import { ROUTES } from '../open/site.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const guide = readFileSync(join(root, 'docs/guide/websockets.md'), 'utf8');

type Example = (app: Koa, server: Server, sessions: SessionManager) => void;

/** The example under this heading of the guide, as it stands there. */
async function exampleOf(t: TestContext, heading: string): Promise<Example> {
  const section = guide.split(`\n## ${heading}\n`)[1] ?? assert.fail(`no ${heading}`);
  const code = /```js\n([\s\S]*?)```/.exec(section)?.[1] ?? assert.fail(`no code under ${heading}`);
  const [imports = '', ...rest] = code.split('\n\n');
  const file = join(root, 'build', `guide-${heading.replaceAll(' ', '-')}-${process.pid}.mjs`);
  writeFileSync(file, `${imports}\nexport default (app, server, sessions) => {\n${rest.join('\n\n')}\n};\n`);
  t.after(() => rmSync(file));
  return (await import(file)).default;
}

/** The example on a server, and a visitor who is signed in. */
async function served(t: TestContext, heading: string) {
  const example = await exampleOf(t, heading);
  const app = bareApp();
  const store = memoryStore();
  const sessions = session<object>(app, { store, owner: ((data: { user?: string }) => data.user) as never });
  const server = createServer((req, res) => void app.callback()(req, res));
  const watched = watchedOf(sessions);
  example(app, server, watched.sessions as never);
  app.use(sessions).use(router(ROUTES));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await browser.get('login');
  return { browser, sessions, isClosed: watched.isClosed, headers: { cookie: browser.cookieHeader } };
}

/** The same sessions, and whether each that was opened has been closed. */
function watchedOf(sessions: SessionManager<object>) {
  const closed: Promise<void>[] = [];
  return {
    isClosed: async () => {
      assert.equal(closed.length, 1);
      await closed[0];
    },
    sessions: {
      ...sessions,
      open: async (...call: Parameters<typeof sessions.open>) => {
        const opened = await sessions.open(...call);
        if (!opened) return null;
        const { promise, resolve: onClose } = deferred();
        closed.push(promise);
        const close = () => {
          opened.close();
          onClose();
        };
        return { ...opened, close };
      },
    },
  };
}

function deferred() {
  let resolvePromise = (): void => {};
  const promise = new Promise<void>(resolve => {
    resolvePromise = resolve;
  });
  return { promise, resolve: resolvePromise };
}

test('the example for ws: the account at the handshake, and closed at once when the session ends', async t => {
  const { browser, sessions, headers, isClosed } = await served(t, 'ws');
  const url = browser.base.replace('http', 'ws');
  const [, unknown] = await once(new WebSocket(url), 'unexpected-response');
  assert.equal(unknown.statusCode, 401);
  const foreign = new WebSocket(url, { headers, origin: 'https://evil.example' });
  const [, refusal] = await once(foreign, 'unexpected-response');
  assert.equal(refusal.statusCode, 401);
  const socket = new WebSocket(url, { headers, origin: browser.base });
  const [hello] = await once(socket, 'message');
  assert.equal(String(hello), 'hello ann');
  await sessions.endAll('ann');
  const [code, reason] = await once(socket, 'close');
  assert.deepEqual([code, String(reason)], [4001, 'revoked']);
  await isClosed();
});

test('the example for socket.io: the account at the handshake, and closed at once when the session ends', async t => {
  const { browser, headers, isClosed } = await served(t, 'socket.io');
  const connect = (extraHeaders: Record<string, string>) => {
    const socket = io(browser.base, { extraHeaders, forceNew: true, reconnection: false });
    t.after(() => socket.close());
    return socket;
  };
  const heard = (socket: ReturnType<typeof connect>, event: string) =>
    new Promise(resolve => socket.once(event, resolve));
  const refused = (await heard(connect({}), 'connect_error')) as Error;
  assert.equal(refused.message, 'nobody is signed in');
  const foreign = connect({ ...headers, origin: 'https://evil.example' });
  assert.equal(((await heard(foreign, 'connect_error')) as Error).message, 'nobody is signed in');
  const socket = connect({ ...headers, origin: browser.base });
  assert.equal(await heard(socket, 'hello'), 'ann');
  const [ended, closed] = [heard(socket, 'ended'), heard(socket, 'disconnect')];
  await browser.get('logout');
  assert.equal(await ended, 'logout');
  assert.equal(await closed, 'io server disconnect');
  await isClosed();
});

test('the example for server-sent events: the account first, and the end of the session last', async t => {
  const { browser, sessions, headers, isClosed } = await served(t, 'Server-sent events');
  assert.equal((await browser.stranger().get('events')).status, 401);
  const foreign = await browser.get('events', { headers: { origin: 'https://evil.example' } });
  assert.equal(foreign.status, 401);
  const response = await fetch(`${browser.base}/events`, { headers });
  const events: string[] = [];
  for await (const chunk of response.body ?? []) {
    events.push(Buffer.from(chunk).toString());
    await sessions.endAll('ann', { reason: 'stolen' });
  }
  assert.deepEqual(events, ['event: hello\ndata: ann\n\n', 'event: ended\ndata: stolen\n\n']);
  await isClosed();
});

test('a client that leaves ends the watch', async t => {
  const { browser, headers, isClosed } = await served(t, 'ws');
  const socket = new WebSocket(browser.base.replace('http', 'ws'), { headers });
  await once(socket, 'message');
  socket.terminate();
  await isClosed();
});

for (const [heading, refusal] of Object.entries<
  (base: string, headers: { cookie: string }) => Promise<unknown>
>({
  ws: async (base, headers) => {
    const socket = new WebSocket(base.replace('http', 'ws'), { headers });
    return (await once(socket, 'unexpected-response'))[1].statusCode;
  },
  'socket.io': async (base, extraHeaders) => {
    const socket = io(base, { extraHeaders, forceNew: true, reconnection: false });
    const error: Error = await new Promise(resolve => socket.once('connect_error', resolve));
    return error.message;
  },
  'Server-sent events': async (base, headers) => (await fetch(`${base}/events`, { headers })).status,
})) {
  test(`the example for ${heading} lets in nobody who has a session and is not signed in`, async t => {
    const { browser, isClosed } = await served(t, heading);
    const visitor = browser.stranger();
    await visitor.get('change');
    const told = await refusal(browser.base, { cookie: visitor.cookieHeader });
    assert.equal(told, heading === 'socket.io' ? 'nobody is signed in' : 401);
    await isClosed();
  });
}
