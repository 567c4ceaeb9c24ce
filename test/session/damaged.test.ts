import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey, type SessionStore, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, errorsOf, eventsOf } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';

/** Damaged rows that fuzzing has found to fail a request. */

/** JSON.parse takes it, and JSON.stringify does not. */
const DEEP = `{"user":"ann","a":${'['.repeat(5000)}${']'.repeat(5000)}}`;

/** A sojourn store all of whose live rows have these fields in place of their own. */
function answering(fields: object, codec?: SessionStore['codec']): SessionStore {
  const store = memoryStore({ codec });
  const find = store.find.bind(store);
  return Object.assign(store, {
    find: async (...args: Parameters<typeof find>) => {
      const found = await find(...args);
      return found && { ...found, ...fields };
    },
  });
}

const seal = sealed(generateKey());

/** Sealed JSON text, whatever it holds. */
function sealText(json: string, name: string): string {
  const texts = seal as unknown as Record<symbol, { seal(json: string, name: string): string }>;
  return texts[Symbol.for('sojourn.seal')]?.seal(json, name) as string;
}

class DeepRecords extends RecordStore {
  override record(): Record<string, unknown> {
    return JSON.parse(DEEP);
  }
}

/** Objects, and no records. */
class Records extends RecordStore {
  readonly #given: object;

  constructor(given: object) {
    super();
    this.#given = given;
  }

  override record(): Record<string, unknown> {
    return this.#given as Record<string, unknown>;
  }
}

const DAMAGED: Readonly<Record<string, () => TestOptions>> = {
  'data that are nested too deep': () => ({ store: answering({ data: DEEP }) }),
  'sealed data that are nested too deep': () => ({
    store: answering({ handle: 'h', data: sealText(DEEP, 'h') }, seal),
  }),
  'data that a codec finds to be nested too deep': () => ({
    store: answering({}, { encode: data => JSON.stringify(data), decode: () => JSON.parse(DEEP) }),
  }),
  "a record of koa-session's that is nested too deep": () => ({ store: new DeepRecords() }),
  'bytes for a record': () => ({ store: new Records(Buffer.from('{}')) }),
  'a date for a record': () => ({ store: new Records(new Date()) }),
  'a map for a record': () => ({ store: new Records(new Map([['user', 'ann']])) }),
  'data that are no text': () => ({ store: answering({ data: {} }, seal) }),
  'a time that is none': () => ({ store: answering({ createdAt: 'yesterday' }) }),
  'a time that is not known': () => ({ store: answering({ expiresAt: Number.NaN }) }),
  'a lifetime that no cookie can have': () => ({ store: answering({ maxAge: 9e15 }) }),
  'an end that has no reason': () => ({ store: answering({ ended: true }) }),
};

for (const [what, options] of Object.entries(DAMAGED)) {
  test(`a store that answers ${what}: the visitor gets a new session, and it is told`, async t => {
    const app = appWith(sojourn.createSession, options(), account);
    const [errors, told] = [errorsOf(app), eventsOf(app, 'session:error')];
    const browser = await serve(t, app);
    await browser.get('login');
    const cookie = browser.cookieHeader;
    for (const path of ['', 'logout', 'login']) {
      const { status, body } = await browser.get(path, { cookie });
      assert.equal(status, 200, String(errors[0]?.stack));
      if (path === '') assert.equal(body, '{"user":null}');
    }
    assert.ok(told.length >= 1);
    assert.ok(told.every(({ error }) => error instanceof TypeError));
  });
}
