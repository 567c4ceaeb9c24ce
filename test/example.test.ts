import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type Koa from 'koa';
import type { SessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';

interface Example {
  createApp(options: { keys: string[]; store: SessionStore }): Koa;
}

const ROOT = new URL('../../', import.meta.url);
const SECRET = 'the key that signs the cookies of this test';
const COOKIE = 'sojourn.example';
const DAY = 86_400_000;

describe('the example', () => {
  let server: Server;
  let base: string;

  before(async () => {
    const { createApp } = (await import(new URL('example/app.js', ROOT).href)) as Example;
    server = createServer(createApp({ keys: [SECRET], store: slowStore() }).callback()).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.close();
    server.closeAllConnections();
  });

  test('counts the views of each browser', async () => {
    const [one, other] = [new Browser(base), new Browser(base)];
    assert.equal(heading(await one.open('/')), '1 view');
    assert.equal(heading(await one.open('/')), '2 views');
    assert.equal(heading(await other.open('/')), '1 view');
    assert.equal(heading(await one.open('/')), '3 views');
  });

  test('counts each of the views that overlap', async () => {
    const browser = new Browser(base);
    await browser.open('/');
    await Promise.all(Array.from({ length: 4 }, () => browser.open('/')));
    assert.equal(heading(await browser.open('/')), '6 views');
  });

  test('shows what the session holds, its lifetime, and its cookie against the limit of browsers', async () => {
    const browser = new Browser(base);
    const page = await browser.open('/');
    assert.match(page, /<dt>views<\/dt> <dd><code>1<\/code><\/dd>/);
    assert.match(page, /<dt>Lifetime<\/dt> <dd>24 hours<\/dd>/);
    const endsAt = Date.parse(page.match(/<time datetime="([^"]+)"/)?.[1] ?? '');
    assert.ok(Math.abs(endsAt - Date.now() - DAY) < 60_000, `ends at ${endsAt}`);
    const bytes = COOKIE.length + (browser.cookies.get(COOKIE)?.length ?? 0);
    assert.match(page, new RegExp(`${bytes} of 4,096 bytes`));
    assert.match(page, new RegExp(`<meter[^>]+max="4096"[^>]+value="${bytes}"`));
  });

  test('keeps a note, and escapes it', async () => {
    const browser = new Browser(base);
    const page = await browser.press('/note', { note: `<script>alert("it's")</script> & more` });
    assert.match(page, /Your note is kept\./);
    assert.ok(!page.includes('<script'));
    assert.match(page, /&lt;script&gt;alert\(\\&quot;it&#39;s\\&quot;\)&lt;\/script&gt; &amp; more/);
  });

  test('tells what a button did once', async () => {
    const browser = new Browser(base);
    assert.match(await browser.press('/fill'), /role="status"/);
    assert.doesNotMatch(await browser.open('/'), /role="status"/);
  });

  test('says when the data would be too large for a cookie', async () => {
    const browser = new Browser(base);
    assert.doesNotMatch(await browser.open('/'), /bytes too many/);
    assert.match(await browser.press('/fill'), /bytes too many/);
    assert.doesNotMatch(await browser.press('/empty'), /bytes too many/);
  });

  test('regenerates the key: the data stay, and the old key opens nothing', async () => {
    const browser = new Browser(base);
    await browser.press('/note', { note: 'mine' });
    const thief = browser.copy();
    const page = await browser.press('/regenerate');
    assert.notEqual(browser.cookies.get(COOKIE), thief.cookies.get(COOKIE));
    assert.match(page, /mine/);
    assert.doesNotMatch(await thief.open('/'), /mine/);
  });

  test('switches to a browser session, and back', async () => {
    const browser = new Browser(base);
    await browser.open('/');
    assert.match(browser.attributes.get(COOKIE) ?? '', /expires=/i);
    assert.match(await browser.press('/end-with-browser'), /until the browser closes/);
    assert.doesNotMatch(browser.attributes.get(COOKIE) ?? '', /expires=|max-age=/i);
    assert.match(await browser.press('/keep-for-a-day'), /24 hours/);
    assert.match(browser.attributes.get(COOKIE) ?? '', /expires=/i);
  });

  test('logs out: the cookie is cleared, the session gone', async () => {
    const browser = new Browser(base);
    await browser.press('/note', { note: 'mine' });
    const thief = browser.copy();
    assert.equal(heading(await browser.press('/log-out')), 'Logged out');
    assert.equal(browser.cookies.size, 0);
    assert.equal(heading(await browser.open('/')), '1 view');
    assert.doesNotMatch(await thief.open('/'), /mine/);
  });

  test('refuses a form that another site sent', async () => {
    const browser = new Browser(base);
    await browser.open('/');
    const foreign: Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: base },
      { Origin: 'https://evil.example' },
      { Origin: `${base}.evil.example` },
      { Origin: 'null' },
    ];
    for (const headers of foreign) {
      const response = await browser.request('/fill', { method: 'POST', headers });
      assert.equal(response.status, 403, JSON.stringify(headers));
    }
    assert.doesNotMatch(await browser.open('/'), /<dt>filler/);
  });

  test('takes a form of its own page', async () => {
    const browser = new Browser(base);
    for (const headers of [{ 'Sec-Fetch-Site': 'same-origin' }, { Origin: base }]) {
      const response = await browser.request('/fill', { method: 'POST', headers });
      assert.equal(response.status, 303, JSON.stringify(headers));
    }
  });

  test('refuses a form that is longer than the page’s own', async () => {
    const body = new URLSearchParams({ note: 'x'.repeat(5000) });
    assert.equal((await new Browser(base).request('/note', { method: 'POST', body })).status, 413);
  });

  test('keeps its secrets out of the page, and scripts too', async () => {
    const browser = new Browser(base);
    await browser.open('/');
    const response = await browser.request('/');
    const page = await response.text();
    const secrets = [SECRET, ...browser.cookies.values()];
    for (const secret of secrets) assert.ok(!page.includes(secret));
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.doesNotMatch(page, /<script|\son\w+=|style=|javascript:/i);
    assert.match(browser.attributes.get(COOKIE) ?? '', /samesite=lax; httponly/i);
  });

  test('serves its style sheet and icon', async () => {
    for (const [path, type] of Object.entries({ '/style.css': 'text/css', '/icon.svg': 'image/svg+xml' })) {
      const response = await new Browser(base).request(path);
      assert.equal(response.status, 200, path);
      assert.equal(response.headers.get('content-type')?.split(';')[0], type);
    }
  });

  test('makes no session where none is used', async () => {
    for (const path of ['/logged-out', '/style.css', '/icon.svg', '/missing']) {
      const browser = new Browser(base);
      await browser.open(path);
      assert.equal(browser.cookies.size, 0, path);
    }
  });
});

describe('the example, started by `node example/server.js`', () => {
  let folder: string;
  let started: ChildProcess | undefined;

  before(async () => {
    // A copy inside the package, so that it finds the package by its name and leaves the example's own files alone.
    folder = await mkdtemp(fileURLToPath(new URL('build/example-', ROOT)));
    await cp(new URL('example/', ROOT), folder, { recursive: true, filter: isSource });
  });

  after(async () => {
    started?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  test('makes its key at the first start, and keeps everybody’s session over a restart', async () => {
    const first = await start();
    const browser = new Browser(first);
    await browser.press('/note', { note: 'still here' });
    await stop();
    assert.equal((await stat(join(folder, '.key'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, 'sessions.db'))).mode & 0o077, 0);

    browser.base = await start();
    const page = await browser.open('/');
    await stop();
    assert.equal(heading(page), '2 views');
    assert.match(page, /still here/);
  });

  async function start(): Promise<string> {
    const child = spawn(process.execPath, [join(folder, 'server.js')], {
      env: { ...process.env, PORT: '0', SESSION_KEY: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started = child;
    const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    const [url] = String(line).match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    assert.ok(url, `prints where it is: ${line}`);
    return url;
  }

  async function stop(): Promise<void> {
    started?.kill('SIGTERM');
    const [code] = await once(started as ChildProcess, 'exit');
    assert.equal(code, 0);
  }
});

/** Answers late, so that requests overlap. */
function slowStore(): SessionStore {
  const store = memoryStore();
  const find = store.find.bind(store);
  store.find = async (...args) => {
    const found = await find(...args);
    await sleep(5);
    return found;
  };
  return store;
}

function isSource(path: string): boolean {
  return !/sessions\.db|\.key/.test(path);
}

function heading(page: string): string | undefined {
  return page.match(/<h1>(.*?)<\/h1>/)?.[1];
}

/** Keeps cookies and follows a form's redirect, as a browser does. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly attributes = new Map<string, string>();
  base: string;

  constructor(base: string) {
    this.base = base;
  }

  copy(): Browser {
    const copy = new Browser(this.base);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  async open(path: string): Promise<string> {
    return (await this.request(path)).text();
  }

  async press(path: string, fields: Record<string, string> = {}): Promise<string> {
    const headers = { Origin: this.base, 'Sec-Fetch-Site': 'same-origin' };
    const response = await this.request(path, { method: 'POST', headers, body: new URLSearchParams(fields) });
    assert.equal(response.status, 303);
    return this.open(response.headers.get('location') ?? '');
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(pair => pair.join('=')).join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) };
    const response = await fetch(this.base + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    const [, name = '', value = '', attributes = ''] = line.match(/^([^=]+)=([^;]*);?\s*(.*)$/) ?? [];
    if (/expires=Thu, 01 Jan 1970/.test(attributes)) this.cookies.delete(name);
    else this.cookies.set(name, value);
    this.attributes.set(name, attributes);
  }
}
