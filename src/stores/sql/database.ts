import { setTimeout as sleep } from 'node:timers/promises';
import type { Line } from '../notices.js';
import type { StoreCall } from '../store.js';
import type { Dialect } from './dialect.js';
import { drive, type Result, type SqlDriver, type Steps, type Value } from './driver.js';
import { bind, type Parameters, type Statement } from './statement.js';
import { type Statements, statementsFor } from './statements.js';
import type { Table } from './table.js';
import { within } from './within.js';

/** A driver and the statements for its table. Creates the table beforehand, if so configured. */
export class Database {
  readonly statements: Statements;
  /** The table's name, for messages. */
  readonly table: string;
  readonly #driver: SqlDriver;
  readonly #dialect: Dialect;
  readonly #createTable: boolean;
  readonly #channel: string | undefined;
  #created: Promise<void> | undefined;
  /** How far the application's clock is behind this machine's, in ms. */
  #lag = 0;

  constructor(
    driver: SqlDriver,
    dialect: Dialect,
    { table, createTable }: { table: Table; createTable: boolean },
  ) {
    this.statements = statementsFor(dialect, table);
    this.table = table.sessions;
    this.#driver = driver;
    this.#dialect = dialect;
    this.#createTable = createTable;
    this.#channel = dialect.telling?.channel(table);
  }

  async run(statement: Statement, parameters: Parameters, call?: StoreCall): Promise<Result> {
    await this.#ready(call);
    return this.#insisting(() => this.#driver.run(bind(statement, parameters), call?.signal), call);
  }

  /** Runs steps that are a single statement. */
  async single<T>(steps: () => Steps<T>, call?: StoreCall): Promise<T> {
    await this.#ready(call);
    return this.#insisting(() => drive(steps(), query => this.#driver.run(query, call?.signal)), call);
  }

  async transaction<T>(steps: () => Steps<T>, call?: StoreCall): Promise<T> {
    await this.#ready(call);
    return this.#insisting(() => this.#driver.transaction(steps, call?.signal), call);
  }

  /** Sorts before all names of rows. */
  get leastRow(): Value {
    return this.#dialect.rowName.least;
  }

  isDuplicate(error: unknown): boolean {
    return this.#dialect.isDuplicate(error);
  }

  /** The line that announces ended sessions, if the database and the client support it. */
  listening(): Line | undefined {
    const { listen } = this.#driver;
    const { publish } = this.statements;
    const channel = this.#channel;
    if (!listen || !publish || channel === undefined) return undefined;
    return {
      connect: events => listen(channel, events),
      publish: text => this.run(publish, { channel, text }),
    };
  }

  /** The application's time at this call, in whole ms. */
  timeOf(call: StoreCall | undefined): number {
    const now = Math.floor(call?.now ?? Date.now());
    this.#lag = Math.max(0, Date.now() - now);
    return now;
  }

  /** The earlier of this machine's time and the application's, as of the last call. */
  get earliestNow(): number {
    return Date.now() - this.#lag;
  }

  close(): void {
    this.#driver.close?.();
  }

  /** Retries what the engine rolled back in favour of another transaction: nobody has seen any of it. */
  async #insisting<T>(attempt: () => Promise<T>, call: StoreCall | undefined): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (tries === MAX_TRIES || !this.#dialect.isUndone(error)) throw error;
      }
      // Random and ever longer, or those that came at once would come at once again: of them only one is done.
      await sleep(Math.random() * PAUSE * 2 ** tries);
      call?.signal?.throwIfAborted();
    }
  }

  async #ready(call: StoreCall | undefined): Promise<void> {
    call?.signal?.throwIfAborted();
    if (!this.#createTable) return;
    this.#created ??= this.#create().catch(error => {
      this.#created = undefined;
      throw error;
    });
    await this.#created;
  }

  /** All requests wait for this, so a connection that has gone silent must not hold it up for good. */
  #create(): Promise<void> {
    return within(CREATION_TIMEOUT, signal => this.#driver.transaction(() => this.#createSteps(), signal));
  }

  /** Creates nothing if the tables exist: some databases complain even about IF NOT EXISTS. */
  *#createSteps(): Steps<void> {
    const { lockSchema, exists, schema } = this.statements;
    if (lockSchema) yield bind(lockSchema, {});
    if (exists && (yield bind(exists, {})).rows.length > 0) return;
    for (const statement of schema) yield bind(statement, {});
  }
}

/** Ms that creating the tables may take. */
const CREATION_TIMEOUT = 10_000;

/** After so many rollbacks it is better to fail than to add to the load. */
const MAX_TRIES = 5;

/** Half the ms of the longest pause before the second try; each later one may be twice as long. */
const PAUSE = 10;
