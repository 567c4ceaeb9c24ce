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

test('a wider domain or path than `__Host-` allows is told, for one request too', async t => {
  for (const wider of [{ domain: 'example.org' }, { path: '/app' }]) {
    const app = appWith(
      sojourn.createSession,
      { key: '__Host-sess' },
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
    assert.match(String(told[0]?.error), /browsers drop the session cookie/);
  }
});
