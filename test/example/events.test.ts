import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from 'sojourn/memory';
import { until } from '../harness/until.js';
import { MINUTE, PASSWORD, SECOND, type Site, serveExample } from './site.js';
import type { Visitor } from './visitor.js';

interface Ended {
  readonly title: string;
  readonly text: string;
}

/** What an open page of this visitor is told. */
interface Stream {
  readonly ended: Promise<Ended>;
  /** Everything that came. */
  readonly text: string;
}

/** Opens what a page listens to, and answers once it is open. */
async function listen(t: TestContext, { browser }: Visitor): Promise<Stream> {
  const outgoing = request(`${browser.base}/events`, { headers: { cookie: browser.cookieHeader } }).end();
  t.after(() => outgoing.destroy());
  const [response] = await once(outgoing, 'response');
  assert.match(String(response.headers['content-type']), /^text\/event-stream/);
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  response.on('error', () => {});
  const ended = once(response, 'end').then(() =>
    JSON.parse(text.match(/^event: ended\ndata: (.*)$/m)?.[1] ?? 'null'),
  );
  ended.catch(() => {});
  await once(response, 'data');
  return {
    ended,
    get text() {
      return text;
    },
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = sleep(ms, undefined, { ref: false }).then(() => assert.fail(`nothing came within ${ms} ms`));
  return Promise.race([promise, late]);
}

async function twoDevices(site: Site): Promise<[Visitor, Visitor]> {
  const [here, there] = [site.newVisitor(), site.newVisitor()];
  await here.signUp('ann', PASSWORD);
  await there.signIn('ann', PASSWORD);
  return [here, there];
}

for (const [title, sayOf] of Object.entries({
  'Signed out from another device': (there: Visitor) => there.press('/devices/sign-out-others'),
  'Signed in on another device': (there: Visitor) => there.press('/devices/one-at-a-time', { switch: 'on' }),
  'Your password was changed': async (there: Visitor) => {
    await there.open('/password');
    await there.press('/password', { password: 'another battery' });
  },
})) {
  test(`an open page is told within a second: ${title}`, async t => {
    const site = await serveExample(t);
    const [here, there] = await twoDevices(site);
    const [stream, own] = [await listen(t, here), await listen(t, there)];
    await sayOf(there);
    assert.equal((await within(SECOND, stream.ended)).title, title);
    assert.doesNotMatch(own.text, /event:/, 'but not the device that did it');
    await here.open('/');
    assert.equal(here.heading, title, 'and the next request is answered with the same words');
  });
}

test('an open page is told when another device takes over', async t => {
  const site = await serveExample(t);
  const [here, there] = [site.newVisitor(), site.newVisitor()];
  await here.signUp('ann', PASSWORD);
  await here.press('/devices/one-at-a-time', { switch: 'on' });
  const stream = await listen(t, here);
  await there.signIn('ann', PASSWORD);
  assert.equal((await within(SECOND, stream.ended)).title, 'Signed in on another device');
});

test('other tabs are told of a log-out', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  const stream = await listen(t, visitor);
  await visitor.press('/log-out');
  assert.equal((await within(SECOND, stream.ended)).title, 'Logged out');
});

test('a new key is no end', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  await visitor.open('/');
  const stream = await listen(t, visitor);
  await visitor.press('/regenerate');
  await sleep(1500);
  assert.doesNotMatch(stream.text, /event:/);
  await visitor.press('/log-out');
  assert.equal((await within(SECOND, stream.ended)).title, 'Logged out');
});

test('an open page does not keep a session from its idle deadline, and is told of it', async t => {
  const site = await serveExample(t);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  const first = await listen(t, visitor);
  site.advance(29 * MINUTE);
  await listen(t, visitor);
  site.advance(2 * MINUTE);
  assert.match((await within(3 * SECOND, first.ended)).text, /not used for 30 minutes/);
});

test('a page that missed the end is told when it comes back', async t => {
  const site = await serveExample(t);
  const [here, there] = await twoDevices(site);
  await there.press('/devices/sign-out-others');
  const { ended } = await listen(t, here);
  assert.equal((await ended).title, 'Signed out from another device');
});

test('a page that is left leaves no watch behind, even while its session is looked up', async t => {
  const store = memoryStore();
  const site = await serveExample(t, store);
  const visitor = site.newVisitor();
  await visitor.signUp('ann', PASSWORD);
  const [find, peek] = [store.find.bind(store), store.peek?.bind(store)];
  assert.ok(peek);
  let looks = 0;
  store.peek = (...args) => {
    looks++;
    return peek(...args);
  };
  let goOn: (() => void) | undefined;
  store.find = async (...args) => {
    const answer = await find(...args);
    await new Promise<void>(resolve => {
      goOn = resolve;
    });
    return answer;
  };
  const { browser } = visitor;
  const outgoing = request(`${browser.base}/events`, { headers: { cookie: browser.cookieHeader } }).end();
  outgoing.on('error', () => {});
  await until(() => goOn);
  outgoing.destroy();
  await sleep(100);
  goOn?.();
  // A watch would ask each second.
  await sleep(2200);
  assert.ok(looks <= 1, `the store was asked ${looks} times`);
});

test('a page of nobody is told so', async t => {
  const site = await serveExample(t);
  const { ended } = await listen(t, site.newVisitor());
  assert.equal((await ended).title, 'You are signed out');
});
