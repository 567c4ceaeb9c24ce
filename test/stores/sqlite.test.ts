import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { SessionOptionsError } from 'sojourn';
import { type SqliteDatabase, type SqliteStoreOptions, sqliteSchema, sqliteStore } from 'sojourn/sqlite';
import { storeSuite } from 'sojourn/testing';
import { HOUR, newSession, successorOf } from './sessions.js';
import { sqlPromises } from './sql-promises.js';

/** A database that the test can close, and ask what it likes. */
interface Database extends SqliteDatabase {
  close(): void;
}

type Open = (file: string) => Database;

function installed(name: string): unknown {
  try {
    return createRequire(import.meta.url)(name);
  } catch {
    return undefined;
  }
}

/** Where there is no node:sqlite its tests are skipped. The types are of a Node that has none. */
const nodeSqlite = process.getBuiltinModule('node:sqlite') as
  | { DatabaseSync: new (file: string) => Database }
  | undefined;
const withoutNodeSqlite = nodeSqlite ? false : `Node ${process.version} has no node:sqlite`;

/** No dependency of the tests, as it takes a compiler: `npm install --no-save better-sqlite3` has it tried. */
const betterSqlite3 = installed('better-sqlite3') as
  | (new (
      file: string,
      options: object,
    ) => Database)
  | undefined;

const kinds: Record<string, { skip: string | false; open: Open }> = {
  libsql: { skip: false, open: file => new Libsql(file) },
  'node:sqlite': {
    skip: withoutNodeSqlite,
    open: file => new (nodeSqlite as NonNullable<typeof nodeSqlite>).DatabaseSync(file),
  },
  'better-sqlite3': {
    skip: betterSqlite3 ? false : 'better-sqlite3 is not installed',
    open: file => new (betterSqlite3 as NonNullable<typeof betterSqlite3>)(file, { timeout: 0 }),
  },
};

const folder = mkdtempSync(join(tmpdir(), 'sojourn-sqlite-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

for (const [name, { skip, open }] of Object.entries(kinds)) {
  describe(`sqliteStore with ${name}`, { skip }, () => {
    const databases = new WeakMap<object, Database>();

    storeSuite({
      test,
      create() {
        const database = open(':memory:');
        const store = sqliteStore(database);
        databases.set(store, database);
        return store;
      },
      corrupt: store => databases.get(store)?.exec('UPDATE sojourn_sessions SET generation = NULL'),
    });

    sqlPromises(async work => {
      const file = newFile();
      const [admin, ...connections] = [open(file), open(file), open(file)] as const;
      const table = 'my_sessions';
      const storeOn = (database: Database, options: SqliteStoreOptions = {}) =>
        sqliteStore(database, { table, tune: true, ...options });
      const stores = connections.map(database => storeOn(database, { pruneInterval: false }));
      for (const store of stores) await store.count();
      const run = (text: string) => patiently(() => ask(admin, text));
      try {
        await work({
          table,
          stores: [stores[0], stores[1]] as never,
          open: options => storeOn(admin, options),
          run,
          hasOwnersTable: false,
        });
      } finally {
        for (const database of [admin, ...connections]) database.close();
      }
    });

    test('a database that is handed in keeps its settings, and stays open', async () => {
      const database = open(newFile());
      const store = sqliteStore(database);
      await store.insert('key', newSession());
      assert.deepEqual(ask(database, 'PRAGMA journal_mode'), [{ journal_mode: 'delete' }]);
      await store.close();
      assert.equal(ask(database, 'SELECT handle FROM sojourn_sessions').length, 1);
      const tuned = sqliteStore(database, { tune: true });
      await tuned.count();
      assert.deepEqual(ask(database, 'PRAGMA journal_mode'), [{ journal_mode: 'wal' }]);
      assert.deepEqual(ask(database, 'PRAGMA synchronous'), [{ synchronous: 1 }]);
      database.close();
    });

    test('sessions outlive the process', async () => {
      const [file, session] = [newFile(), newSession()];
      const before = open(file);
      await sqliteStore(before, { tune: true }).insert('key', session);
      before.close();
      const reopened = open(file);
      assert.deepEqual(await sqliteStore(reopened).find('key'), session);
      reopened.close();
    });

    test('a table made from the printed statements serves, also in an attached database', async () => {
      const database = open(':memory:');
      await assert.rejects(sqliteStore(database, { createTable: false }).find('key'), /no such table/);
      database.exec(sqliteSchema());
      database.exec(sqliteSchema());
      assert.equal(await sqliteStore(database, { createTable: false }).find('key'), undefined);
      database.exec(`ATTACH '${newFile()}' AS other`);
      const attached = sqliteStore(database, { table: 'other.Order' });
      await attached.insert('key', newSession());
      assert.equal(ask(database, 'SELECT * FROM other."Order"').length, 1);
      database.close();
    });

    test('while another connection writes, a verb waits and the process goes on', async () => {
      const file = newFile();
      const [ours, theirs] = [open(file), open(file)];
      const store = sqliteStore(ours, { tune: true });
      await store.count();
      theirs.exec('BEGIN IMMEDIATE');
      let isPlaced = false;
      const inserting = store.insert('key', newSession()).then(() => {
        isPlaced = true;
      });
      await sleep(100);
      assert.equal(isPlaced, false);
      assert.equal(await store.find('other'), undefined, 'reading goes on');
      theirs.exec('COMMIT');
      await inserting;
      for (const database of [ours, theirs]) database.close();
    });

    test('a wait ends with the time that it may take, or with the signal', async () => {
      const file = newFile();
      const [ours, theirs] = [open(file), open(file)];
      const impatient = sqliteStore(ours, { tune: true, busyTimeout: 50 });
      await impatient.count();
      theirs.exec('BEGIN IMMEDIATE');
      await assert.rejects(impatient.insert('key', newSession()), /locked|busy/i);
      const limit = { limit: 1, policy: 'refuse' } as const;
      await assert.rejects(
        impatient.insert('key', newSession({ owner: 'owner' }), { limit }),
        /locked|busy/i,
      );
      const patient = sqliteStore(ours, { createTable: false });
      const signal = AbortSignal.timeout(30);
      await assert.rejects(patient.insert('key', newSession(), { signal }), {
        name: 'TimeoutError',
      });
      theirs.exec('ROLLBACK');
      assert.equal((await impatient.insert('key', newSession())).placed, true);
      for (const database of [ours, theirs]) database.close();
    });

    test('with a full disk it fails, changes nothing, and serves again when there is room', async () => {
      const database = open(newFile());
      const store = sqliteStore(database, { tune: true });
      const session = newSession({ owner: 'owner' });
      await store.insert('key', session);
      database.exec('PRAGMA max_page_count = 20');
      const big = successorOf(session, { data: 'x'.repeat(1_000_000) });
      const call = { version: session.version };
      const limit = { limit: 1, policy: 'end-oldest' } as const;
      await assert.rejects(store.update('key', big, call), /full/);
      await assert.rejects(store.move('key', 'other', big, call), /full/);
      await assert.rejects(store.insert('other', { ...big, handle: 'other' }, { limit }), /full/);
      assert.deepEqual(await store.find('key'), session);
      database.exec('PRAGMA max_page_count = 1000000');
      assert.equal((await store.move('key', 'other', big, call)).placed, true);
      assert.deepEqual(await store.find('other'), big);
      database.close();
    });

    test("within the app's own transaction a write fails, and the transaction goes on", async () => {
      const database = open(':memory:');
      const store = sqliteStore(database);
      const limit = { limit: 1, policy: 'refuse' } as const;
      await store.count();
      database.exec('CREATE TABLE own (value); BEGIN; INSERT INTO own VALUES (1)');
      await assert.rejects(store.insert('key', newSession()), /transaction within a transaction/);
      const limited = store.insert('key', newSession({ owner: 'owner' }), { limit });
      await assert.rejects(limited, /transaction within a transaction/);
      assert.equal(await store.find('key'), undefined);
      database.exec('COMMIT');
      assert.equal(ask(database, 'SELECT * FROM own').length, 1);
      assert.equal((await store.insert('key', newSession())).placed, true);
      database.close();
    });

    test('of two processes that increment one counter every increment counts', async () => {
      const file = newFile();
      const database = open(file);
      const store = sqliteStore(database, { tune: true });
      await store.insert('key', newSession({ data: '0' }));
      const script = new URL('sqlite-increments.js', import.meta.url);
      const children = [1, 2].map(() => fork(script, [name, file, '200']));
      const codes = await Promise.all(children.map(async child => (await once(child, 'exit'))[0]));
      assert.deepEqual(codes, [0, 0]);
      const found = await store.find('key');
      assert.equal(found && !found.ended && found.data, '400');
      database.close();
    });
  });
}

test('without node:sqlite a file name is refused, and the error says what to hand in', {
  skip: Boolean(nodeSqlite),
}, () => {
  assert.throws(() => sqliteStore(newFile()), {
    code: 'ERR_SESSION_OPTIONS',
    message: /^database: .*better-sqlite3 or libsql/,
  });
});

test('a file is opened, tuned, shared, and closed with the store', { skip: withoutNodeSqlite }, async () => {
  const [file, session] = [newFile(), newSession()];
  const stores = [sqliteStore(file), sqliteStore(file)] as const;
  await stores[0].insert('key', session);
  assert.deepEqual(await stores[1].find('key'), session);
  const database = kinds['node:sqlite']?.open(file) as Database;
  assert.deepEqual(
    ask(database, 'PRAGMA journal_mode').map(row => ({ ...(row as object) })),
    [{ journal_mode: 'wal' }],
  );
  database.close();
  for (const store of stores) await store.close();
  await assert.rejects(stores[0].find('key'), /not open/);
});

for (const [name, { skip, open }] of Object.entries(kinds)) {
  test(`an integer that JavaScript does not hold is one damaged row, and fails no other, with ${name}`, {
    skip,
  }, async () => {
    const database = open(':memory:');
    const store = sqliteStore(database);
    const [ill, well] = [
      { ...newSession(), owner: 'ann' },
      { ...newSession(), owner: 'ann' },
    ];
    await store.insert('ill', ill);
    await store.insert('well', well);
    database.exec(
      "UPDATE sojourn_sessions SET authenticated_at = 9007199254740993 WHERE session_key = 'ill'",
    );
    const found = await store.find('ill');
    assert.ok(found === undefined || Number.isSafeInteger(found.createdAt));
    assert.deepEqual(await store.find('well'), well);
    const { sessions } = await (store.list as NonNullable<typeof store.list>)('ann', { limit: 10 });
    assert.ok(sessions.some(({ handle }) => handle === well.handle));
  });
}

test('sqliteStore refuses what is no database and no option', () => {
  for (const wrong of [undefined, null, {}, 7, { prepare() {} }]) {
    assert.throws(() => sqliteStore(wrong as never), { code: 'ERR_SESSION_OPTIONS', message: /^database: / });
  }
  const database = new Libsql(':memory:');
  assert.throws(() => sqliteStore(database, { table: 'a b' }), SessionOptionsError);
  assert.throws(() => sqliteStore(database, { busyTimeout: -1 }), /busyTimeout: /);
  assert.throws(() => sqliteStore(database, { tune: 'yes' as never }), /tune: /);
  assert.throws(() => sqliteStore(database, { createTable: 0 as never }), /createTable: /);
  assert.throws(() => sqliteStore(database, { pruneInterval: HOUR * 1_000 }), /pruneInterval: /);
});

function ask(database: Database, text: string): unknown[] {
  if (/^(SELECT|PRAGMA)/.test(text))
    return database
      .prepare(text)
      .all()
      .map(row => ({ ...(row as object) }));
  database.exec(text);
  return [];
}

/** The test's own statements wait for the stores', too. */
async function patiently<T>(work: () => T): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return work();
    } catch (error) {
      if (tries === 1_000 || !/locked|busy/i.test(String(error))) throw error;
    }
    await sleep(1);
  }
}
