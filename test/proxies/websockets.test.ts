import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { WebSocket } from 'ws';
import { account, bareApp, router } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import { missing, startNginx } from './nginx.js';

/** A visitor who is signed in, at an nginx that tells the app of this host; the app refuses a handshake with a 403. */
async function behindNginx(t: TestContext, host: string): Promise<Browser> {
  const app = bareApp();
  const sessions = session(app, { store: memoryStore() });
  app.use(sessions);
  app.use(router(account));
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
  const port = await startNginx(t, {
    http: port => `
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://127.0.0.1:${(server.address() as AddressInfo).port};
          proxy_set_header Host ${host};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
        }
      }`,
  });
  const browser = new Browser(`http://127.0.0.1:${port}`);
  await browser.get('login');
  return browser;
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

describe('a WebSocket through nginx, on a port of its own', { skip: missing }, () => {
  test('finds its session where `$http_host` is passed on', async t => {
    assert.equal(await statusOf(await behindNginx(t, '$http_host')), 200);
  });

  test('counts as foreign with `$host`, which lacks the port', async t => {
    assert.equal(await statusOf(await behindNginx(t, '$host')), 403);
  });
});
