import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { mysqlStore } from 'sojourn/mysql';
import { postgresStore } from 'sojourn/postgres';

/** A database whose connections stay open, but answer nothing while it is silent. */
class Server {
  isSilent = true;
  readonly asked: string[] = [];

  ask(text: string, answer: unknown): Promise<never> {
    this.asked.push(text);
    return this.isSilent ? new Promise(() => {}) : (Promise.resolve(answer) as Promise<never>);
  }
}

type Options = { createTable?: boolean; pruneInterval: number };

/** A store on each client. Only the pools' connections can be broken off; nothing can be taken back from the others. */
const kinds: Record<string, (server: Server, options: Options) => ReturnType<typeof postgresStore>> = {
  'a Pool of pg': (server, options) => {
    const connection = {
      query: ({ text }: { text: string }) => server.ask(text, { rows: [], rowCount: 0 }),
      on() {},
      removeListener() {},
      release() {},
    };
    return postgresStore({ connect: async () => connection, totalCount: 1 } as never, options);
  },
  'postgres.js': (server, options) => {
    const sql = {
      unsafe: (text: string) => ({ values: () => server.ask(text, Object.assign([], { count: 0 })) }),
      begin: (_: string, work: (scope: unknown) => unknown) => work(sql),
    };
    return postgresStore(sql as never, options);
  },
  PGlite: (server, options) => {
    const database = {
      query: (text: string) => server.ask(text, { rows: [], affectedRows: 0 }),
      transaction: (work: (scope: unknown) => unknown) => work(database),
    };
    return postgresStore(database as never, options);
  },
  'a pool of mysql2': (server, options) => {
    const query = ({ sql }: { sql: string }) => server.ask(sql, [[], []]);
    const connection = { execute: query, query, release() {}, destroy() {} };
    return mysqlStore({ getConnection: async () => connection } as never, options);
  },
};

for (const [name, open] of Object.entries(kinds)) {
  test(`${name}: a creation of the tables that is never answered fails, and the next request tries again`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const server = new Server();
    const store = open(server, { createTable: true, pruneInterval: 0 });
    const waiting = [store.find('key'), store.count()].map(errorOf);
    await turns();
    t.mock.timers.tick(10_000);
    for (const error of waiting) assert.match(String(await soon(error)), /did not answer within 10 s/);
    server.isSilent = false;
    assert.equal(await soon(store.find('key')), undefined);
    assert.ok(server.asked.some(text => text.startsWith('CREATE TABLE')));
  });
}

for (const [name, open] of Object.entries(kinds)) {
  test(`${name}: a pruning by the timer that is never answered fails with a warning, and the next one follows`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const warnings: string[] = [];
    const listener = ({ code, message }: Error & { code?: string }) => {
      if (code === 'SOJOURN_PRUNING') warnings.push(message);
    };
    process.on('warning', listener);
    t.after(() => process.off('warning', listener));
    const server = new Server();
    const store = open(server, { pruneInterval: 100_000 });
    t.mock.timers.tick(100_000);
    await turns();
    assert.equal(server.asked.length, 1);
    t.mock.timers.tick(60_000);
    await turns();
    assert.match(warnings.join(), /could not be deleted, and will be tried again: .* within 60 s/);

    server.isSilent = false;
    const asked = server.asked.length;
    t.mock.timers.tick(40_000);
    await turns();
    assert.ok(server.asked.length > asked);
    assert.equal(warnings.length, 1);
    await soon(store.close());
  });
}

function errorOf(outcome: Promise<unknown>): Promise<unknown> {
  return outcome.then(
    () => 'no error',
    error => error,
  );
}

/** What a promise comes to without any time passing. */
function soon<T>(outcome: Promise<T>): Promise<T | 'still waiting'> {
  return Promise.race([outcome, turns().then(() => 'still waiting' as const)]);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await nextTurn();
}
