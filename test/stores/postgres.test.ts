import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import postgres from 'postgres';
import { SessionOptionsError } from 'sojourn';
import { type PostgresStoreOptions, postgresSchema, postgresStore } from 'sojourn/postgres';
import { storeSuite } from 'sojourn/testing';
import { until } from '../harness/until.js';
import { type Kind, kinds } from './postgres-clients.js';
import { newSession, successorOf } from './sessions.js';
import { sqlPromises } from './sql-promises.js';
import { missing, postgresServer } from './sql-servers.js';
import { onTable, Tables } from './sql-tables.js';

const skip = await missing('PostgreSQL', postgresServer);

for (const [name, { needsServer, start }] of Object.entries(kinds)) {
  describe(`postgresStore with ${name}`, { skip: needsServer && skip }, () => {
    let kind: Kind;
    const tables = new Tables(text => kind.run(text));
    before(async () => {
      kind = await start();
      // Without a server no test need try.
      await kind.run('SELECT 1');
    });
    after(async () => {
      await tables.dropAll();
      await kind?.end();
    });
    const newStore = async () => {
      const table = tables.take();
      const store = postgresStore(kind.clients[0], { table, createTable: true, pruneInterval: 0 });
      await store.count();
      return onTable(store, tables, table);
    };

    storeSuite({
      test,
      create: newStore,
      corrupt: ({ table }) => kind.run(`UPDATE ${table} SET generation = NULL`),
    });

    sqlPromises(async work => {
      const store = await newStore();
      const { table } = store;
      const open = (options: PostgresStoreOptions) => postgresStore(kind.clients[1], { table, ...options });
      const stores = [store, open({ pruneInterval: false })] as const;
      try {
        await work({ table, stores, open, run: text => kind.run(text), hasOwnersTable: true });
      } finally {
        await store.close();
      }
    });
  });
}

describe('postgresStore', { skip }, () => {
  const pool = new pg.Pool(postgresServer);
  const tables = new Tables(text => pool.query(text));
  after(async () => {
    await tables.dropAll();
    await pool.end();
  });

  test('a table made from the printed statements serves, and without one the error is of the database', async () => {
    const table = tables.takeName();
    const store = postgresStore(pool, { table });
    await assert.rejects(store.find('key'), { code: '42P01' });
    await pool.query(postgresSchema(table));
    assert.equal(await store.find('key'), undefined);
    await pool.query(postgresSchema(table));
    await store.close();
  });

  test('a table in a schema, and of a reserved name', async () => {
    const schema = `test_${randomUUID().slice(0, 8)}`;
    await pool.query(`CREATE SCHEMA ${schema}`);
    const store = postgresStore(pool, { table: `${schema}.Order`, createTable: true });
    await store.insert('key', newSession());
    assert.equal(await store.count(), 1);
    assert.equal((await pool.query(`SELECT * FROM ${schema}."Order"`)).rowCount, 1);
    await store.close();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  test('a role without CREATE is served where the table is there already', async t => {
    const [table, role] = [tables.take(), `test_${randomUUID().slice(0, 8)}`];
    await pool.query(postgresSchema(table));
    await pool.query(
      `CREATE ROLE ${role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${table}, ${table}_owners TO ${role}`,
    );
    const client = new pg.Client(postgresServer);
    t.after(() => client.end());
    await client.connect();
    await client.query(`SET ROLE ${role}`);
    const store = postgresStore(client, { table, createTable: true });
    const limit = { limit: 1, policy: 'end-oldest' } as const;
    assert.equal((await store.insert('key', newSession({ owner: 'owner' }), { limit })).placed, true);
    assert.equal(await store.prune({ now: Date.now() + 86_400_000 }), 1);
    await client.query('RESET ROLE');
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('an own parser of numbers does no harm', async t => {
    // 20 is BIGINT.
    const getTypeParser = (oid: number, format: 'text') =>
      oid === 20 ? BigInt : pg.types.getTypeParser(oid, format);
    const client = new pg.Client({ ...postgresServer, types: { getTypeParser } as never });
    t.after(() => client.end());
    await client.connect();
    const table = tables.take();
    const store = postgresStore(client, { table, createTable: true });
    const session = newSession();
    await store.insert('key', session);
    assert.deepEqual(await store.find('key'), session);
  });

  test('after its connections are cut it fails, and then serves', async t => {
    const application_name = `test_${randomUUID()}`;
    const cut = new pg.Pool({ ...postgresServer, application_name });
    cut.on('error', () => {});
    t.after(() => cut.end());
    const table = tables.take();
    const store = postgresStore(cut, { table, createTable: true });
    const session = newSession({ owner: 'owner' });
    await store.insert('key', session);

    const blocker = await pool.connect();
    await blocker.query('BEGIN');
    await blocker.query(`LOCK TABLE ${table}, ${table}_owners IN ACCESS EXCLUSIVE MODE`);
    const limit = { limit: 1, policy: 'end-oldest' } as const;
    const underWay = [
      store.find('key'),
      store.update('key', successorOf(session), { version: session.version }),
      store.insert('other', newSession({ owner: 'owner' }), { limit }),
    ].map(verb =>
      verb.then(
        () => assert.fail('it should fail'),
        (error: Error) => error,
      ),
    );
    await waitingFor(application_name, underWay.length);
    await pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      application_name,
    ]);
    for (const error of await Promise.all(underWay)) assert.ok(error instanceof Error);
    await blocker.query('ROLLBACK');
    blocker.release();

    await untilServed(() => store.find('key'));
    assert.deepEqual(await store.find('key'), session);
    assert.equal(await store.find('other'), undefined);
    assert.equal((await store.insert('other', newSession({ owner: 'owner' }), { limit })).placed, true);
    assert.equal(cut.idleCount, cut.totalCount, 'every connection is back in the pool');
  });

  test('postgres.js: what whoever gave up has sent is done, but a transaction is rolled back', async t => {
    const sql = postgres({ ...postgresServer, max: 1, onnotice: () => {} });
    t.after(() => sql.end());
    const store = postgresStore(sql, { table: tables.take(), createTable: true });
    await store.count();
    const giveUp = new AbortController();
    const call = { signal: giveUp.signal };
    const limit = { limit: 1, policy: 'end-oldest' } as const;
    const busy = sql`SELECT pg_sleep(0.3)`.execute();
    const inserting = store.insert('sent', newSession(), call);
    const limited = store.insert('limited', newSession({ owner: 'owner' }), { ...call, limit });
    await sleep(50);
    giveUp.abort(new Error('given up'));
    await assert.rejects(limited, /given up/);
    await Promise.all([busy, inserting]);
    assert.equal(await store.find('limited'), undefined);
    assert.ok(await store.find('sent'));
  });

  test('whoever gave up while waiting for a connection is not served', async t => {
    const small = new pg.Pool({ ...postgresServer, max: 1 });
    t.after(() => small.end());
    const table = tables.take();
    const store = postgresStore(small, { table, createTable: true });
    await store.count();
    const only = await small.connect();
    const giveUp = new AbortController();
    const inserting = store.insert('key', newSession(), { signal: giveUp.signal });
    giveUp.abort(new Error('given up'));
    only.release();
    await assert.rejects(inserting, /given up/);
    assert.equal(await store.find('key'), undefined);
  });

  test('a connection that still owes an answer after the `query_timeout` of pg serves nobody else', async t => {
    const impatient = new pg.Pool({ ...postgresServer, query_timeout: 500 });
    const other = await pool.connect();
    t.after(async () => {
      await other.query('ROLLBACK');
      other.release();
      await impatient.end();
    });
    const table = tables.take();
    const store = postgresStore(impatient, { table, createTable: true, pruneInterval: 0 });
    await store.insert('locked', newSession());
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${table} WHERE session_key = 'locked' FOR UPDATE`);
    await assert.rejects(store.end('locked', 'logout'), /timeout/);
    assert.equal(await store.find('key'), undefined);
  });

  test('stores on one pool leave it a connection for requests; one that may not listen does when it can', async t => {
    const small = new pg.Pool({ ...postgresServer, max: 2, connectionTimeoutMillis: 2000 });
    const stores = [1, 2].map(() =>
      postgresStore(small, { table: tables.take(), createTable: true, pruneInterval: 0 }),
    );
    t.after(async () => {
      for (const store of stores) await store.close();
      await small.end();
    });
    const told = stores.map(() => ({ listening: [] as boolean[], failed: [] as string[] }));
    const stops: (() => void)[] = [];
    for (const [index, store] of stores.entries()) {
      await store.count();
      const stop = store.subscribe?.({
        ended: () => {},
        listening: isListening => told[index]?.listening.push(isListening),
        failed: error => told[index]?.failed.push(String(error)),
      });
      if (stop) stops.push(stop);
      // A second subscriber shares its store's connection.
      stops.push(store.subscribe?.({ ended() {}, listening() {}, failed() {} }) ?? assert.fail());
    }
    await until(() => told[0]?.listening[0] === true && told[1]?.failed[0] !== undefined);
    assert.match(told[1]?.failed[0] ?? '', /listen.*`max`/);
    for (const store of [...stores, ...stores]) assert.equal(await store.find('key'), undefined);
    for (const stop of stops.slice(0, 2)) stop();
    await until(() => told[1]?.listening[0] === true);
    for (const store of [...stores, ...stores]) assert.equal(await store.find('key'), undefined);
  });

  async function waitingFor(application: string, count: number): Promise<void> {
    const text = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
    await until(async () => (await pool.query(text, [application])).rowCount === count);
  }
});

test('postgresStore refuses what is no client, no table name, and no option', () => {
  const client = { query: async () => ({ rows: [], rowCount: 0 }) } as never;
  for (const wrong of [undefined, null, 'postgres://localhost', {}, { connect() {} }]) {
    assert.throws(() => postgresStore(wrong as never), { code: 'ERR_SESSION_OPTIONS', message: /^pool: / });
  }
  for (const table of [
    '',
    '1st',
    'a.b.c',
    'x"; DROP TABLE users; --',
    'séance',
    'x'.repeat(51),
    7,
    '.a',
    'a.',
  ]) {
    assert.throws(() => postgresStore(client, { table: table as never }), SessionOptionsError);
    assert.throws(() => postgresSchema(table as never), { message: /^table: / });
  }
  for (const pruneInterval of [-1, 1.5, 2 ** 31, Number.NaN, '60', true]) {
    assert.throws(
      () => postgresStore(client, { pruneInterval: pruneInterval as never }),
      /^SessionOptionsError: pruneInterval: /,
    );
  }
  assert.throws(() => postgresStore(client, { createTable: 'yes' as never }), /createTable: /);
});

test('a client of pg that answers in binary is refused, with the fix', () => {
  // The types of pg do not have it.
  const options = { ...postgresServer, binary: true } as pg.ClientConfig;
  for (const client of [new pg.Pool(options), new pg.Client(options)]) {
    assert.throws(() => postgresStore(client), {
      code: 'ERR_SESSION_OPTIONS',
      message: /^pool: .*`binary: true`/,
    });
  }
});

/** The pool may not yet have noticed which idle connections are gone, 10 at most. */
async function untilServed(verb: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; tries <= 10; tries++) {
    const isServed = await verb().then(
      () => true,
      () => false,
    );
    if (isServed) return;
  }
  assert.fail('it never serves again');
}
