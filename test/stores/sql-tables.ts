import { randomBytes } from 'node:crypto';
import type { SessionStore } from 'sojourn';

export type SqlStore = Required<SessionStore>;

/** A server's tables for tests: each is used by one test at a time, and then by the next. */
export class Tables {
  readonly #run: (text: string) => Promise<unknown>;
  readonly #prefix = `test_${randomBytes(4).toString('hex')}`;
  readonly #free: string[] = [];
  #made = 0;

  constructor(run: (text: string) => Promise<unknown>) {
    this.#run = run;
  }

  /** The name of an empty table, or of one that is yet to be created. */
  take(): string {
    return this.#free.pop() ?? this.takeName();
  }

  /** The name of a table that is yet to be created. */
  takeName(): string {
    return `${this.#prefix}_${this.#made++}`;
  }

  async giveBack(table: string): Promise<void> {
    for (const name of [table, `${table}_owners`]) await this.#run(`DELETE FROM ${name}`);
    this.#free.push(table);
  }

  async dropAll(): Promise<void> {
    for (let index = 0; index < this.#made; index++) {
      const table = `${this.#prefix}_${index}`;
      for (const name of [table, `${table}_owners`]) await this.#run(`DROP TABLE IF EXISTS ${name}`);
    }
  }
}

/** A store that gives its table back when it is closed. */
export function onTable<Store extends { close(): Promise<void> }>(
  store: Store,
  tables: Tables,
  table: string,
): Store & { table: string } {
  const close = store.close.bind(store);
  let closed: Promise<void> | undefined;
  return Object.assign(store, {
    table,
    close: () => {
      closed ??= close().then(() => tables.giveBack(table));
      return closed;
    },
  });
}
