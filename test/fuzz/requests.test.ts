import assert from 'node:assert/strict';
import crypto, { createHash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { after, describe, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import type { Context } from 'koa';
import { generateKey, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { appWith, eventsOf, type Handler } from '../harness/app.js';
import { plainText } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';
import { type Connection, connectTo } from './connection.js';
import { assertUnpolluted } from './prototypes.js';
import {
  chunkedHeader,
  foreignHeader,
  hostileHeader,
  hostileText,
  nestedRecords,
  poisonedRecord,
} from './texts.js';

const BATCH = 50;
const BATCHES = 70;
/** How long a batch may take, a few of whose requests have 64 KB; a hundredth of it is usual. */
const MAX_MS = 5000;

/** Says whether the session is a new one, all of a piece; then reads, writes or ends it, as the method says. */
const probe: Handler = ctx => {
  const { session } = ctx;
  const isWhole = typeof session.save === 'function' && session.length === 0 && session.user === undefined;
  const answer = session.isNew && isWhole && Object.keys(session).length === 0 ? 'new' : 'not new';
  if (ctx.method === 'PUT') session.user = 'ann';
  if (ctx.method === 'DELETE') ctx.session = null;
  return answer;
};

const externalKey = {
  get: (ctx: Context) => ctx.get('x-session'),
  set: (ctx: Context, key: string) => ctx.set('x-session', key),
};

const inCookie = (text: Arbitrary<string>) => text.map(cookie => ({ cookie }));
const signed = fc.oneof({ weight: 3, arbitrary: hostileHeader }, { weight: 1, arbitrary: foreignHeader });
const unsigned = hostileText.map(text => `koa.sess=${text}`);

const MODES: Record<string, [TestOptions, Arbitrary<Record<string, string>>]> = {
  'a signed cookie': [{}, inCookie(signed)],
  'an unsigned cookie': [{ signed: false }, inCookie(fc.oneof(unsigned, hostileHeader))],
  'a signed cookie in chunks': [{ oversize: 'chunk' }, inCookie(chunkedHeader)],
  'an unsigned cookie in chunks': [{ oversize: 'chunk', signed: false }, inCookie(chunkedHeader)],
  'a sealed cookie in chunks': [
    { ...sealed(generateKey(), { acceptPlain: true }), oversize: 'chunk' },
    inCookie(chunkedHeader),
  ],
  "a signed key of koa-session's store": [{ store: new RecordStore() }, inCookie(signed)],
  "an unsigned key of koa-session's store": [
    { store: new RecordStore(), signed: false },
    inCookie(hostileHeader),
  ],
  'an unsigned key of a sojourn store': [
    { store: memoryStore({ max: 1000 }), signed: false },
    inCookie(hostileHeader),
  ],
  'an external key': [
    { store: new RecordStore(), externalKey },
    hostileText.map(text => ({ 'x-session': text })),
  ],
};

describe('whatever a client presents, it gets a new session:', () => {
  let sent = 0;

  for (const [mode, [options, headers]] of Object.entries(MODES)) {
    test(mode, async t => {
      const app = appWith(sojourn.createSession, options, { '': probe });
      const told = eventsOf(app, 'session:error');
      const connection = await connectTo(app);
      t.after(() => connection.close());
      const request = fc.record({ method: fc.constantFrom('GET', 'PUT', 'DELETE'), headers });
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: BATCH, maxLength: BATCH }), async requests => {
          await assertAllNew(connection, requests);
          sent += requests.length;
        }),
        { numRuns: BATCHES },
      );
      assert.deepEqual(told, []);
    });
  }

  after(() => {
    assert.ok(sent >= 20_000, `${sent} requests`);
    assertUnpolluted();
  });
});

async function assertAllNew(
  connection: Connection,
  requests: Parameters<Connection['send']>[0],
): Promise<void> {
  const start = performance.now();
  const responses = await connection.send(requests);
  assert.ok(performance.now() - start < MAX_MS);
  for (const [index, { status, body, head }] of responses.entries()) {
    const request = requests[index];
    assert.deepEqual([status, body], [200, 'new'], `${head}\n${JSON.stringify(request)}`);
    // Whatever was presented is left alone; only a session that begins is announced.
    if (request?.method !== 'PUT') assert.doesNotMatch(head, /^(set-cookie|x-session):/im);
  }
}

test('an unsigned cookie may hold any names, and pollutes nothing', async t => {
  const connection = await connectTo(
    appWith(sojourn.createSession, { signed: false }, { '': ctx => JSON.stringify(ctx.session) }),
  );
  t.after(() => connection.close());
  await fc.assert(
    fc.asyncProperty(poisonedRecord, async json => {
      const [response] = await connection.send([
        { method: 'GET', headers: { cookie: `koa.sess=${plainText(json)}` } },
      ]);
      assert.equal(response?.status, 200);
      const { _data, ...data } = JSON.parse(json);
      assert.deepEqual(JSON.parse(response.body), { ...data, ..._data });
    }),
  );
  assertUnpolluted();
});

test('an unsigned cookie that is nested deeper than the stack fails nothing', async t => {
  const app = appWith(sojourn.createSession, { signed: false }, { '': probe });
  const connection = await connectTo(app);
  t.after(() => connection.close());
  for (const record of nestedRecords) {
    for (const method of ['GET', 'DELETE']) {
      const [response] = await connection.send([
        { method, headers: { cookie: `koa.sess=${plainText(record)}` } },
      ]);
      assert.equal(response?.status, 200, `${method} ${record.slice(0, 10)} ${record.length}`);
    }
  }
});

test('of thousands of cookies of one name a few are tried', async t => {
  const connection = await connectTo(appWith(sojourn.createSession, {}, { '': probe }));
  t.after(() => connection.close());
  const pair = `koa.sess=${plainText({ user: 'eve' })}; koa.sess.sig=forged`;
  const cookie = Array.from({ length: 1000 }, () => pair).join('; ');
  const hmacs = t.mock.method(crypto, 'createHmac');
  const [response] = await connection.send([{ method: 'GET', headers: { cookie } }]);
  assert.equal(response?.body, 'new');
  // Four values, four signatures, and three HMACs for each comparison of Keygrip's; once for all requests, three more.
  assert.ok(hmacs.mock.callCount() <= 4 * 4 * 3 + 8 + 3, `${hmacs.mock.callCount()} HMACs`);
});

test('of thousands of chunks a few are put together', async t => {
  const connection = await connectTo(
    appWith(sojourn.createSession, { signed: false, oversize: 'chunk' }, { '': probe }),
  );
  t.after(() => connection.close());
  const text = plainText({ user: 'eve' });
  const digest = createHash('sha256').update(`another than ${text}`).digest('base64url');
  const main = `koa.sess=~1.20.${digest}`;
  const chunks = Array.from(
    { length: 1000 },
    (_, index) => `koa.sess.${index}=${digest.slice(0, 8)}${text}~`,
  );
  const pairs = Array.from({ length: 20 }, () => [main, ...chunks]).flat();
  const hashes = t.mock.method(crypto, 'hash');
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const [response] = await connection.send([{ method: 'GET', headers: { cookie: pairs.join('; ') } }]);
  assert.equal(response?.body, 'new');
  const lengths = hashes.mock.calls.map(call => String(call.arguments[1]).length);
  assert.equal(lengths.length, 1 + 4, 'the first main cookie, and a few of its name');
  assert.ok(lengths.every(length => length === 20 * text.length));
});
