import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type Koa from 'koa';
import { generateKey, sealed, session, strict } from 'sojourn';
import { type SqliteStoreOptions, sqliteStore } from 'sojourn/sqlite';
import { account, bareApp, router } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sqliteDatabase } from '../service/sqlite-database.js';
import { runExample } from './examples.js';

const root = resolve(fileURLToPath(import.meta.url), '../../../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code as string);
const [start, stored, encrypted, hardened, ...others] = examples as [string, string, string, string];

test('the first example of the README runs as it stands', async t => {
  assert.match(start, /app\.listen\(3000\);\n$/);
  const file = join(root, 'build', `readme-${process.pid}.mjs`);
  writeFileSync(file, start.replace(/app\.listen\(3000\);\n$/, 'export default app;\n'));
  t.after(() => rmSync(file));
  const { default: app } = (await import(file)) as { default: Koa };
  const browser = await serve(t, app);
  assert.equal((await browser.get()).body, '1 views');
  assert.equal((await browser.get()).body, '2 views');
  assert.equal((await browser.get('logout')).body, 'good bye');
  assert.equal((await browser.get()).body, '1 views');
});

test('the example with a store keeps the data out of the cookie', async t => {
  const { data, cookie } = await signIn(t, stored);
  assert.deepEqual(data, { user: 'ann' });
  assert.doesNotMatch(Buffer.from(cookie?.value ?? '', 'base64').toString(), /ann/);
});

test('the example with `sealed` lets nobody read the cookie', async t => {
  const { data, cookie } = await signIn(t, encrypted);
  assert.deepEqual(data, { user: 'ann' });
  assert.doesNotMatch(Buffer.from(cookie?.value ?? '', 'base64').toString(), /ann/);
});

test('the example with `strict` sets a hardened cookie', async t => {
  const { data, cookie } = await signIn(t, hardened);
  assert.deepEqual(data, { user: 'ann' });
  assert.match(cookie?.name ?? '', /^__Host-/);
  assert.equal(cookie?.attributes.secure, true);
});

test('the README has no example in JavaScript that is not run here', () => {
  assert.deepEqual(others, []);
});

/** What a visitor of the example's app is shown after having signed in, and the cookie. */
async function signIn(t: TestContext, example: string) {
  const app = Object.assign(bareApp(), { proxy: true });
  const process = { env: { SESSION_KEYS: `${generateKey()},${generateKey()}` } };
  const database = await sqliteDatabase(':memory:');
  const inMemory = (_file: string, options?: SqliteStoreOptions) => sqliteStore(database, options);
  await runExample(example, { app, session, sealed, strict, sqliteStore: inMemory, process });
  app.use(router(account));
  const browser = await serve(t, app);
  const headers = { 'x-forwarded-proto': 'https' };
  const { cookies } = await browser.get('login', { headers });
  const { json: data } = await browser.get('', { headers });
  return { data, cookie: cookies.find(({ name }) => !name.endsWith('.sig')) };
}
