import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { load, MINUTE, PASSWORD, type Site, serveExample, slowStore } from './site.js';
import type { Visitor } from './visitor.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

/** The devices of one account, each signed in, in this order. */
async function signInOn(site: Site, agents: readonly string[]): Promise<Visitor[]> {
  const visitors = agents.map(agent => site.newVisitor(agent));
  await visitors[0]?.signUp('ann', PASSWORD);
  for (const visitor of visitors.slice(1)) await visitor.signIn('ann', PASSWORD);
  return visitors;
}

test('lists one’s devices: browser, when, where from, and which is this one', async t => {
  const site = await serveExample(t);
  const firefox = site.newVisitor(FIREFOX);
  await firefox.signUp('ann', PASSWORD);
  site.advance(5 * MINUTE);
  const iphone = site.newVisitor(IPHONE);
  const page = await iphone.signIn('ann', PASSWORD);
  assert.deepEqual(iphone.devices.slice(0, 2), ['Safari on iPhone This device', 'Firefox on Linux']);
  assert.match(page, /ann is signed in on 2 devices/);
  assert.match(page, /Last seen <time[^>]*>6? ?5? minutes ago<\/time> from 192\.0\.2\.1</);
  assert.match(page, /Last seen just now from 192\.0\.2\.2</);
  assert.match(page, /Signed in <time datetime="\d{4}-/);
});

test('lists nobody else’s devices', async t => {
  const site = await serveExample(t);
  await site.newVisitor(FIREFOX).signUp('ann', PASSWORD);
  const bob = site.newVisitor(CHROME);
  await bob.signUp('bob', PASSWORD);
  assert.match(bob.page, /bob is signed in on 1 device</);
  assert.equal(bob.devices[0], 'Chrome on Windows This device');
});

test('calls devices what their owners call them', async () => {
  const { deviceName } = await load<{ deviceName(agent: string): string }>('device.js');
  for (const [agent, name] of [
    [FIREFOX, 'Firefox on Linux'],
    [CHROME, 'Chrome on Windows'],
    [IPHONE, 'Safari on iPhone'],
    [`${CHROME} Edg/145.0.0.0`, 'Edge on Windows'],
    [`${CHROME} OPR/120.0.0.0`, 'Opera on Windows'],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    ['curl/8', 'A browser'],
    ['', 'A browser'],
  ] as const) {
    assert.equal(deviceName(agent), name, agent);
  }
});

test('escapes what a device says of itself', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor('<script>alert(1)</script>');
  await visitor.signUp('ann', PASSWORD);
  assert.doesNotMatch(visitor.page, /<script>alert/);
});

test('signs out one of the others, and no more', async t => {
  const site = await serveExample(t);
  const [firefox, chrome, iphone] = (await signInOn(site, [FIREFOX, CHROME, IPHONE])) as [
    Visitor,
    Visitor,
    Visitor,
  ];
  await iphone.press('/devices/sign-out', { handle: iphone.handleOf('Firefox') });
  assert.equal(iphone.notice, 'That device is signed out.');
  assert.equal(iphone.devices[1], 'Chrome on Windows');
  await firefox.open('/devices');
  assert.equal(firefox.heading, 'Signed out from another device');
  await chrome.open('/devices');
  assert.equal(chrome.heading, 'Your devices');
});

test('signs out a device that was signed out meanwhile, and says so', async t => {
  const site = await serveExample(t);
  const [firefox, chrome] = (await signInOn(site, [FIREFOX, CHROME])) as [Visitor, Visitor];
  await firefox.open('/devices');
  await firefox.press('/log-out');
  await chrome.press('/devices/sign-out', { handle: chrome.handleOf('Firefox') });
  assert.equal(chrome.notice, 'That device was signed out already.');
});

test('signs out itself from the list', async t => {
  const site = await serveExample(t);
  const [firefox] = (await signInOn(site, [FIREFOX])) as [Visitor];
  await firefox.press('/devices/sign-out', { handle: firefox.handleOf('Firefox') });
  assert.equal(firefox.heading, 'Logged out');
});

test('signs out nobody of another account, by whatever handle', async t => {
  const site = await serveExample(t);
  const ann = site.newVisitor(FIREFOX);
  await ann.signUp('ann', PASSWORD);
  const bob = site.newVisitor(CHROME);
  await bob.signUp('bob', PASSWORD);
  const form = { token: bob.token, handle: ann.handleOf('Firefox') };
  assert.ok(form.handle);
  await bob.send('/devices/sign-out', form);
  await ann.open('/devices');
  assert.equal(ann.heading, 'Your devices');
});

test('signs out all others', async t => {
  const site = await serveExample(t);
  const [firefox, chrome, iphone] = (await signInOn(site, [FIREFOX, CHROME, IPHONE])) as [
    Visitor,
    Visitor,
    Visitor,
  ];
  await chrome.open('/devices');
  await chrome.press('/devices/sign-out-others');
  assert.match(chrome.page, /ann is signed in on 1 device</);
  assert.doesNotMatch(chrome.page, /Sign out all others/);
  for (const other of [firefox, iphone]) {
    await other.open('/');
    assert.equal(other.heading, 'Signed out from another device');
  }
});

test('one device at a time: switching it on signs out the others, and each sign-in the one before', async t => {
  const site = await serveExample(t);
  const [firefox, chrome, iphone] = (await signInOn(site, [FIREFOX, CHROME, IPHONE])) as [
    Visitor,
    Visitor,
    Visitor,
  ];
  await iphone.press('/devices/one-at-a-time', { switch: 'on' });
  assert.match(iphone.page, /ann is signed in on 1 device</);
  for (const other of [firefox, chrome]) {
    await other.open('/');
    assert.equal(other.heading, 'Signed in on another device');
  }
  await firefox.signIn('ann', PASSWORD);
  assert.equal(firefox.heading, 'Your devices');
  await iphone.open('/devices');
  assert.equal(iphone.heading, 'Signed in on another device');
  await firefox.press('/devices/one-at-a-time', { switch: 'off' });
  await iphone.signIn('ann', PASSWORD);
  await firefox.open('/devices');
  assert.equal(firefox.heading, 'Your devices');
});

test('one device at a time: of sign-ins at the same time exactly the newest stays', async t => {
  const store = memoryStore();
  const site = await serveExample(t, store);
  const [first] = (await signInOn(site, [FIREFOX])) as [Visitor];
  await first.press('/devices/one-at-a-time', { switch: 'on' });
  const others = Array.from({ length: 4 }, () => site.newVisitor(CHROME));
  // The worst case: all sessions are saved before the first of their requests looks at the others.
  const saved = gate(others.length);
  const move = store.move.bind(store);
  store.move = async (...args) => {
    const placement = await move(...args);
    await saved();
    return placement;
  };
  await Promise.all(others.map(other => other.signIn('ann', PASSWORD)));
  const account = await site.accounts.authenticate('ann', PASSWORD);
  const { sessions } = (await store.list?.(account?.id as string, { limit: 10 })) ?? { sessions: [] };
  assert.equal(sessions.length, 1);
  await Promise.all(others.map(other => other.open('/devices')));
  assert.equal(others.filter(({ heading }) => heading === 'Your devices').length, 1);
});

test('one device at a time: a sign-in that overlaps with switching it on leaves one at most', async t => {
  for (let round = 0; round < 5; round++) {
    const site = await serveExample(t, slowStore());
    const [firefox] = (await signInOn(site, [FIREFOX])) as [Visitor];
    const others = [site.newVisitor(CHROME), site.newVisitor(IPHONE)];
    await Promise.all([
      ...others.map(other => other.signIn('ann', PASSWORD)),
      firefox.press('/devices/one-at-a-time', { switch: 'on' }),
    ]);
    const account = await site.accounts.authenticate('ann', PASSWORD);
    assert.ok(Number(await site.store.count?.(account?.id)) <= 1);
  }
});

/** Lets nobody go on before so many have come. */
function gate(many: number): () => Promise<void> {
  let [come, open] = [0, () => {}];
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return () => {
    if (++come === many) open();
    return opened;
  };
}
