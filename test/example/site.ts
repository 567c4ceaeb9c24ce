import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type Koa from 'koa';
import type { SessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { serve } from '../harness/browser.js';
import { Visitor } from './visitor.js';

/** The signing key of the tests' sites. */
export const SECRET = 'the key that signs the cookies of this test';
export const COOKIE = 'sojourn.example';
export const PASSWORD = 'correct horse battery';

export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;
export const DAY: number = 24 * HOUR;

const EXAMPLE = new URL('../../../example/', import.meta.url);

export interface Accounts {
  create(name: string, password: string): Promise<{ id: string } | undefined>;
  authenticate(name: string, password: string): Promise<{ id: string } | undefined>;
}

/** The example, with its parts within reach. */
export interface Site {
  readonly app: Koa;
  readonly store: SessionStore;
  readonly accounts: Accounts;
  /** A visitor who knows the site not yet, from an address of his own. */
  newVisitor(agent?: string): Visitor;
  /** Lets time pass. */
  advance(ms: number): void;
}

/** What can be imported of the example. It is JavaScript, outside of what the tests compile. */
export async function load<T>(file: string): Promise<T> {
  return (await import(new URL(file, EXAMPLE).href)) as T;
}

/** Accounts in memory, which hash passwords as those of the example do unless there is another cost. */
export async function openAccounts(options?: { cost: object }): Promise<Accounts> {
  const { Accounts } = await load<{ Accounts: AccountsClass }>('accounts/accounts.js');
  const { openDatabase } = await load<{ openDatabase(file: string): Promise<object> }>('database.js');
  return new Accounts(await openDatabase(':memory:'), options);
}

type AccountsClass = new (database: object, options?: { cost: object }) => Accounts;

interface App {
  createApp(options: { keys: string[]; store: SessionStore; accounts: Accounts; clock(): number }): Koa;
}

/** Serves the example until the test ends, with sessions and accounts in memory. */
export async function serveExample(t: TestContext, store: SessionStore = memoryStore()): Promise<Site> {
  const { createApp } = await load<App>('app.js');
  const accounts = await openAccounts({ cost: { ln: 4, r: 8, p: 1 } });
  let passed = 0;
  const app = createApp({ keys: [SECRET], store, accounts, clock: () => Date.now() + passed });
  // Each visitor has an address of its own, which the test tells in the proxy's place.
  app.proxy = true;
  const { base } = await serve(t, app);
  let visitors = 0;
  return {
    app,
    store,
    accounts,
    newVisitor: agent => new Visitor(base, { agent, ip: `192.0.2.${++visitors}` }),
    advance: ms => {
      passed += ms;
    },
  };
}

/** Answers late, so that requests overlap. */
export function slowStore(): SessionStore {
  const store = memoryStore();
  const find = store.find.bind(store);
  store.find = async (...args) => {
    const found = await find(...args);
    await sleep(5);
    return found;
  };
  return store;
}
