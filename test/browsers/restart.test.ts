import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { account, appWith } from '../harness/app.js';
import { sojourn } from '../harness/packages.js';
import { serveSecurely } from '../harness/tls.js';
import { BROWSERS, type Kind, visit } from './browsers.js';

for (const kind of BROWSERS) {
  test(`a persistent session outlives a restart of ${kind.name}, and one of \`maxAge: 'session'\` does not`, {
    skip: kind.missing,
  }, async t => {
    const [persistent, passing] = [
      await serveApp(t, 'app.test', {}),
      await serveApp(t, 'other.test', { maxAge: 'session' }),
    ];
    const profile = await mkdtemp(join(tmpdir(), 'sojourn-profile-'));
    t.after(() => rm(profile, { recursive: true }));
    const logins = [`${persistent}/login`, `${passing}/login`];
    const users = [`${persistent}/`, `${passing}/`];
    const signedIn = '{"user":"ann"}';
    assert.deepEqual(await visitAll(kind, profile, [...logins, ...users]), ['ok', 'ok', signedIn, signedIn]);
    assert.deepEqual(await visitAll(kind, profile, users), [signedIn, '{"user":null}']);
  });
}

const serveApp = (t: TestContext, host: string, options: object) =>
  serveSecurely(t, host, appWith(sojourn.createSession, options, account));

/** Starts the browser, goes to these addresses one after the other, and closes it; answers the pages' texts. */
async function visitAll(kind: Kind, profile: string, urls: readonly string[]): Promise<string[]> {
  const browser = await kind.launch(profile);
  try {
    const page = await browser.newPage();
    const texts: string[] = [];
    for (const url of urls) texts.push(await visit(page, url));
    return texts;
  } finally {
    await browser.close();
  }
}
