import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { COOKIE, load, MINUTE, openAccounts, PASSWORD, serveExample } from './site.js';

test('signs up, signs out, and signs in again, by the same name in another case', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('Ann', PASSWORD);
  assert.equal(visitor.notice, 'Welcome, ann. You are signed in.');
  await visitor.press('/log-out');
  assert.equal(visitor.heading, 'Logged out');
  await visitor.signIn(' ANN ', PASSWORD);
  assert.equal(visitor.notice, 'You are signed in as ann.');
});

test('a sign-in has a new key, and keeps what was in the session', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  await visitor.open('/');
  await visitor.press('/note', { note: 'mine' });
  const planted = visitor.browser.cookieHeader;
  await visitor.signUp('ann', PASSWORD);
  assert.match(await visitor.open('/'), /mine/);
  assert.doesNotMatch((await visitor.browser.get('', { cookie: planted })).body, /mine|ann/);
});

test('answers a wrong password and a name that nobody has alike', async t => {
  const site = await serveExample(t);
  await site.newVisitor().signUp('ann', PASSWORD);
  const visitor = site.newVisitor();
  const answers = [];
  for (const name of ['ann', 'bob']) {
    const page = await visitor.signIn(name, 'wrong horse battery');
    answers.push({ status: visitor.status, page: page.replaceAll(name, 'NAME') });
  }
  assert.equal(answers[0]?.status, 422);
  assert.match(answers[0]?.page ?? '', /This name and this password do not belong together/);
  assert.deepEqual(answers[0], answers[1]);
  assert.equal(visitor.title, 'Error: Sign in · sojourn');
  assert.doesNotMatch(visitor.page, /wrong horse/);
});

test('takes as long to refuse a name that nobody has as a wrong password', async () => {
  const accounts = await openAccounts();
  await accounts.create('ann', PASSWORD);
  const times: Record<string, number[]> = { ann: [], bob: [] };
  for (let round = 0; round < 6; round++) {
    for (const name of ['ann', 'bob']) {
      const start = performance.now();
      assert.equal(await accounts.authenticate(name, 'wrong horse battery'), undefined);
      times[name]?.push(performance.now() - start);
    }
  }
  const [known, unknown] = Object.values(times).map(each => Math.min(...each.slice(1)));
  const ratio = (unknown as number) / (known as number);
  assert.ok(ratio > 0.5 && ratio < 2, `${unknown} ms for nobody, ${known} ms for ann`);
});

test('says what is wrong with a new account at the field that it is about', async t => {
  const site = await serveExample(t);
  await site.newVisitor().signUp('ann', PASSWORD);
  const visitor = site.newVisitor();
  await visitor.open('/sign-up');
  for (const [name, password, field, words] of [
    ['', PASSWORD, 'name', 'Choose a name.'],
    ['<b>', PASSWORD, 'name', 'Use up to 40 letters'],
    ['bob', 'too short', 'password', 'at least 10 characters'],
    ['Ann', PASSWORD, 'name', 'This name is taken'],
  ] as const) {
    const page = await visitor.press('/sign-up', { name, password });
    assert.equal(visitor.status, 422);
    assert.match(page, new RegExp(`id="${field}-error">[^<]*${words}`));
    assert.match(
      page,
      new RegExp(`<input id="${field}"[^>]* aria-describedby="[^"]*${field}-error" aria-invalid="true"`, 's'),
    );
  }
});

test('keeps passwords hashed, each under a salt of its own, with the parameters', async () => {
  const { hashPassword, isPassword } = await load<{
    hashPassword(password: string): Promise<string>;
    isPassword(password: string, hashed: string): Promise<boolean>;
  }>('accounts/password-hash.js');
  const [one, other] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)]);
  assert.match(one, /^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(one, other);
  assert.equal(await isPassword(PASSWORD, one), true);
  assert.equal(await isPassword(`${PASSWORD} `, one), false);
  // Made by Python's hashlib.scrypt, with a cost that is lower than ours today.
  const older = '$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$LYtM8Mh+uD5qDLQWvjcUOTNEVL2STXzMHwI4lieKYvI';
  assert.equal(await isPassword(PASSWORD, older), true);
});

test('lets a password be tried five times for an account, known or not, then once a minute', async t => {
  const site = await serveExample(t);
  await site.newVisitor().signUp('ann', PASSWORD);
  for (const name of ['ann', 'bob']) {
    for (let tried = 0; tried < 5; tried++) {
      const visitor = site.newVisitor();
      await visitor.signIn(name, 'wrong horse battery');
      assert.equal(visitor.status, 422);
    }
    const visitor = site.newVisitor();
    await visitor.open('/sign-in');
    const form = { token: visitor.token, name, password: PASSWORD };
    const { status, headers, body } = await visitor.send('/sign-in', form);
    assert.deepEqual([status, headers.get('retry-after')], [429, '60'], name);
    assert.match(body, /Try again in 1 minute\./);
  }
  site.advance(MINUTE);
  const visitor = site.newVisitor();
  await visitor.signIn('ann', PASSWORD);
  assert.equal(visitor.heading, 'Your devices');
});

test('who knows the password starts to count anew', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  for (let round = 0; round < 2; round++) {
    await visitor.press('/log-out');
    for (let tried = 0; tried < 4; tried++) await visitor.signIn('ann', 'wrong horse battery');
    await visitor.signIn('ann', PASSWORD);
    assert.equal(visitor.heading, 'Your devices');
  }
});

test('tries at the same time count each', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.open('/sign-in');
  const form = { token: visitor.token, name: 'ann', password: 'wrong horse battery' };
  const answers = await Promise.all(Array.from({ length: 8 }, () => visitor.send('/sign-in', form)));
  assert.equal(answers.filter(({ status }) => status === 422).length, 5);
  assert.equal(answers.filter(({ status }) => status === 429).length, 3);
});

test('lets one address try 20 passwords, of whatever accounts, then one every 10 seconds', async () => {
  const { limitsBy, countTry } = await load<{
    limitsBy(clock: () => number): object;
    countTry(limits: object, tried: { name: string; ip: string }): number;
  }>('accounts/limits.js');
  let now = 0;
  const limits = limitsBy(() => now);
  const waits = Array.from({ length: 21 }, (_, i) =>
    countTry(limits, { name: `account ${i}`, ip: '192.0.2.1' }),
  );
  assert.deepEqual([...new Set(waits.slice(0, 20)), waits[20]], [0, 10_000]);
  assert.equal(countTry(limits, { name: 'account 21', ip: '192.0.2.2' }), 0);
  now += 10_000;
  assert.equal(countTry(limits, { name: 'account 22', ip: '192.0.2.1' }), 0);
  assert.equal(countTry(limits, { name: 'account 23', ip: '192.0.2.1' }), 10_000);
});

test('lets one address make ten accounts, then one a minute', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.open('/sign-up');
  for (let made = 0; made < 10; made++) {
    await visitor.signUp(`account ${made}`, PASSWORD);
    await visitor.press('/log-out');
  }
  await visitor.open('/sign-up');
  await visitor.press('/sign-up', { name: 'one more', password: PASSWORD });
  assert.deepEqual([visitor.status, visitor.heading], [429, 'Sign up']);
});

test('a limit remembers 10,000 keys, those that were tried last', async () => {
  const { RateLimit } = await load<{
    RateLimit: new (options: {
      burst: number;
      interval: number;
      clock(): number;
    }) => { take(key: string): number };
  }>('accounts/rate-limit.js');
  const limit = new RateLimit({ burst: 1, interval: 1000, clock: () => 0 });
  for (let key = 0; key < 10_001; key++) assert.equal(limit.take(`key ${key}`), 0);
  assert.equal(limit.take('key 1'), 1000);
  assert.equal(limit.take('key 0'), 0);
});

test('a form that was left open until its session was over asks again, and then works', async t => {
  const site = await serveExample(t);
  await site.newVisitor().signUp('ann', PASSWORD);
  const visitor = site.newVisitor();
  await visitor.open('/sign-in');
  site.advance(31 * MINUTE);
  await visitor.press('/sign-in', { name: 'ann', password: PASSWORD });
  assert.equal(visitor.heading, 'Sign in');
  await visitor.press('/sign-in', { name: 'ann', password: PASSWORD });
  assert.equal(visitor.heading, 'Your devices');
});

test('a double-clicked sign-in ends signed in', async t => {
  const site = await serveExample(t);
  await site.newVisitor().signUp('ann', PASSWORD);
  const visitor = site.newVisitor();
  await visitor.open('/sign-in');
  const form = { token: visitor.token, name: 'ann', password: PASSWORD };
  const answers = await Promise.all([visitor.send('/sign-in', form), visitor.send('/sign-in', form)]);
  for (const { status } of answers) assert.equal(status, 303);
  await visitor.open('/devices');
  assert.equal(visitor.heading, 'Your devices');
});

test('sends who is not signed in to sign in', async t => {
  const visitor = (await serveExample(t)).newVisitor();
  for (const path of ['/devices', '/password', '/confirm']) {
    await visitor.open(path);
    assert.equal(visitor.heading, 'Sign in', path);
  }
  await visitor.send('/devices/sign-out-others', { token: visitor.token });
  assert.ok(visitor.browser.cookies.has(COOKIE));
});
