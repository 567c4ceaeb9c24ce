import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { WebSocket } from 'ws';
import { account, bareApp, type Ctx, router } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import { missing, startNginx } from './nginx.js';

/** A visitor who is signed in, at an nginx that tells the app of this host; the app refuses a handshake with a 403. */
async function behindNginx(t: TestContext, host: string): Promise<Browser> {
  const app = bareApp();
  const sessions = session(app, { store: memoryStore() });
  app.use(sessions);
  app.use(router({ ...account, events }));
  const server = createServer(app.callback());
  server.on('upgrade', async (req, socket) => {
    const opened = await sessions.open(req);
    opened?.close();
    socket.end(`HTTP/1.1 ${opened ? 200 : 403} Known\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const browser = new Browser(`http://127.0.0.1:${await startNginx(t, { http: proxyTo(port, host) })}`);
  await browser.get('login');
  return browser;
}

const proxyTo = (appPort: number, host: string) => (port: number) =>
  `
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${appPort};
      proxy_set_header Host ${host};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  }`;

/** A stream of one event, which does not end. */
function events(ctx: Ctx): void {
  const body = new PassThrough();
  body.write('event: hello\n\n');
  ctx.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  ctx.body = body;
}

/** How the app answers the handshake of one of its own pages. */
async function statusOf({ base, cookieHeader }: Browser): Promise<unknown> {
  const socket = new WebSocket(base.replace('http', 'ws'), {
    headers: { cookie: cookieHeader },
    origin: base,
  });
  const [, answer] = await once(socket, 'unexpected-response');
  return answer.statusCode;
}

describe('nginx on a port of its own', { skip: missing }, () => {
  test('lets a WebSocket find its session if it passes `$http_host` on', async t => {
    assert.equal(await statusOf(await behindNginx(t, '$http_host')), 200);
  });

  test('makes the app take its own page for foreign with `$host`, which lacks the port', async t => {
    assert.equal(await statusOf(await behindNginx(t, '$host')), 403);
  });
  test('passes an event on at once with `X-Accel-Buffering: no`', async t => {
    const { base } = await behindNginx(t, '$http_host');
    const { body } = await fetch(`${base}/events`);
    const reader = body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    assert.equal(Buffer.from(value ?? []).toString(), 'event: hello\n\n');
    await reader?.cancel();
  });
});
