import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import callbacks from 'mysql2';
import mysql from 'mysql2/promise';
import { SessionOptionsError } from 'sojourn';
import { type MysqlClient, type MysqlStoreOptions, mysqlSchema, mysqlStore } from 'sojourn/mysql';
import { storeSuite } from 'sojourn/testing';
import { until } from '../harness/until.js';
import { newSession, successorOf } from './sessions.js';
import { sqlPromises } from './sql-promises.js';
import { missing, mysqlServer } from './sql-servers.js';
import { onTable, Tables } from './sql-tables.js';

const skip = await missing('MariaDB or MySQL', mysqlServer);

interface Kind {
  readonly clients: readonly [MysqlClient, MysqlClient];
  end(): Promise<unknown>;
}

/** Settings that bend what comes back. */
const bent = {
  charset: 'latin1',
  flags: ['-FOUND_ROWS'],
  supportBigNumbers: true,
  bigNumberStrings: true,
  namedPlaceholders: true,
  nestTables: true,
  typeCast: () => 'bent',
};

const kinds: Record<string, () => Promise<Kind>> = {
  'pool of mysql2/promise': async () => ofPools({}),
  'pool of mysql2 with callbacks': async () => ofCallbackPools(),
  'connection of mysql2/promise': async () => ofConnections(),
  'pool that bends texts, counts, numbers and rows': async () => ofPools(bent),
};

describe('mysqlStore', { skip }, () => {
  const pool = mysql.createPool(mysqlServer);
  const tables = new Tables(text => pool.query(text));
  const run = async (text: string) => (await pool.query(text))[0] as unknown[];
  after(async () => {
    await tables.dropAll();
    await pool.end();
  });

  for (const [name, start] of Object.entries(kinds)) {
    describe(`with a ${name}`, () => {
      let kind: Kind;
      before(async () => {
        kind = await start();
      });
      after(() => kind.end());
      const newStore = async () => {
        const table = tables.take();
        const store = mysqlStore(kind.clients[0], { table, createTable: true, pruneInterval: 0 });
        await store.count();
        return onTable(store, tables, table);
      };

      storeSuite({
        test,
        create: newStore,
        corrupt: ({ table }) => run(`UPDATE ${table} SET generation = NULL`),
      });

      sqlPromises(async work => {
        const store = await newStore();
        const { table } = store;
        const open = (options: MysqlStoreOptions) => mysqlStore(kind.clients[1], { table, ...options });
        const stores = [store, open({ pruneInterval: false })] as const;
        try {
          await work({ table, stores, open, run, hasOwnersTable: true });
        } finally {
          await store.close();
        }
      });
    });
  }

  test('a table made from the printed statements serves, and without one the error is of the database', async () => {
    const table = tables.takeName();
    const store = mysqlStore(pool, { table });
    await assert.rejects(store.find('key'), { code: 'ER_NO_SUCH_TABLE' });
    for (const statement of mysqlSchema(table).split(';\n'))
      if (statement.trim()) await pool.query(statement);
    assert.equal(await store.find('key'), undefined);
    await store.close();
  });

  test('a table in another database, and of a reserved name', async () => {
    const database = `test_${randomUUID().slice(0, 8)}`;
    await pool.query(`CREATE DATABASE ${database}`);
    const store = mysqlStore(pool, { table: `${database}.Order`, createTable: true });
    await store.insert('key', newSession());
    await store.prune();
    assert.equal((await run(`SELECT * FROM ${database}.\`Order\``)).length, 1);
    await store.close();
    await pool.query(`DROP DATABASE ${database}`);
  });

  test('a connection that has no database of its own serves, prunes, and inserts over what is over', async t => {
    const { database: schema, ...server } = mysqlServer;
    const homeless = mysql.createPool(server);
    t.after(() => homeless.end());
    const table = tables.take();
    const options = { table: `${schema}.${table}`, createTable: true, pruneInterval: 0 };
    const store = mysqlStore(homeless, options);
    const session = newSession();
    for (const key of ['ended', 'over']) await store.insert(key, { ...session, handle: key });
    await store.end('ended', 'logout');
    const now = session.expiresAt;
    const next = newSession({ expiresAt: now + 1 });
    assert.equal((await store.insert('ended', next, { now })).placed, true);
    assert.equal(await store.prune({ now }), 1);
    assert.equal((await run(`SELECT * FROM ${table}`)).length, 1);
  });

  test('who is ended by handle is not whoever signs in there after it was looked up', async () => {
    const table = tables.take();
    const plain = mysqlStore(pool, { table, createTable: true, pruneInterval: 0 });
    const session = newSession();
    const signedIn = successorOf(session, { handle: 'bob', owner: 'bob', authenticatedAt: Date.now() });
    const signIn = async () => {
      await plain.move('key', 'new key', signedIn, { version: session.version });
    };
    const store = mysqlStore(interrupted(pool, /^SELECT id FROM .* handle = /, signIn), { table });
    for (const owner of [undefined, 'bob'] as const) {
      await plain.insert('key', { ...session, owner: owner ?? null });
      assert.equal(await store.endByHandle(session.handle, 'revoked', owner ? { owner } : {}), false);
      assert.deepEqual(await plain.find('new key'), signedIn);
      await run(`DELETE FROM ${table}`);
    }
  });

  test('where the server cuts off what is too long, nothing is kept cut off', async t => {
    const lax = mysql.createPool({ ...mysqlServer, connectionLimit: 1 });
    t.after(() => lax.end());
    await lax.query("SET SESSION sql_mode = ''");
    const table = tables.take();
    const store = mysqlStore(lax, { table, createTable: true });
    await assert.rejects(store.insert('k'.repeat(1025), newSession()), RangeError);
    for (const name of ['handle', 'version', 'generation'] as const) {
      await assert.rejects(store.insert('key', newSession({ [name]: 'x'.repeat(256) })), RangeError);
    }
    await assert.rejects(store.insert('key', newSession({ owner: 'x'.repeat(1025) })), RangeError);
    assert.equal(await store.count(), 0);
  });

  test('where the connection makes something else of literals, the same is kept and found', async t => {
    const odd = mysql.createPool({ ...mysqlServer, connectionLimit: 1 });
    t.after(() => odd.end());
    await odd.query("SET SESSION sql_mode = IF(VERSION() LIKE '%MariaDB%', 'EMPTY_STRING_IS_NULL', '')");
    await odd.query('SET SESSION collation_connection = ucs2_bin');
    const store = mysqlStore(odd, { table: tables.take(), createTable: true, pruneInterval: 0 });
    const session = newSession();
    await store.insert('old', session);
    const { version } = session;
    const next = successorOf(session);
    assert.deepEqual(await store.move('old', 'new', next, { version }), { placed: true, displaced: [] });
    assert.equal((await store.find('old'))?.ended?.reason, 'rotated');
    assert.deepEqual(await store.peek([session.handle]), [{ ...next, data: '' }]);
  });

  test('the claim to prune is given back, even by a prune that fails', async t => {
    const table = tables.take();
    const single = mysql.createPool({ ...mysqlServer, connectionLimit: 1 });
    t.after(() => single.end());
    const store = mysqlStore(single, { table, createTable: true, pruneInterval: 0 });
    await store.insert('key', newSession({ expiresAt: 1, owner: 'owner' }));
    await pool.query(`RENAME TABLE ${table}_owners TO ${table}_away`);
    await assert.rejects(store.prune(), { code: 'ER_NO_SUCH_TABLE' });
    await pool.query(`RENAME TABLE ${table}_away TO ${table}_owners`);
    assert.equal(await mysqlStore(pool, { table, pruneInterval: 0 }).prune(), 1);
  });

  test('after its connections are cut it fails once, and then serves', async t => {
    const cut = mysql.createPool(mysqlServer);
    t.after(() => cut.end());
    const table = tables.take();
    const store = mysqlStore(cut, { table, createTable: true });
    const session = newSession({ owner: 'owner' });
    await store.insert('key', session);

    const blocker = await pool.getConnection();
    await blocker.query(`LOCK TABLES ${table} WRITE, ${table}_owners WRITE`);
    const limit = { limit: 1, policy: 'end-oldest' } as const;
    const underWay = [
      store.update('key', successorOf(session), { version: session.version }),
      store.insert('other', newSession({ owner: 'owner' }), { limit }),
    ].map(verb =>
      verb.then(
        () => assert.fail('it should fail'),
        (error: Error) => error,
      ),
    );
    for (const id of await waitingFor(table, underWay.length)) await pool.query(`KILL ${id}`);
    for (const error of await Promise.all(underWay)) assert.ok(error instanceof Error);
    await blocker.query('UNLOCK TABLES');
    blocker.release();

    assert.deepEqual(await store.find('key'), session);
    assert.equal(await store.find('other'), undefined);
    assert.equal((await store.insert('other', newSession({ owner: 'owner' }), { limit })).placed, true);
  });

  async function waitingFor(table: string, count: number): Promise<number[]> {
    let waiting: { Id: number; State: string; Info: string | null }[] = [];
    await until(async () => {
      const processes = (await run('SHOW FULL PROCESSLIST')) as typeof waiting;
      waiting = processes.filter(({ State, Info }) => /lock/i.test(State) && Info?.includes(table));
      return waiting.length === count;
    });
    return waiting.map(({ Id }) => Id);
  }
});

test('mysqlStore refuses what is no client, no table name, and no option', () => {
  const client = { execute() {}, query() {} } as never;
  for (const wrong of [undefined, null, 'mysql://localhost', {}, { query() {} }]) {
    assert.throws(() => mysqlStore(wrong as never), { code: 'ERR_SESSION_OPTIONS', message: /^pool: / });
  }
  for (const table of ['', '1st', 'a.b.c', 'x`; DROP TABLE users; --']) {
    assert.throws(() => mysqlStore(client, { table }), SessionOptionsError);
    assert.throws(() => mysqlSchema(table), { message: /^table: / });
  }
  assert.throws(() => mysqlStore(client, { createTable: 1 as never }), /createTable: /);
});

test('how many rows are asked for is sent as text, which every MySQL takes from every mysql2', async () => {
  const asked: unknown[] = [];
  const execute = async ({ sql, values }: { sql: string; values: unknown[] }) => {
    if (sql.includes('LIMIT ?')) asked.push(values.at(-1));
    return [[], []];
  };
  const store = mysqlStore({ execute, query: execute, destroy() {} } as never, { pruneInterval: 0 });
  await store.list('owner', { limit: 20 });
  for await (const session of store.all()) assert.fail(session.handle);
  assert.deepEqual(asked, ['21', '100']);
});

/** A pool that does something more after each statement of a kind, before its answer is known. */
function interrupted(pool: mysql.Pool, kind: RegExp, more: () => Promise<void>): MysqlClient {
  return {
    async getConnection() {
      const connection = await pool.getConnection();
      return {
        release: () => connection.release(),
        destroy: () => connection.destroy(),
        query: statement => connection.query(statement),
        async execute(statement) {
          const answer = await connection.execute(statement);
          if (kind.test(statement.sql)) await more();
          return answer;
        },
      };
    },
  };
}

async function ofPools(options: object): Promise<Kind> {
  const settings = { ...mysqlServer, ...options };
  const clients = [mysql.createPool(settings), mysql.createPool(settings)] as const;
  return { clients, end: () => Promise.all(clients.map(pool => pool.end())) };
}

async function ofCallbackPools(): Promise<Kind> {
  const clients = [callbacks.createPool(mysqlServer), callbacks.createPool(mysqlServer)] as const;
  return { clients, end: () => Promise.all(clients.map(pool => pool.promise().end())) };
}

async function ofConnections(): Promise<Kind> {
  const clients = [
    await mysql.createConnection(mysqlServer),
    await mysql.createConnection(mysqlServer),
  ] as const;
  return { clients, end: () => Promise.all(clients.map(connection => connection.end())) };
}
