import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'puppeteer-core';
import { BROWSERS, follow, visit } from '../browsers/browsers.js';
import { PASSWORD, SECOND } from './site.js';
import { startExample } from './start.js';

const [chromium, firefox] = BROWSERS;

/** Ms that a page may take. A password is hashed on the way. */
const PATIENCE = 60_000;

describe('Chromium as device A, Firefox as device B', { skip: chromium?.missing || firefox?.missing }, () => {
  const browsers: Browser[] = [];
  let base: string;
  let a: Page;
  let b: Page;
  const afterwards: (() => unknown)[] = [];

  before(async () => {
    const example = await startExample({ after: (clean: () => unknown) => afterwards.push(clean) } as never);
    base = await example.start();
    for (const kind of [chromium, firefox]) browsers.push((await kind?.launch()) as Browser);
    [a, b] = (await Promise.all(browsers.map(browser => browser.newPage()))) as [Page, Page];
    for (const page of [a, b]) page.setDefaultTimeout(PATIENCE);
  });

  after(async () => {
    for (const browser of browsers) await browser.close();
    for (const clean of afterwards) await clean();
  });

  async function fillIn(page: Page, path: string): Promise<void> {
    await visit(page, base + path);
    await page.type('[name="name"]', 'ann');
    await page.type('[name="password"]', PASSWORD);
  }

  /** When, by A's clock, A's page showed the notice: in its own time, not when the driver comes to look. */
  const watch = `new Promise(resolve => {
    const seen = () => document.querySelector('#live .ended') && resolve({ at: Date.now(), text: document.querySelector('#live').innerText });
    new MutationObserver(seen).observe(document.querySelector('#live'), { childList: true });
    seen();
  })`;

  test('A is signed in, and B signs in: A’s page says so within a second, its next request why', async t => {
    await fillIn(a, '/sign-up');
    assert.match(await follow(a, 'main button'), /ann is signed in on 1 device/);
    assert.match(await follow(a, 'form[action="/devices/one-at-a-time"] button'), /On\./);
    const notice = a.evaluate(watch) as Promise<{ at: number; text: string }>;

    await fillIn(b, '/sign-in');
    assert.match(await follow(b, 'main button'), /ann is signed in on 1 device/);
    const { at, text } = await notice;
    assert.match(text, /Signed in on another device/);
    assert.equal(await a.title(), 'Signed in on another device · sojourn');
    assert.equal(await a.$eval('h1', h1 => h1.textContent), 'Your devices', 'the page was not loaded anew');
    assert.equal(await a.$eval('#live', live => live.getAttribute('role')), 'alert');

    assert.match(await visit(a, `${base}/devices`), /Signed in on another device.*displaced/s);
    const endedAt = Date.parse(await a.$eval('time', time => time.dateTime));
    assert.ok(at - endedAt < SECOND, `told ${at - endedAt} ms after the session was ended`);
    t.diagnostic(`told ${at - endedAt} ms after the session was ended`);
  });

  test('A signs in again and signs B out: B’s page says so, and leads to the sign-in', async () => {
    const notice = b.evaluate(watch) as Promise<{ at: number; text: string }>;
    await fillIn(a, '/sign-in');
    await follow(a, 'main button');
    assert.match((await notice).text, /Signed in on another device/);
    assert.match(await follow(b, '#live a'), /Your account is set to one device at a time/);
    assert.equal(await b.$eval('h1', h1 => h1.textContent), 'Sign in');
  });
});
