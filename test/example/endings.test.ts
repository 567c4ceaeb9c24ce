import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, MINUTE, PASSWORD, serveExample } from './site.js';

test('tells why, whatever is asked for and in every tab, until the visitor goes on', async t => {
  const site = await serveExample(t);
  const [here, there] = [site.newVisitor(), site.newVisitor()];
  await here.signUp('ann', PASSWORD);
  await there.signIn('ann', PASSWORD);
  await there.press('/devices/sign-out-others');
  for (const path of ['/', '/devices', '/password', '/']) {
    await here.open(path);
    assert.deepEqual([here.status, here.heading], [403, 'Signed out from another device'], path);
  }
  assert.match(here.page, /<code>revoked<\/code>, <time/);
  const { status, body } = await here.send('/fill', { token: here.token });
  assert.deepEqual([status, /<h1>Signed out from another device</.test(body)], [403, true]);
  await here.open('/sign-in');
  assert.match(here.notice ?? '', /One of your other devices signed this one out/);
  await here.press('/sign-in', { name: 'ann', password: PASSWORD });
  assert.equal(here.heading, 'Your devices');
});

test('a visitor may go on without an account, in a new session', async t => {
  const site = await serveExample(t);
  const [here, there] = [site.newVisitor(), site.newVisitor()];
  await here.signUp('ann', PASSWORD);
  await here.open('/');
  await there.signIn('ann', PASSWORD);
  await there.press('/devices/sign-out-others');
  await here.open('/');
  assert.match(here.page, /href="\/start"/);
  await here.open('/start');
  assert.equal(here.heading, '1 view');
  assert.doesNotMatch(here.page, /ann/);
});

test('left alone, a session ends after half an hour; used, it does not', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  for (let used = 0; used < 4; used++) {
    site.advance(29 * MINUTE);
    await visitor.open('/devices');
    assert.equal(visitor.heading, 'Your devices');
  }
  site.advance(30 * MINUTE);
  await visitor.open('/devices');
  assert.equal(visitor.heading, 'Your session has ended');
  assert.match(visitor.page, /not used for 30 minutes/);
});

test('however much it is used, a session ends after a day', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  for (let used = 0; used < 53; used++) {
    site.advance(27 * MINUTE);
    await visitor.open('/');
  }
  assert.match(visitor.heading ?? '', /^53 views$/);
  site.advance(HOUR / 4);
  await visitor.open('/');
  assert.match(visitor.page, /a session lasts for a day[\s\S]*<code>absolute<\/code>/);
});

test('a tab of a session that was logged out in another tab says so', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  const cookie = visitor.browser.cookieHeader;
  await visitor.press('/log-out');
  assert.match(
    (await visitor.browser.get('devices', { cookie })).body,
    /<h1>Logged out<[\s\S]*in another tab/,
  );
});

test('a cookie that no session stands behind makes a new visitor, and no explanations', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.open('/');
  const old = visitor.browser.cookieHeader;
  await visitor.press('/regenerate');
  for (const cookie of [old, 'sojourn.example=forged; sojourn.example.sig=forged']) {
    const { status, body } = await visitor.browser.get('', { cookie });
    assert.deepEqual([status, /<h1>1 view</.test(body)], [200, true], cookie);
  }
});
