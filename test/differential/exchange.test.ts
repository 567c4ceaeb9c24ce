import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { appWith, type Routes } from '../harness/app.js';
import { type Browser, serve } from '../harness/browser.js';
import { SECOND, stoppedClock } from '../harness/clock.js';
import { koaSession7, type SessionPackage, sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { hexCodec } from './codec.js';
import { koaSession6 } from './koa-session-6.js';
import { MINUTE } from './mode.js';
import { seed } from './seed.js';

/** Cookies and stored records that one package made are the other's, too: an app switches, and switches back. */
const VERSIONS = { 'koa-session 6': koaSession6, 'koa-session 7': koaSession7 };

const PLACES: Record<string, () => object> = {
  'signed cookie': () => ({}),
  'unsigned cookie': () => ({ signed: false }),
  'cookie with encode and decode': () => hexCodec,
  'browser-session cookie': () => ({ maxAge: 'session' }),
  'rolling cookie': () => ({ rolling: true }),
  store: () => ({ store: new RecordStore() }),
  'store, browser session': () => ({ store: new RecordStore(), maxAge: 'session' }),
  'store, external key': () => ({ store: new RecordStore(), externalKey }),
};

const externalKey = {
  get: (ctx: { get(name: string): string }) => ctx.get('x-key'),
  set: (ctx: { set(name: string, value: string): void }, key: string) => ctx.set('x-key', key),
};

/** One visitor of two apps that have the same options, keys and store, each on a package of its own. */
class Switcher {
  readonly #apps: readonly [Browser, Browser];
  #key = '';
  /** What the handlers put into the session. */
  data: object = {};

  constructor(apps: readonly [Browser, Browser]) {
    this.#apps = apps;
  }

  /** Asks the first app, or the second, with all that the visitor was given by either. */
  async ask(which: 0 | 1, path: string): Promise<{ status: number; data: unknown; cookies: number }> {
    const app = this.#apps[which];
    const answer = await app.get(path, this.#key ? { headers: { 'x-key': this.#key } } : {});
    this.#key = answer.headers.get('x-key') ?? this.#key;
    const other = this.#apps[which === 0 ? 1 : 0];
    for (const [name, cookie] of app.cookies) other.cookies.set(name, cookie);
    return {
      status: answer.status,
      data: answer.status === 200 && answer.json,
      cookies: answer.cookies.length,
    };
  }

  cookieOf(which: 0 | 1) {
    return this.#apps[which].cookies.get('koa.sess');
  }

  forget(): void {
    this.#key = '';
    for (const { cookies } of this.#apps) cookies.clear();
  }
}

async function switcher(
  t: TestContext,
  packages: readonly [SessionPackage, SessionPackage],
  options: readonly [object, object],
): Promise<Switcher> {
  const routes: Routes = {
    begin: ctx => {
      ctx.session = structuredClone(visitor.data);
      return {};
    },
    change: ctx => {
      ctx.session.changed = Number(ctx.session.changed ?? 0) + 1;
      return {};
    },
    logout: ctx => {
      ctx.session = null;
      return {};
    },
    '': ctx => JSON.stringify(ctx.session),
  };
  const serveOn = (which: 0 | 1) => serve(t, appWith(packages[which].createSession, options[which], routes));
  const visitor = new Switcher([await serveOn(0), await serveOn(1)]);
  return visitor;
}

const names = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter(name => !/^_|^(?:toJSON|length|populated|maxAge|externalKey|isNew)$/.test(name));
const anyData = fc
  .dictionary(names, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1, maxKeys: 5, noNullPrototype: true })
  .filter(data => JSON.stringify(data).length < 1500);

for (const [version, koaSession] of Object.entries(VERSIONS)) {
  for (const [place, optionsOf] of Object.entries(PLACES)) {
    for (const packages of [
      [koaSession, sojourn],
      [sojourn, koaSession],
    ] as const) {
      const [from, to] = packages[0] === sojourn ? ['sojourn', version] : [version, 'sojourn'];
      test(`what ${from} keeps, ${to} reads, changes and gives back: ${place}`, async t => {
        const options = optionsOf();
        const visitor = await switcher(t, packages, [{ ...options }, { ...options }]);
        await fc.assert(
          fc.asyncProperty(anyData, data => staysWhole(visitor, data, place.startsWith('rolling'))),
          { seed, numRuns: 12, includeErrorInReport: true },
        );
      });
    }
  }
}

async function staysWhole(visitor: Switcher, given: object, isRolling: boolean): Promise<void> {
  const data = JSON.parse(JSON.stringify(given));
  visitor.forget();
  visitor.data = data;
  assert.equal((await visitor.ask(0, 'begin')).status, 200);
  const read = await visitor.ask(1, '');
  assert.deepEqual(read.data, data);
  assert.equal(read.cookies > 0, isRolling, 'a cookie for a read');
  await visitor.ask(1, 'change');
  assert.deepEqual((await visitor.ask(0, '')).data, { ...data, changed: 1 });
  await visitor.ask(0, 'change');
  assert.deepEqual((await visitor.ask(1, '')).data, { ...data, changed: 2 });
}

for (const [version, koaSession] of Object.entries(VERSIONS)) {
  for (const packages of [
    [koaSession, sojourn],
    [sojourn, koaSession],
  ] as const) {
    const [from, to] = packages[0] === sojourn ? ['sojourn', version] : [version, 'sojourn'];

    for (const name of ['save', 'commit', 'regenerate', 'manuallyCommit', 'inspect', 'constructor']) {
      test(`data called \`${name}\` stay whole between ${from} and ${to}`, async t => {
        const store = new RecordStore();
        for (const options of [{}, { store }]) {
          const visitor = await switcher(t, packages, [{ ...options }, { ...options }]);
          await staysWhole(visitor, { user: 'ann', [name]: 'mine' }, false);
        }
      });
    }

    for (const lifetime of [5 * SECOND, 'session'] as const) {
      test(`a lifetime of ${lifetime} that ${from} was told, ${to} keeps`, async t => {
        const clock = stoppedClock(t);
        const visitor = await switcher(t, packages, [{ maxAge: MINUTE }, { maxAge: MINUTE }]);
        visitor.data = { user: 'ann', maxAge: lifetime };
        await visitor.ask(0, 'begin');
        await visitor.ask(1, 'change');
        const expected = lifetime === 'session' ? undefined : clock.now() + lifetime;
        assert.equal(visitor.cookieOf(1)?.expiresAt, expected);
        clock.advance(4 * SECOND);
        assert.deepEqual((await visitor.ask(0, '')).data, { user: 'ann', changed: 1 });
      });
    }

    test(`a session of ${from} ends in time in ${to}`, async t => {
      const clock = stoppedClock(t);
      const store = new RecordStore();
      const visitor = await switcher(
        t,
        packages,
        [{ store }, { store }].map(options => ({ ...options, maxAge: MINUTE })) as never,
      );
      visitor.data = { user: 'ann' };
      await visitor.ask(0, 'begin');
      clock.advance(MINUTE - 1);
      assert.deepEqual((await visitor.ask(1, '')).data, { user: 'ann' });
      clock.advance(2);
      assert.deepEqual((await visitor.ask(1, '')).data, {});
    });

    test(`a logout in ${to} ends the session that ${from} began`, async t => {
      const store = new RecordStore();
      const visitor = await switcher(t, packages, [{ store }, { store }]);
      visitor.data = { user: 'ann' };
      await visitor.ask(0, 'begin');
      assert.equal(store.keys.length, 1);
      await visitor.ask(1, 'logout');
      assert.equal(store.keys.length, 0);
    });
  }

  for (const name of [
    '_csrf',
    'toJSON',
    'length',
    'populated',
    'maxAge',
    'externalKey',
    'isNew',
    '__proto__',
  ]) {
    test(`data called \`${name}\`, which ${version} cannot hold, do it no harm, and last until it saves`, async t => {
      const store = new RecordStore();
      for (const options of [{}, { store }]) {
        const visitor = await switcher(t, [sojourn, koaSession], [{ ...options }, { ...options }]);
        visitor.data = JSON.parse(`{"user":"ann","${name}":"mine"}`);
        await visitor.ask(0, 'begin');
        assert.deepEqual((await visitor.ask(1, '')).data, { user: 'ann' });
        assert.deepEqual((await visitor.ask(0, '')).data, visitor.data);
        await visitor.ask(1, 'change');
        assert.deepEqual((await visitor.ask(0, '')).data, { user: 'ann', changed: 1 });
      }
    });
  }
}
