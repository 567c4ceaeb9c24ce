import assert from 'node:assert/strict';
import { account, appWith, bareApp, errorsOf, type Routes, router, SECRET } from '../harness/app.js';
import { DAY, stoppedClock } from '../harness/clock.js';
import { plainText, signedRecord } from '../harness/cookies.js';
import { mended } from '../harness/side-by-side.js';

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
};

mended('a cookie that browsers would drop is an error, and is not sent', async bench => {
  const app = appWith(
    bench.createSession,
    {},
    {
      '': ctx => {
        ctx.session.text = 'x'.repeat(4000);
      },
    },
  );
  const errors = errorsOf(app);
  const { status, cookies } = await (await bench.serve(app)).get();
  assert.equal(status, 500);
  assert.deepEqual(cookies, []);
  assert.match(String(errors[0]), /browsers drop a cookie over 4096.*store/);
});

mended('a cookie that an older key signed is issued anew, with all its attributes', async bench => {
  const clock = stoppedClock(bench.t);
  const app = appWith(bench.createSession, { domain: 'example.com' }, site);
  app.keys = ['the newest secret', SECRET];
  const browser = await bench.serve(app);
  const record = { user: 'ann', _expire: clock.now() + DAY, _maxAge: DAY };
  const answer = await browser.get('', { cookie: signedRecord(record) });
  assert.equal(answer.body, '{"user":"ann"}');
  assert.deepEqual(
    answer.cookies.map(({ name, expiresAt, attributes: { domain } }) => [name, expiresAt, domain]),
    [
      ['koa.sess', clock.now() + DAY, 'example.com'],
      ['koa.sess.sig', clock.now() + DAY, 'example.com'],
    ],
  );
});

mended('a forged cookie is left alone, as is its signature', async ({ visit }) => {
  const browser = await visit({}, site);
  const cookie = `koa.sess=${plainText({ user: 'eve' })}; koa.sess.sig=forged`;
  const answer = await browser.get('', { cookie });
  assert.equal(answer.body, '{"user":null}');
  assert.deepEqual(answer.cookies, []);
});

for (const order of ['before', 'after']) {
  mended(`a rightly signed cookie counts with a forged one of its name ${order} it`, async ({ visit }) => {
    const browser = await visit({}, site);
    const [good, bad] = [signedRecord({ user: 'ann' }), `koa.sess=${plainText({ user: 'eve' })}`];
    const forgedSignature = 'koa.sess.sig=forged';
    const cookie =
      order === 'before' ? `${bad}; ${forgedSignature}; ${good}` : `${forgedSignature}; ${good}; ${bad}`;
    assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
  });
}

mended('a Secure cookie over plain HTTP is an error that tells of proxies', async bench => {
  const app = appWith(bench.createSession, { secure: true }, site);
  const errors = errorsOf(app);
  assert.equal((await (await bench.serve(app)).get('login')).status, 500);
  assert.match(String(errors[0]), /`secure`.*`app\.proxy = true`/);
});

mended('missing keys are told at the first request, with what to set', async bench => {
  const app = bareApp();
  app.keys = undefined as never;
  app.use(bench.createSession(app));
  app.use(router(site));
  const errors = errorsOf(app);
  assert.equal((await (await bench.serve(app)).get('static')).status, 500);
  assert.match(String(errors[0]), /`app\.keys = /);
});

mended('no cache may keep a response that sets the cookie', async ({ visit }) => {
  const { headers } = await (await visit({}, site)).get('login');
  assert.equal(headers.get('cache-control'), 'private, no-store');
  assert.equal(headers.get('vary'), 'Cookie');
});

mended('caches are told that a response depends on the cookie', async ({ visit }) => {
  const { headers } = await (await visit({}, site)).get();
  assert.equal(headers.get('vary'), 'Cookie');
});
