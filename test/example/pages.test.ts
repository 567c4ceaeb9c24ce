import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Page } from 'puppeteer-core';
import { BROWSERS } from '../browsers/browsers.js';
import { serveExample } from './site.js';
import { Tour } from './tour.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCHEMES = ['light', 'dark'] as const;

/** Px. Each width is shown in one scheme, in the pictures that are kept. */
const SIZES = [
  { name: 'phone', width: 390, height: 844, scheme: 'dark' },
  { name: 'desktop', width: 1280, height: 800, scheme: 'light' },
] as const;

/** The folder for pictures of the pages: IMAGES=docs/images npm test -- example/pages */
const { IMAGES } = process.env;

const [chromium] = BROWSERS;

describe('the pages', { skip: chromium?.missing }, () => {
  test('are accessible, in light and dark, and fit a phone and a desktop', async t => {
    const browser = await chromium?.launch();
    assert.ok(browser);
    t.after(() => browser.close());
    const page = await browser.newPage();
    const faults: string[] = [];
    for await (const name of new Tour(await serveExample(t), page).stops()) {
      for (const scheme of SCHEMES)
        faults.push(...(await violations(page, scheme)).map(fault => `${name}, ${scheme}: ${fault}`));
      for (const size of SIZES) {
        await page.setViewport(size);
        if (await isTooWide(page)) faults.push(`${name} is wider than a ${size.name}`);
        if (IMAGES) await picture(page, size, join(IMAGES, `example-${name}-${size.name}.png`));
      }
    }
    assert.deepEqual(faults, []);
  });

  test('can be skipped through by keyboard, and show where the focus is', async t => {
    const browser = await chromium?.launch();
    assert.ok(browser);
    t.after(() => browser.close());
    const page = await browser.newPage();
    await new Tour(await serveExample(t), page).open('/', '1 view');
    const order: string[] = [];
    for (let stop = 0; stop < 6; stop++) {
      await page.keyboard.press('Tab');
      const { text, outline } = await focused(page);
      assert.notEqual(outline, 'none', text);
      order.push(text);
    }
    assert.deepEqual(order, ['Skip to the content', 'sojourn', 'Session', 'Sign in', 'Sign up', 'note']);
    await page.focus('.skip');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).text, 'note');
  });
});

async function violations(page: Page, scheme: 'light' | 'dark'): Promise<string[]> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.evaluate(AXE);
  const results = (await page.evaluate('axe.run()')) as AxeResults;
  return results.violations.map(({ id, nodes }) => `${id} at ${nodes.map(({ html }) => html).join(', ')}`);
}

async function isTooWide(page: Page): Promise<boolean> {
  return Boolean(await page.evaluate('document.documentElement.scrollWidth > innerWidth'));
}

async function picture(page: Page, { scheme }: (typeof SIZES)[number], path: string): Promise<void> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.screenshot({ path: path as `${string}.png`, fullPage: true });
}

async function focused(page: Page): Promise<{ text: string; outline: string }> {
  const focus = `({
    text: document.activeElement.textContent.trim() || document.activeElement.name,
    outline: getComputedStyle(document.activeElement).outlineStyle,
  })`;
  return (await page.evaluate(focus)) as { text: string; outline: string };
}
