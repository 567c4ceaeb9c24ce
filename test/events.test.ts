import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import type Koa from 'koa';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, bareApp, errorsOf, type Routes, warningsOf } from './harness/app.js';
import { serve } from './harness/browser.js';
import { DAY, HOUR, stoppedClock } from './harness/clock.js';
import { plainText, signedPair, signedRecord } from './harness/cookies.js';
import { sojourn } from './harness/packages.js';
import { PLACES } from './harness/places.js';
import { RecordStore } from './harness/record-store.js';
import { newSession } from './stores/sessions.js';

const NAMES = [
  'missed',
  'invalid',
  'expired',
  'created',
  'saved',
  'rotated',
  'ended',
  'conflict',
  'tampered',
  'error',
];

interface Told {
  readonly name: string;
  readonly payload: Record<string, unknown>;
}

/** What an app tells of its sessions from now on, in order. */
function tellingsOf(app: Koa): Told[] {
  const told: Told[] = [];
  for (const name of NAMES) app.on(`session:${name}`, payload => told.push({ name, payload }));
  return told;
}

/** Events in short: their names, and why they were. */
function short(told: readonly Told[]): string[] {
  return told.map(({ name, payload: { reason } }) => (reason ? `${name}: ${reason}` : name));
}

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
  rename: ctx => {
    ctx.session.user = 'bob';
  },
  save: ctx => ctx.session.save(),
  regenerate: ctx => ctx.session.regenerate(),
  empty: ctx => {
    delete ctx.session.user;
  },
};

for (const [where, place] of Object.entries(PLACES)) {
  const isStored = where === 'a stored session';

  for (const [path, expected] of Object.entries({
    static: [],
    '': [],
    rename: ['saved: changed'],
    save: ['saved: forced'],
    regenerate: isStored ? ['rotated: rotated', 'saved: rotated'] : ['saved: rotated'],
    logout: ['ended: logout'],
    empty: ['ended: logout'],
  })) {
    test(`${where}, /${path}: ${expected.join(', ') || 'nothing to tell'}`, async t => {
      const [options, cookie] = place();
      const app = appWith(sojourn.createSession, options, site);
      const told = tellingsOf(app);
      await (await serve(t, app)).get(path, { cookie });
      assert.deepEqual(short(told), expected);
    });
  }

  test(`${where} that begins is told`, async t => {
    const [options] = place();
    const app = appWith(sojourn.createSession, options, site);
    const told = tellingsOf(app);
    await (await serve(t, app)).get('login');
    assert.deepEqual(short(told), ['created: changed', 'saved: changed']);
  });

  test(`${where} that is prolonged is told, with why`, async t => {
    const clock = stoppedClock(t);
    for (const [option, record, reason] of [
      ['rolling', { user: 'ann' }, 'rolling'],
      ['renew', { user: 'ann', _expire: clock.now() + HOUR, _maxAge: DAY }, 'renewed'],
    ] as const) {
      const [options, cookie] = place(record);
      const app = appWith(sojourn.createSession, { ...options, [option]: true }, site);
      const told = tellingsOf(app);
      await (await serve(t, app)).get('', { cookie });
      assert.deepEqual(short(told), [`saved: ${reason}`]);
    }
  });

  test(`${where} that is over is told, with its record`, async t => {
    const clock = stoppedClock(t);
    const record = { user: 'ann', _expire: clock.now() };
    const [options, cookie] = place(record);
    const app = appWith(sojourn.createSession, options, site);
    const told = tellingsOf(app);
    await (await serve(t, app)).get('', { cookie });
    const { ctx, ...payload } = told[0]?.payload ?? {};
    assert.deepEqual(
      [short(told), payload],
      [['expired'], { key: isStored ? 'k' : undefined, value: record }],
    );
    assert.equal((ctx as { path: string }).path, '/');
  });

  test(`${where} that \`valid\` refuses is told, with its record`, async t => {
    const [options, cookie] = place();
    const app = appWith(sojourn.createSession, { ...options, valid: () => false }, site);
    const told = tellingsOf(app);
    await (await serve(t, app)).get('', { cookie });
    const { ctx, ...payload } = told[0]?.payload ?? {};
    assert.deepEqual(short(told), ['invalid']);
    assert.deepEqual(payload, { key: isStored ? 'k' : undefined, value: { user: 'ann' } });
  });
}

test('a key that no record stands under is told', async t => {
  const app = appWith(sojourn.createSession, { store: new RecordStore() }, site);
  const told = tellingsOf(app);
  await (await serve(t, app)).get('', { cookie: signedPair('planted') });
  const { ctx, ...payload } = told[0]?.payload ?? {};
  assert.deepEqual([short(told), payload], [['missed'], { key: 'planted', value: undefined }]);
});

test('a cookie that was forged is told', async t => {
  const app = appWith(sojourn.createSession, {}, site);
  const told = tellingsOf(app);
  await (await serve(t, app)).get('', { cookie: `koa.sess=${plainText({ user: 'eve' })}; koa.sess.sig=x` });
  assert.deepEqual(short(told), ['tampered: tampered']);
});

test('no event but those that koa-session has carries a key', async t => {
  const store = new RecordStore();
  let made = 0;
  const genid = () => `a-very-secret-key-${++made}`;
  const app = appWith(sojourn.createSession, { store, genid }, site);
  const told = tellingsOf(app);
  const browser = await serve(t, app);
  for (const path of ['login', 'rename', 'regenerate', 'logout']) await browser.get(path);
  assert.ok(told.length > 4);
  for (const { name, payload } of told) {
    const { ctx, ...rest } = payload;
    assert.ok(ctx, name);
    assert.deepEqual(Object.keys(rest), ['handle', 'reason']);
    assert.doesNotMatch(inspect(rest), /secret/);
  }
});

test('a listener that fails is an error of the app, and none of the request', async t => {
  const app = appWith(sojourn.createSession, {}, site);
  const errors = errorsOf(app);
  app.on('session:saved', () => {
    throw new Error('the audit log is full');
  });
  const browser = await serve(t, app);
  const answer = await browser.get('login');
  assert.equal(answer.status, 200);
  assert.ok(answer.cookie());
  assert.match(String(errors[0]), /the audit log is full/);
});

for (const thrown of ['the audit log is full', undefined, Object.create(null)]) {
  test(`a listener that throws no error (${typeof thrown}) fails no request either`, async t => {
    const app = appWith(sojourn.createSession, {}, site);
    const errors = errorsOf(app);
    app.on('session:saved', () => {
      throw thrown;
    });
    const answer = await (await serve(t, app)).get('login');
    assert.deepEqual([answer.status, Boolean(answer.cookie())], [200, true]);
    assert.match(String(errors[0]), /a listener of session:saved threw no error/);
    assert.equal(errors[0]?.cause, thrown);
  });
}

test('a listener that fails where nobody hears of errors is a warning', async t => {
  const warnings = warningsOf(t);
  const app = bareApp();
  const store = memoryStore();
  const sessions = session<object>(app, { store });
  app.on('session:ended', () => {
    throw new Error('the audit log is full');
  });
  await store.insert('key', newSession(), {});
  for await (const { handle } of sessions.all()) assert.equal(await sessions.end(handle), true);
  await nextTurn();
  assert.match(String(warnings[0]), /a session's event failed: the audit log is full/);
});

test('a read of a session that exists tells nothing', async t => {
  const app = appWith(sojourn.createSession, {}, site);
  const told = tellingsOf(app);
  await (await serve(t, app)).get('', { cookie: signedRecord({ user: 'ann' }) });
  assert.deepEqual(told, []);
});
