import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appWith, eventsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { visit } from '../harness/visit.js';

test('a cookie that a browser does not take for a prefixed one is none, even beside a dead one', async t => {
  const key = '__Host-sess';
  const browser = await visit(t, { key, secure: 'auto' }, { '': ctx => String(ctx.session.user) });
  const dead = signedRecord({ user: 'ann', _expire: 1, _maxAge: 1 }, { name: key });
  const planted = signedRecord({ user: 'eve' }, { name: key });
  const disguised = planted.split('; ').map(pair => `\u00a0${pair}`);
  assert.equal((await browser.get('', { cookie: `${dead}; ${planted}` })).body, 'eve');
  for (const blank of ['\u00a0', '\t', ' \u00a0']) {
    const others = disguised.map(pair => pair.replace('\u00a0', blank)).join('; ');
    assert.equal((await browser.get('', { cookie: `${dead}; ${others}` })).body, 'undefined');
  }
});

for (const [what, { key, wider, isTold }] of Object.entries({
  'a domain': { key: '__Host-sess', wider: { domain: 'example.org' }, isTold: true },
  'another path': { key: '__Host-sess', wider: { path: '/app' }, isTold: true },
  'its own path': { key: '__Host-sess', wider: { path: undefined }, isTold: false },
  'a domain, under another name': { key: 'sess', wider: { domain: 'example.org' }, isTold: false },
  'another path, under another name': { key: 'my__host-sess', wider: { path: '/app' }, isTold: false },
})) {
  test(`what \`__Host-\` does not allow is told, for one request too: ${what}`, async t => {
    const app = appWith(
      sojourn.createSession,
      { key },
      {
        '': ctx => {
          Object.assign(ctx.sessionOptions, wider);
          ctx.session.user = 'ann';
        },
      },
    );
    app.proxy = true;
    const told = eventsOf(app, 'session:error');
    await (await serve(t, app)).get('', { headers: { 'x-forwarded-proto': 'https' } });
    assert.equal(told.length, isTold ? 1 : 0);
    if (isTold) assert.match(String(told[0]?.error), /browsers drop the session cookie/);
  });
}
