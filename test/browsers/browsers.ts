import { after, before, describe, type TestContext } from 'node:test';
import puppeteer, { type Browser, type BrowserContext, type LaunchOptions, type Page } from 'puppeteer-core';
import { missing, pathOf } from '../harness/commands.js';

/** How long, in ms, a browser may take to start or to show a page: much, on a machine that is busy. */
const PATIENCE = 120_000;

/** A browser that blocks the cookies of third parties, but for those that are `Partitioned`. */
export interface Kind {
  readonly name: string;
  readonly missing: string | false;
  /** @param profile the folder of a profile that outlives the browser; else it has one that goes with it */
  launch(profile?: string): Promise<Browser>;
}

/** Names of this machine: two of one site, and two other sites. */
const HOSTS = ['app.test', 'sub.app.test', 'other.test', 'third.test'];

const chromium: Kind = {
  name: 'Chromium',
  missing: missing('chromium', 'openssl'),
  launch: profile =>
    launch('chrome', 'chromium', {
      ...(profile && { userDataDir: profile }),
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--no-proxy-server',
        `--host-resolver-rules=${HOSTS.map(host => `MAP ${host} 127.0.0.1`)}`,
      ],
    }),
};

const firefox: Kind = {
  name: 'Firefox',
  missing: missing('firefox-esr', 'openssl'),
  launch: profile =>
    launch('firefox', 'firefox-esr', {
      ...(profile && { userDataDir: profile }),
      extraPrefsFirefox: {
        // As it is installed it keeps every cookie of a third party as if it said `Partitioned`; so that the attribute
        // is put to the test, those without it are blocked. (Puppeteer would have it trust third parties.)
        'network.cookie.cookieBehavior': 5,
        'network.cookie.cookieBehavior.optInPartitioning': true,
        'network.dns.localDomains': HOSTS.join(),
        'network.dns.disableIPv6': true,
        'network.proxy.type': 0,
        // JSON is to be shown as the text that came.
        'devtools.jsonview.enabled': false,
      },
    }),
};

function launch(browser: 'chrome' | 'firefox', command: string, options: LaunchOptions): Promise<Browser> {
  return puppeteer.launch({
    browser,
    executablePath: pathOf(command),
    acceptInsecureCerts: true,
    timeout: PATIENCE,
    ...options,
  });
}

export const BROWSERS: readonly Kind[] = [chromium, firefox];

/** Opens a window that shares no cookies with another, as a private one, until the test ends. */
export type NewWindow = (t: TestContext) => Promise<BrowserContext>;

/** Defines the same tests for each browser. */
export function inEveryBrowser(define: (newWindow: NewWindow) => void): void {
  for (const kind of BROWSERS) {
    describe(`in ${kind.name}`, { skip: kind.missing }, () => {
      let browser: Browser | undefined;
      before(async () => {
        browser = await kind.launch();
      });
      after(() => browser?.close());
      define(async t => {
        const window = await (browser as Browser).createBrowserContext();
        t.after(() => window.close());
        return window;
      });
    });
  }
}

/** Goes to an address as a user does who types it, and answers the text of the page. */
export async function visit(page: Page, url: string): Promise<string> {
  await page.goto(url, { timeout: PATIENCE });
  return textOf(page);
}

async function textOf(page: Pick<Page, 'evaluate'>): Promise<string> {
  return String(await page.evaluate('document.body.textContent')).trim();
}

/** Clicks on what leads to another page, and answers that one's text. */
export async function follow(page: Page, selector: string): Promise<string> {
  await Promise.all([page.waitForNavigation({ timeout: PATIENCE }), page.click(selector)]);
  return textOf(page);
}

/** The text of the page in a page's frame. */
export async function textOfFrame(page: Page): Promise<string> {
  const frame = await (await page.waitForSelector('iframe'))?.contentFrame();
  if (!frame) throw new Error('the frame has no page');
  return textOf(frame);
}
