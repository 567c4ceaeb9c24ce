import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { mysqlStore } from 'sojourn/mysql';
import { postgresStore } from 'sojourn/postgres';
import { newSession } from './sessions.js';

/** What a store asks of its client: the first words of each statement, and how connections come back. */
class Recorder {
  readonly statements: string[] = [];
  readonly released: boolean[] = [];
  /** Statements that begin like this fail. */
  failing: RegExp = /(?!)/;
  /** What an error has that the server answers with: pg's, and mysql2's. */
  answered: object = { severity: 'ERROR', sqlState: '42000' };

  answer(text: string): void {
    this.statements.push(text.split(' ').slice(0, 2).join(' '));
    if (this.failing.test(text)) throw Object.assign(new Error(`no ${text.slice(0, 20)}`), this.answered);
  }

  /** What was asked since the last time. */
  asked(): string[] {
    return this.statements.splice(0);
  }
}

function postgresWith(recorder: Recorder) {
  const connection = {
    query: async ({ text }: { text: string }) => {
      recorder.answer(text);
      return { rows: [], rowCount: 1 };
    },
    on() {},
    removeListener() {},
    release: (broken: boolean) => void recorder.released.push(broken),
  };
  return postgresStore({ connect: async () => connection, totalCount: 1 } as never, { pruneInterval: 0 });
}

function mysqlWith(recorder: Recorder) {
  const query = async ({ sql }: { sql: string }) => {
    recorder.answer(sql);
    return [sql.startsWith('SELECT') ? [] : { affectedRows: 1 }, []];
  };
  const connection = {
    execute: query,
    query,
    release: () => void recorder.released.push(false),
    destroy: () => void recorder.released.push(true),
  };
  return mysqlStore({ getConnection: async () => connection } as never, { pruneInterval: 0 });
}

const session = newSession({ owner: 'owner' });
const call = { version: session.version };
const limited = { ...call, limit: { limit: 1, policy: 'end-oldest' } } as const;

test('PostgreSQL: a verb without a limit is one statement, by itself', async () => {
  const recorder = new Recorder();
  const store = postgresWith(recorder);
  const verbs = {
    find: () => store.find('key'),
    insert: () => store.insert('key', session),
    update: () => store.update('key', session, call),
    touch: () => store.touch('key', 1, 2),
    move: () => store.move('key', 'other', session, call),
    end: () => store.end('key', 'logout', call),
    endByHandle: () => store.endByHandle('handle', 'revoked', { owner: 'owner' }),
    list: () => store.list('owner', { limit: 10 }),
    count: () => store.count('owner'),
  };
  for (const [name, verb] of Object.entries(verbs)) {
    await verb();
    assert.equal(recorder.asked().length, 1, name);
  }
});

test('PostgreSQL: with a limit the owner is locked before anything is read', async () => {
  const recorder = new Recorder();
  await postgresWith(recorder).move('key', 'other', session, limited);
  assert.deepEqual(recorder.asked(), [
    'BEGIN ISOLATION',
    'INSERT INTO',
    'SELECT handle',
    'WITH old',
    'COMMIT',
  ]);
});

test("PostgreSQL: an owner's sessions are ended by one statement, however many they are", async () => {
  const recorder = new Recorder();
  await postgresWith(recorder).endOwned('owner', 'revoked', { except: ['handle'] });
  assert.deepEqual(recorder.asked(), [
    'BEGIN ISOLATION',
    'INSERT INTO',
    'UPDATE "sojourn_sessions"',
    'DELETE FROM',
    'COMMIT',
  ]);
});

test('MySQL: a verb without a limit is one statement, but for a move', async () => {
  const recorder = new Recorder();
  const store = mysqlWith(recorder);
  await store.find('key');
  await store.insert('key', session);
  await store.update('key', session, call);
  await store.touch('key', 1, 2);
  await store.end('key', 'logout');
  assert.equal(recorder.asked().length, 5);
});

test('MySQL: transactions are READ COMMITTED, and lock the owner before anything is read', async () => {
  const recorder = new Recorder();
  const store = mysqlWith(recorder);
  await store.insert('key', session, limited);
  const begin = ['SET TRANSACTION', 'START TRANSACTION'];
  assert.deepEqual(recorder.asked(), [...begin, 'INSERT INTO', 'SELECT id', 'INSERT INTO', 'COMMIT']);
  await store.endOwned('owner', 'revoked');
  assert.deepEqual(recorder.asked(), [...begin, 'INSERT INTO', 'SELECT id', 'DELETE FROM', 'COMMIT']);
});

for (const [name, storeWith] of Object.entries({ PostgreSQL: postgresWith, MySQL: mysqlWith })) {
  test(`${name}: what fails within a transaction is rolled back, and its connection used again`, async () => {
    const recorder = new Recorder();
    recorder.failing = /^SELECT/;
    await assert.rejects(storeWith(recorder).insert('key', session, limited), /^Error: no SELECT/);
    assert.equal(recorder.asked().at(-1), 'ROLLBACK');
    assert.deepEqual(recorder.released, [false]);
  });

  test(`${name}: a connection that cannot even roll back goes back to nobody`, async () => {
    const recorder = new Recorder();
    recorder.failing = /^SELECT|^ROLLBACK/;
    await assert.rejects(storeWith(recorder).insert('key', session, limited), /^Error: no SELECT/);
    assert.deepEqual(recorder.released, [true]);
  });

  test(`${name}: a statement by itself gives its connection back, whether or not it fails`, async () => {
    const recorder = new Recorder();
    const store = storeWith(recorder);
    await store.touch('key', 1, 2);
    recorder.failing = /UPDATE/;
    await assert.rejects(store.touch('key', 1, 2), /^Error: no UPDATE/);
    assert.deepEqual(recorder.released, [false, false]);
  });

  test(`${name}: a connection on which a statement went unanswered goes back to nobody`, async () => {
    const recorder = new Recorder();
    [recorder.failing, recorder.answered] = [/UPDATE/, {}];
    await assert.rejects(storeWith(recorder).touch('key', 1, 2), /^Error: no UPDATE/);
    assert.deepEqual(recorder.released, [true]);
  });
}

test('what the engine undid is begun anew, a few times', async () => {
  for (const [storeWith, error] of [
    [postgresWith, { code: '40P01' }],
    [postgresWith, { code: '40001' }],
    [mysqlWith, { errno: 1213 }],
  ] as const) {
    let failures = 2;
    const recorder = new Recorder();
    recorder.answer = text => {
      recorder.statements.push(text);
      if (/^UPDATE/.test(text) && failures-- > 0) throw Object.assign(new Error('undone'), error);
    };
    const store = storeWith(recorder);
    assert.equal(await store.touch('key', 1, 2), true);
    assert.equal(recorder.asked().length, 3);
    failures = 100;
    await assert.rejects(store.touch('key', 1, 2), /undone/);
    assert.equal(recorder.asked().length, 5);
  }
});

test('what the engine undid is begun anew after a pause in which others finish, unless its caller gave up', async () => {
  let isContended = true;
  const recorder = new Recorder();
  recorder.answer = text => {
    recorder.statements.push(text);
    if (isContended) throw Object.assign(new Error('undone'), { code: '40001' });
  };
  const store = postgresWith(recorder);
  // Of timers that are due, the one that was set first is the first to fire.
  setTimeout(() => {
    isContended = false;
  }, 1);
  assert.equal(await store.touch('key', 1, 2), true);

  isContended = true;
  recorder.asked();
  const giveUp = new AbortController();
  const touching = store.touch('key', 1, 2, { signal: giveUp.signal });
  const failure = assert.rejects(touching, /given up/);
  await nextTurn();
  giveUp.abort(new Error('given up'));
  await failure;
  assert.ok(recorder.asked().length < 5);
});
