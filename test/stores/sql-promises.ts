import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../harness/until.js';
import { HOUR, newSession, type StoredSession, successorOf } from './sessions.js';
import { isLive, type Promises, type SqlBench, signIn } from './sql-bench.js';
import { races } from './sql-races.js';

const MINUTE = 60_000;

type OnBench = (work: (bench: SqlBench) => Promise<void>) => Promise<void>;

/** What SQL stores promise beyond the contract, or do in a way that another store does not. */
export function sqlPromises(onBench: OnBench): void {
  for (const [name, work] of Object.entries({ ...races, ...upkeep, ...rows }))
    test(name, () => onBench(work));
}

const upkeep: Promises = {
  async 'many stores can create one table at once'({ table, run, open, hasOwnersTable }) {
    for (const name of hasOwnersTable ? [table, `${table}_owners`] : [table]) await run(`DROP TABLE ${name}`);
    const stores = Array.from({ length: 5 }, () => open({ createTable: true }));
    const counts = await Promise.all(stores.map(store => store.count()));
    assert.deepEqual(counts, [0, 0, 0, 0, 0]);
  },

  async 'pruning deletes what is over, in batches, and nothing else'({
    stores: [store],
    run,
    table,
    ...bench
  }) {
    const now = Date.now();
    const keep = (fields: Partial<StoredSession>) => store.insert(randomUUID(), newSession(fields));
    await keep({ owner: 'live', expiresAt: now + 1 });
    await keep({ owner: 'live', expiresAt: now });
    for (let row = 0; row < 600; row += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          keep({ owner: `owner ${row + index}`, expiresAt: now - row }),
        ),
      );
    }
    await signIn(store, 'live', { limit: 5, policy: 'refuse' });
    await signIn(store, 'owner 7', { limit: 5, policy: 'refuse' }, now - 1);
    assert.equal(await store.prune({ now }), 602);
    assert.equal((await run(`SELECT handle FROM ${table}`)).length, 2);
    if (bench.hasOwnersTable) assert.equal((await run(`SELECT owner FROM ${table}_owners`)).length, 1);
  },

  async 'to end the sessions of an owner who has none leaves nothing behind'({
    stores,
    run,
    table,
    ...bench
  }) {
    const [store] = stores;
    for (const owner of ['nobody', 'nobody else'])
      assert.deepEqual(await store.endOwned(owner, 'revoked'), []);
    if (bench.hasOwnersTable) assert.equal((await run(`SELECT owner FROM ${table}_owners`)).length, 0);
    await Promise.all(
      Array.from({ length: 20 }, (_, turn) => stores[turn % 2]?.endOwned('nobody', 'revoked')),
    );
    if (bench.hasOwnersTable) assert.equal((await run(`SELECT owner FROM ${table}_owners`)).length, 0);
  },

  async 'processes that prune at once delete each row once'({ stores, run, table }) {
    for (let row = 0; row < 600; row += 50) {
      await Promise.all(
        Array.from({ length: 50 }, () => stores[0].insert(randomUUID(), newSession({ expiresAt: 1 }))),
      );
    }
    const counts = await Promise.all([...stores, ...stores].map(store => store.prune()));
    const rest = await stores[0].prune();
    assert.equal(
      counts.reduce((sum, count) => sum + count, rest),
      600,
    );
    assert.equal((await run(`SELECT handle FROM ${table}`)).length, 0);
  },

  async 'a timer prunes'({ open, run, table }) {
    const store = open({ pruneInterval: 10 });
    await store.insert('over', newSession({ expiresAt: Date.now() - MINUTE }));
    await store.insert('live to a slower clock', newSession({ expiresAt: Date.now() - 5_000 }));
    await until(async () => (await run(`SELECT handle FROM ${table}`)).length === 1);
    await sleep(30);
    assert.equal((await run(`SELECT handle FROM ${table}`)).length, 1);
    await store.close();
  },

  async 'the timer prunes nothing that is live by the clock of the application'({ open, run, table }) {
    const now = Date.now() - 100 * HOUR;
    const store = open({ pruneInterval: 5 });
    await store.insert('over', newSession({ expiresAt: now - MINUTE }), { now });
    await store.insert('live', newSession({ expiresAt: now + HOUR }), { now });
    await until(async () => (await run(`SELECT handle FROM ${table}`)).length === 1);
    await sleep(30);
    assert.ok(isLive((await store.find('live', { now })) as StoredSession));
    await store.close();
  },

  async 'the timer prunes to the same delay however long nobody uses its store'({
    open,
    run,
    table,
    stores,
  }) {
    const store = open({ pruneInterval: 5 });
    await sleep(200);
    await stores[0].insert('over', newSession({ expiresAt: Date.now() - MINUTE }));
    await until(async () => (await run(`SELECT handle FROM ${table}`)).length === 0);
    await store.close();
  },

  async 'a timer that fails disturbs nobody, and goes on; the process is warned once'(bench) {
    const { open, run, table, stores } = bench;
    const store = open({ pruneInterval: 5 });
    const { warnings, stop } = warningsOf(table);
    // From here on it creates no table.
    await store.count();
    for (const round of [1, 2]) {
      await run(`ALTER TABLE ${table} RENAME TO ${table}_away`);
      await until(async () => warnings.length === round);
      await sleep(50);
      await run(`ALTER TABLE ${table}_away RENAME TO ${table}`);
      await stores[0].insert('key', newSession({ expiresAt: 1 }));
      await until(async () => (await stores[0].find('key')) === undefined);
    }
    assert.equal(warnings.length, 2);
    assert.match(warnings[0] ?? '', /could not be deleted, and will be tried again: ./);
    stop();
    await store.close();
  },
};

const rows: Promises = {
  async 'a row that cannot be read is nothing; the message tells its column alone'(bench) {
    const [store] = bench.stores;
    for (const change of [
      'format = 2',
      'version = NULL',
      'data = NULL',
      "max_age = 'soon'",
      'ended_at = 1',
    ]) {
      const key = `secret-${randomUUID()}`;
      const session = newSession({ data: '"secret"', maxAge: 1 });
      await store.insert(key, session);
      await bench.run(`UPDATE ${bench.table} SET ${change} WHERE ended_at IS NULL`);
      const told: Error[] = [];
      assert.equal(await store.find(key, { onMalformed: error => told.push(error) }), undefined, change);
      assert.equal(told.length, 1, change);
      assert.match(told[0]?.message ?? '', /^A row of sessions cannot be read: its \w+ /);
      assert.doesNotMatch(told[0]?.message ?? '', /secret/);
    }
  },

  async 'a row of another format is left alone'({ stores: [store], run, table }) {
    const session = newSession({ owner: 'owner' });
    await store.insert('key', session);
    await run(`UPDATE ${table} SET format = 2`);
    const call = { version: session.version };
    assert.deepEqual(await store.insert('key', session), { placed: false, because: 'taken' });
    assert.equal(await store.update('key', successorOf(session), call), false);
    assert.equal(await store.touch('key', Date.now(), Date.now() + HOUR), false);
    assert.equal(await store.end('key', 'logout'), false);
    assert.equal(await store.endByHandle(session.handle, 'revoked'), false);
    assert.deepEqual(await store.endOwned('owner', 'revoked'), []);
    assert.equal((await store.move('key', 'other', successorOf(session), call)).placed, false);
    assert.equal((await run(`SELECT handle FROM ${table} WHERE ended_at IS NULL`)).length, 1);
  },

  async 'what no database keeps comes back to the letter'({ stores: [ours, theirs] }) {
    const odd = ['\0', '\x1b', '\x1b0000', '\ud800', '\udfff', '\ufffd', '\x1bd800', '', '\u{10ffff}'];
    for (const text of odd) {
      const session = newSession({ data: text, owner: `owner ${text}`, device: text, version: `v${text}` });
      assert.equal((await ours.insert(`key ${text}`, session)).placed, true, JSON.stringify(text));
      await theirs.touch(`key ${text}`, session.lastSeenAt, session.expiresAt);
      assert.deepEqual(await theirs.find(`key ${text}`), session);
      assert.equal(await theirs.count(`owner ${text}`), 1);
    }
  },

  async 'sessions are spared and ended whatever their handles are'({ stores: [store] }) {
    const handles = [
      '"',
      "'",
      ',',
      '[]',
      '\\',
      '\0',
      '\x1b',
      '\x1b0000',
      '\ud800',
      '\n',
      'null',
      '{a}',
      '\u{10ffff}',
    ];
    for (const handle of handles) await store.insert(`key ${handle}`, newSession({ owner: 'owner', handle }));
    await store.insert('key', newSession({ owner: 'owner', handle: 'plain' }));
    await store.insert('another', newSession({ owner: 'another' }));
    assert.deepEqual(await store.endOwned('owner', 'revoked', { except: handles }), ['plain']);
    assert.equal(await store.count('owner'), handles.length);
    const ended = await store.endOwned('owner', 'revoked', { except: ['plain', 'none', '\ud801'] });
    assert.deepEqual(ended.sort(), handles.sort());
    assert.deepEqual(await store.endOwned('owner', 'revoked'), []);
    assert.equal(await store.count('another'), 1);
  },

  async 'a touch that changes nothing still tells that the session lives'({ stores: [store] }) {
    const session = newSession();
    await store.insert('key', session);
    assert.equal(await store.touch('key', session.lastSeenAt, session.expiresAt), true);
  },

  async 'times that are not whole, or without end, are kept as near as can be'({ stores: [store] }) {
    const now = 1_000_000;
    const session = newSession({ maxAge: 0.5, lastSeenAt: now - 0.5, expiresAt: Number.POSITIVE_INFINITY });
    await store.insert('key', session, { now: now + 0.25 });
    const found = (await store.find('key', { now: now + 0.25 })) as StoredSession;
    assert.equal(found.maxAge, 0.5);
    assert.equal(found.lastSeenAt, now);
    assert.equal(found.expiresAt, Number.MAX_SAFE_INTEGER);
  },

  async 'a key of 1024 bytes is kept; a longer one is refused without being told, and never found'({
    stores: [store],
  }) {
    const longest = 'ä'.repeat(512);
    assert.equal((await store.insert(longest, newSession())).placed, true);
    assert.ok(isLive(await store.find(longest)));
    const error = await store.insert(`${longest}x`, newSession()).catch(thrown => thrown);
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /1024 bytes.*1025/);
    assert.doesNotMatch(error.message, /ä/);
    assert.equal(await store.find(`${longest}x`), undefined);
    assert.equal(await store.find(longest.repeat(10)), undefined);
  },

  async 'whoever has given up is not served'({ stores: [store] }) {
    const signal = AbortSignal.abort(new Error('given up'));
    await assert.rejects(store.insert('key', newSession(), { signal }), /given up/);
    await assert.rejects(store.prune({ signal }), /given up/);
    assert.equal(await store.find('key'), undefined);
  },

  async 'a tombstone whose time has come is in nobody’s way, though it is still there'({ stores: [store] }) {
    const session = newSession();
    for (const key of ['from', 'to']) await store.insert(key, { ...session, handle: key });
    await store.end('to', 'logout');
    const call = { now: session.expiresAt, version: session.version };
    const next = successorOf(session, { expiresAt: session.expiresAt + HOUR });
    await store.touch('from', session.lastSeenAt, session.expiresAt + 1);
    assert.equal((await store.move('from', 'to', next, call)).placed, true);
    assert.equal((await store.insert('from', next, { now: session.expiresAt + 1 })).placed, true);
  },
};

/** What the process is warned of from now on about this table. */
function warningsOf(table: string): { warnings: string[]; stop(): void } {
  const warnings: string[] = [];
  const name = new RegExp(`\\b${table}\\b`);
  const listener = (warning: Error & { code?: string }) => {
    if (warning.code === 'SOJOURN_PRUNING' && name.test(warning.message)) warnings.push(warning.message);
  };
  process.on('warning', listener);
  return { warnings, stop: () => void process.off('warning', listener) };
}
