import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from 'sojourn/memory';
import { account, type Routes } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import { signedPair } from '../harness/cookies.js';
import { visit } from '../harness/visit.js';

/** A memory store that notes the keys it is given. */
function watchedStore(): { store: ReturnType<typeof memoryStore>; keys: Set<string> } {
  const store = memoryStore();
  const keys = new Set<string>();
  for (const verb of ['find', 'insert', 'update', 'touch', 'end'] as const) {
    const run = store[verb].bind(store) as (...args: unknown[]) => unknown;
    Object.assign(store, {
      [verb]: (key: string, ...rest: unknown[]) => {
        keys.add(key);
        return run(key, ...rest);
      },
    });
  }
  return { store, keys };
}

const site: Routes = {
  ...account,
  key: ctx => ctx.session.externalKey,
  change: ctx => {
    ctx.session.seen = true;
  },
};

const keyOf = async (browser: Browser): Promise<string> => (await browser.get('key')).body;

test('a generated key has a tag and 256 random bits, after the prefix', async t => {
  const browser = await visit(t, { store: memoryStore(), prefix: 'app:' }, site);
  await browser.get('login');
  assert.match(await keyOf(browser), /^app:[\w-]{3}\.[\w-]{43}$/);
});

test('with `hashKeys` the store never sees a key that a client could present', async t => {
  const { store, keys } = watchedStore();
  const browser = await visit(t, { store, hashKeys: true, prefix: 'app:' }, site);
  await browser.get('login');
  await browser.get('change');
  const key = await keyOf(browser);
  await browser.get('logout');
  assert.equal(keys.has(key), false);
  for (const seen of keys) assert.match(seen, /^app:h1:[\w-]{3}\.[\w-]{43}$/);
});

for (const hashKeys of [true, false, { acceptPlain: true }]) {
  test(`a leaked hash is no key, with \`hashKeys: ${JSON.stringify(hashKeys)}\``, async t => {
    const { store, keys } = watchedStore();
    const browser = await visit(t, { store, hashKeys: true }, site);
    await browser.get('login');
    const [hash] = keys;
    const thief = await visit(t, { store, hashKeys }, site);
    assert.equal((await thief.get('', { cookie: signedPair(hash as string) })).body, '{"user":null}');
  });
}

test('`acceptPlain` logs nobody out when keys begin to be hashed, and moves what it finds', async t => {
  const { store, keys } = watchedStore();
  const before = await visit(t, { store }, site);
  await before.get('login');
  const cookie = before.cookieHeader;
  const between = await visit(t, { store, hashKeys: { acceptPlain: true } }, site);
  assert.equal((await between.get('', { cookie })).body, '{"user":"ann"}');
  keys.clear();
  const after = await visit(t, { store, hashKeys: true }, site);
  assert.equal((await after.get('', { cookie })).body, '{"user":"ann"}');
  for (const seen of keys) assert.match(seen, /^h1:/);
});

for (const prefix of ['', 'other:']) {
  test(`a leaked hash is no key to a session of the app whose prefix is another: '${prefix}'`, async t => {
    const { store, keys } = watchedStore();
    await (await visit(t, { store, hashKeys: true, prefix: 'app:' }, site)).get('login');
    const [hash] = keys;
    const thief = await visit(t, { store, prefix }, site);
    assert.equal((await thief.get('', { cookie: signedPair(hash as string) })).body, '{"user":null}');
  });
}

test('`acceptPlain` logs nobody out whose requests come at once', async t => {
  const store = memoryStore();
  const before = await visit(t, { store }, site);
  await before.get('login');
  const { cookieHeader: cookie } = before;
  const key = await keyOf(before);
  const find = store.find.bind(store);
  let late = 0;
  store.find = async (stored, call) => {
    const found = await find(stored, call);
    // Each is told that it is not there yet, and goes on when the one before has moved it.
    if (stored !== key && !found) await sleep(50 * late++);
    return found;
  };
  const browser = await visit(t, { store, hashKeys: { acceptPlain: true } }, site);
  const answers = await Promise.all([1, 2, 3].map(() => browser.get('', { cookie })));
  for (const { body } of answers) assert.equal(body, '{"user":"ann"}');
});

test('with `acceptPlain` a session that is kept plain can be ended', async t => {
  const store = memoryStore();
  const before = await visit(t, { store }, site);
  await before.get('login');
  const between = await visit(t, { store, hashKeys: { acceptPlain: true }, lazy: true }, site);
  await between.get('logout', { cookie: before.cookieHeader });
  assert.equal((await before.get()).body, '{"user":null}');
});

test("an app's own `genid` makes the key, hashed or not", async t => {
  const { store, keys } = watchedStore();
  const browser = await visit(t, { store, genid: () => 'of my own making', hashKeys: true }, site);
  await browser.get('login');
  assert.equal(await keyOf(browser), 'of my own making');
  for (const seen of keys) assert.match(seen, /^h1:[\w-]{43}$/);
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});

test('a new key keeps the tag of the one that it takes the place of', async t => {
  const regenerate: Routes[string] = ctx => ctx.session.regenerate();
  const browser = await visit(t, { store: memoryStore() }, { ...site, regenerate });
  await browser.get('login');
  const before = await keyOf(browser);
  await browser.get('regenerate');
  const after = await keyOf(browser);
  assert.notEqual(after, before);
  assert.equal(after.slice(0, 4), before.slice(0, 4));
});
