import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { account, appWith } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { HOUR } from '../harness/clock.js';
import { client, koaRedis, missing, prefix } from '../harness/koa-redis.js';
import { koaSession7, type SessionPackage, sojourn } from '../harness/packages.js';
import { type Bench, benchFor } from '../harness/side-by-side.js';

/** Runs the same app with one package, or first with one and then with the other. */
function withRedis(
  behaviour: string,
  packages: SessionPackage[],
  body: (...benches: Bench[]) => Promise<void>,
) {
  const by = packages.map(({ name }) => name).join(', then ');
  test(`koa-redis: ${behaviour} (${by})`, { skip: missing }, t =>
    body(...packages.map(sessionPackage => benchFor(sessionPackage, t))),
  );
}

const options = { store: koaRedis({ client }), prefix, maxAge: HOUR };

for (const one of [sojourn, koaSession7]) {
  withRedis('keeps, prolongs and destroys sessions', [one], async bench => {
    const browser = await (bench as Bench).visit({ ...options, rolling: true }, account);
    await browser.get('login');
    const key = browser.cookies.get('koa.sess')?.value ?? '';
    assert.equal(JSON.parse((await client.get(key)) ?? '').user, 'ann');
    const seconds = await client.ttl(key);
    assert.ok(seconds > 3600 && seconds <= 3610, `${seconds} s`);
    await client.expire(key, 60);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
    assert.ok((await client.ttl(key)) > 3600);
    await browser.get('logout');
    assert.equal(await client.exists(key), 0);
  });
}

for (const pair of [
  [sojourn, koaSession7],
  [koaSession7, sojourn],
]) {
  withRedis('a session of the one package is a session of the other', pair, async (first, second) => {
    const before = await (first as Bench).visit(options, account);
    await before.get('login');
    const after = await (second as Bench).visit(options, {
      ...account,
      change: ctx => {
        ctx.session.seen = true;
      },
      show: ctx => ({ ...ctx.session.toJSON() }),
    });
    const visitor = { cookie: before.cookieHeader };
    assert.equal((await after.get('', visitor)).body, '{"user":"ann"}');
    await after.get('change', visitor);
    assert.deepEqual((await after.get('show', visitor)).json, { user: 'ann', seen: true });
    assert.equal((await before.get()).body, '{"user":"ann"}');
  });
}

test('koa-redis: keeps a browser session, with a lifetime in Redis', { skip: missing }, async t => {
  const app = appWith(sojourn.createSession, { ...options, maxAge: 'session', sessionTtl: HOUR }, account);
  const browser = await serve(t, app);
  await browser.get('login');
  const key = browser.cookies.get('koa.sess')?.value ?? '';
  const seconds = await client.ttl(key);
  assert.ok(seconds > 3500 && seconds <= 3610, `${seconds} s`);
  assert.equal((await browser.get()).body, '{"user":"ann"}');
});

test('koa-redis: a Redis that is gone is a 503', async t => {
  const gone = new Redis({ port: 1, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  gone.on('error', () => {});
  t.after(() => gone.disconnect());
  const app = appWith(sojourn.createSession, { store: koaRedis({ client: gone }), signed: false }, account);
  const { status } = await (await serve(t, app)).get('', { cookie: 'koa.sess=k' });
  assert.equal(status, 503);
});
