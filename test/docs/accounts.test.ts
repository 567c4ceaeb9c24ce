import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type Koa from 'koa';
import { type Browser, serve } from '../harness/browser.js';
import { Examples } from './examples.js';

const PAGE = 'docs/guide/accounts.md';
// Within the package, so that `sojourn` is found by its own name.
const folder = mkdtempSync('build/accounts-');
after(() => rmSync(folder, { recursive: true }));

const examples = new Examples(PAGE);

interface Recipe {
  readonly app: Koa;
  readonly disable?: (userId: string) => Promise<void>;
}

/** What the page takes to be there: its reader's own accounts, and a store. */
const GIVEN = {
  'accounts.js': `
    const disabled = [];
    export const accounts = {
      async check(name) {
        if (!name || disabled.includes(name)) return undefined;
        if (name === 'disabled meanwhile') disabled.push(name);
        return { id: name };
      },
      changePassword: async () => {},
      disable: async name => { disabled.push(name); },
    };`,
  'store.js': `
    import { memoryStore } from 'sojourn/memory';
    export const store = memoryStore();`,
};

/** The set-up of the page with one of its recipes, and where the page says so other options. */
async function cook(
  t: TestContext,
  recipe: string,
  change = (code: string) => code,
): Promise<Browser & Recipe> {
  const kitchen = mkdtempSync(join(folder, `${recipe}-`));
  for (const [name, code] of Object.entries(GIVEN)) writeFileSync(join(kitchen, name), code);
  const file = resolve(kitchen, 'app.mjs');
  process.env.COOKIE_KEY = 'the key of the tests';
  const code = `${change(`${examples.code('set-up')}\n${examples.code(recipe)}`)}\nexport { app };\n`;
  writeFileSync(file, hoistImports(code));
  const made = (await import(pathToFileURL(file).href)) as Recipe;
  made.app.silent = true;
  return Object.assign(await serve(t, made.app), made);
}

function hoistImports(code: string): string {
  const lines = code.split('\n');
  const isImport = (line: string) => /^\s*import /.test(line);
  return [...lines.filter(isImport), ...lines.filter(line => !isImport(line))].join('\n');
}

async function signIn(browser: Browser, name: string): Promise<number> {
  return (await browser.post('sign-in', {}, { headers: { authorization: name } })).status;
}

test('one device at a time: the first is told why it was signed out', async t => {
  const a = await cook(t, 'one-at-a-time', code =>
    code.replace('  owner,\n', '  owner,\n  maxSessions: 1,\n'),
  );
  const b = a.stranger();
  assert.equal(await signIn(a, 'ann'), 200);
  assert.equal((await a.get()).body, 'hello ann');
  assert.equal(await signIn(b, 'ann'), 200);
  assert.match((await a.get()).body, /another device/);
  assert.equal((await b.get()).body, 'hello ann');
});

test('whose account is disabled, or password changed, between the check and the save is not signed in', async t => {
  const browser = await cook(t, 'administrator');
  assert.equal(await signIn(browser, 'disabled meanwhile'), 401);
  assert.equal(browser.cookieHeader, '');
  assert.equal(await signIn(browser, 'ann'), 200);
});

test('at most three: the fourth is refused, and told what to do', async t => {
  const place = (code: string) => {
    const [setUp = '', recipe = ''] = code.split("import { SessionLimitError } from 'sojourn';\n");
    return `import { SessionLimitError } from 'sojourn';\n${setUp
      .replace('  owner,\n', "  owner,\n  maxSessions: { limit: 3, policy: 'refuse' },\n")
      .replace('app.use(sessions);', `${recipe}\napp.use(sessions);`)}`;
  };
  const first = await cook(t, 'at-most-three', place);
  const browsers = [first, first.stranger(), first.stranger(), first.stranger()];
  const statuses = [];
  for (const browser of browsers) statuses.push(await signIn(browser, 'ann'));
  assert.deepEqual(statuses, [200, 200, 200, 409]);
  await first.post('sign-out', {});
  assert.equal(await signIn(browsers[3] as Browser, 'ann'), 200);
});

test('my devices: listed, this one marked, another signed out, nobody else’s', async t => {
  const a = await cook(t, 'devices');
  const [b, stranger] = [a.stranger(), a.stranger()];
  await signIn(a, 'ann');
  await signIn(b, 'ann');
  await signIn(stranger, 'bob');
  type Device = { handle: string; isThisOne: boolean; device: { ip: string } };
  const devices = (await a.get('devices')).json as Device[];
  assert.deepEqual(devices.map(({ isThisOne }) => isThisOne).sort(), [false, true]);
  assert.match(devices[0]?.device.ip ?? '', /127\.0\.0\.1/);
  const other = devices.find(({ isThisOne }) => !isThisOne)?.handle;
  assert.equal((await stranger.post(`devices/${other}/sign-out`, {})).status, 404);
  assert.equal((await b.get('devices')).status, 200);
  assert.equal((await a.post(`devices/${other}/sign-out`, {})).status, 204);
  assert.equal((await b.get('devices')).status, 401);
  assert.equal((await a.get('devices')).status, 200);
});

test('a new password signs out everywhere else', async t => {
  const a = await cook(t, 'new-password');
  const b = a.stranger();
  await signIn(a, 'ann');
  await signIn(b, 'ann');
  assert.equal((await a.post('password', {})).body, 'changed; signed out on 1 other devices');
  assert.equal((await b.post('password', {})).status, 401);
  assert.equal((await a.post('password', {})).body, 'changed; signed out on 0 other devices');
});

test('whoever gives the password again has signed in anew', async t => {
  const browser = await cook(t, 'again');
  await signIn(browser, 'ann');
  const before = Date.now();
  const stolen = browser.copy();
  const again = async (visitor: Browser, name: string) =>
    visitor.post('sign-in-again', {}, { headers: { authorization: name } });
  assert.equal((await again(browser, 'bob')).status, 401);
  const { authenticatedAt } = (await again(browser, 'ann')).json as { authenticatedAt: number };
  assert.ok(authenticatedAt >= before);
  assert.equal((await again(stolen, 'ann')).status, 401);
  assert.equal((await again(browser, 'ann')).status, 200);
});

test('an administrator ends a user’s sessions, outside a request', async t => {
  const browser = await cook(
    t,
    'administrator',
    code => `${code}\nrouter.get('/', ctx => { ctx.body = ctx.sessionInfo.ended ?? {}; });`,
  );
  await signIn(browser, 'ann');
  await browser.disable?.('ann');
  assert.equal(((await browser.get()).json as { reason: string }).reason, 'disabled');
  assert.equal(await signIn(browser, 'ann'), 401);
});

test('the recipe for koa-passport lists who has signed in by it', async t => {
  const file = resolve(folder, 'passport.mjs');
  const code = `
    import Koa from 'koa';
    import session from 'sojourn';
    import { memoryStore } from 'sojourn/memory';
    const app = new Koa({ keys: ['the key of the tests'] });
    const store = memoryStore();
${examples.code('koa-passport')}
    passport.serializeUser((user, done) => done(null, user.id));
    passport.deserializeUser((id, done) => done(null, { id }));
    app.use(async ctx => {
      if (ctx.path === '/in') await ctx.login({ id: 'ann' });
      if (ctx.path === '/out') await ctx.logout();
      ctx.body = { owner: ctx.sessionInfo.owner ?? null, live: await sessions.count('ann') };
    });
    export { app };`;
  writeFileSync(file, hoistImports(code));
  const { app } = (await import(pathToFileURL(file).href)) as Recipe;
  const browser = await serve(t, app);
  await browser.get('in');
  assert.deepEqual((await browser.get()).json, { owner: 'ann', live: 1 });
  await browser.get('out');
  assert.deepEqual((await browser.get()).json, { owner: null, live: 0 });
});

test('the page lists every reason that the library itself gives', () => {
  const listed = [...readFileSync(PAGE, 'utf8').matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell]) => (cell as string).match(/`([\w.]+)`/g) ?? [],
  );
  for (const reason of ['logout', 'displaced', 'revoked', 'idle', 'absolute', 'expired', 'rotated'])
    assert.ok(listed.includes(`\`${reason}\``), reason);
});
