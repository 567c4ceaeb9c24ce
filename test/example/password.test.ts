import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE, PASSWORD, serveExample } from './site.js';

const NEW = 'another battery, another horse';

test('a new password signs out all other devices, tells them why, and holds', async t => {
  const site = await serveExample(t);
  const [here, there] = [site.newVisitor(), site.newVisitor()];
  await here.signUp('ann', PASSWORD);
  await there.signIn('ann', PASSWORD);
  const cookie = here.browser.cookieHeader;
  await here.open('/password');
  await here.press('/password', { password: NEW });
  assert.equal(here.notice, 'Your password is changed, and all other devices are signed out.');
  assert.match(here.page, /ann is signed in on 1 device</);
  assert.notEqual(here.browser.cookieHeader, cookie, 'a key that was copied before is worth nothing');
  await there.open('/');
  assert.equal(there.heading, 'Your password was changed');
  await there.signIn('ann', PASSWORD);
  assert.equal(there.status, 422);
  await there.signIn('ann', NEW);
  assert.equal(there.heading, 'Your devices');
});

test('asks for the password first, where it was given more than five minutes ago', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  await visitor.open('/password');
  assert.equal(visitor.heading, 'New password');
  site.advance(6 * MINUTE);
  await visitor.press('/password', { password: NEW });
  assert.equal(visitor.heading, 'Is it you?', 'not even with a form that was open before');
  await visitor.press('/confirm', { password: 'wrong horse battery' });
  assert.deepEqual([visitor.status, visitor.title], [422, 'Error: Is it you? · sojourn']);
  const cookie = visitor.browser.cookieHeader;
  await visitor.press('/confirm', { password: PASSWORD });
  assert.equal(visitor.heading, 'New password');
  assert.notEqual(visitor.browser.cookieHeader, cookie);
  await visitor.press('/password', { password: NEW });
  assert.equal(visitor.heading, 'Your devices');
});

test('limits how often the password is tried there, too', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  await visitor.open('/confirm');
  for (let tried = 0; tried < 5; tried++)
    await visitor.press('/confirm', { password: 'wrong horse battery' });
  await visitor.press('/confirm', { password: PASSWORD });
  assert.equal(visitor.status, 429);
});

test('refuses a new password that is too short', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  await visitor.open('/password');
  assert.match(
    await visitor.press('/password', { password: 'short' }),
    /id="password-error">Choose a password of at least 10/,
  );
  assert.ok(await site.accounts.authenticate('ann', PASSWORD));
});

test('a sign-in that is under way with the old password does not outlive it', async t => {
  const site = await serveExample(t);
  const [here, there] = [site.newVisitor(), site.newVisitor()];
  await here.signUp('ann', PASSWORD);
  await here.open('/password');
  await there.open('/sign-in');
  // The old password is right while it is checked, and has been changed before there is a session.
  const { authenticate } = site.accounts;
  site.accounts.authenticate = async (...given) => {
    const account = await authenticate.apply(site.accounts, given);
    site.accounts.authenticate = authenticate;
    await here.press('/password', { password: NEW });
    return account;
  };
  await there.press('/sign-in', { name: 'ann', password: PASSWORD });
  assert.equal(there.status, 422);
  await there.open('/devices');
  assert.equal(there.heading, 'Sign in');
  assert.match(await here.open('/devices'), /ann is signed in on 1 device</);
});
