import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoreCall } from '../store.js';
import type { Database } from './database.js';
import type { Row, Steps } from './driver.js';
import { textFrom } from './row.js';
import { bind, named } from './statement.js';
import type { Statements } from './statements.js';
import { within } from './within.js';

/** Deletes what has expired, at intervals or on request. */
export class Pruning {
  readonly #database: Database;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<unknown> | undefined;
  #isFailureTold = false;

  /** @param interval ms between two runs; 0: only on request. */
  constructor(database: Database, interval: number) {
    this.#database = database;
    if (interval > 0) this.#timer = setInterval(() => this.#onTimer(), interval).unref();
  }

  /** Deletes in batches, between which others get a turn; returns how many rows. */
  prune(call?: StoreCall): Promise<number> {
    const now = this.#database.timeOf(call);
    return this.#inBatches(now, steps => this.#database.transaction(steps, call));
  }

  /** Resolves once no statement of the timer is running any more, so that the client may be closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#underWay;
  }

  async #inBatches(now: number, run: (steps: () => Steps<number>) => Promise<number>): Promise<number> {
    const { statements } = this.#database;
    let pruned = 0;
    for (;;) {
      const count = await run(() => batchSteps(statements, now));
      pruned += count;
      if (count < statements.pruneBatch) return pruned;
      await nextTurn();
    }
  }

  #onTimer(): void {
    this.#underWay ??= this.#pruneOnTime().finally(() => {
      this.#underWay = undefined;
    });
  }

  /**
   * The next run makes up for one that failed, unless all do: then the table grows forever. There is no request to
   * tell, so the process is warned, of the first of several failures in a row. A connection that has gone silent fails
   * its batch: while a run lasts there is no next one.
   */
  async #pruneOnTime(): Promise<void> {
    const { signal } = this.#closing;
    const now = this.#database.earliestNow - CLOCK_SLACK;
    try {
      await this.#inBatches(now, steps =>
        within(BATCH_TIMEOUT, timeout => {
          const call = { signal: AbortSignal.any([signal, timeout]) };
          return this.#database.transaction(steps, call);
        }),
      );
      this.#isFailureTold = false;
    } catch (error) {
      if (!signal.aborted && !this.#isFailureTold) warnOf(error, this.#database.table);
      this.#isFailureTold = true;
    }
  }
}

function warnOf(error: unknown, table: string): void {
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(
    `what has expired in ${table} could not be deleted, and will be tried again: ${reason}`,
    { type: 'SessionWarning', code: 'SOJOURN_PRUNING' },
  );
}

/** Ms that a batch of the timer's may take. */
const BATCH_TIMEOUT = 60_000;

/** Ms by which two processes' clocks may differ without either pruning what is live to the other. */
const CLOCK_SLACK = 10_000;

/** One batch, unless another process is pruning. */
function* batchSteps(statements: Statements, now: number): Steps<number> {
  const { claimPruning, releasePruning, expired, deleteExpired, pruneBatch } = statements;
  if (claimPruning && (yield bind(claimPruning, {})).rows.length === 0) return 0;
  try {
    const { rows } = yield bind(expired, { now });
    yield* ownerSteps(statements, rows, now);
    const keys = rows.map(([key]) => textFrom(key) ?? '');
    return rows.length > 0 ? (yield bind(deleteExpired, { now, ...named(keys, pruneBatch) })).changes : 0;
  } finally {
    if (releasePruning) yield bind(releasePruning, {});
  }
}

/** Deletes the lock rows of owners who have no live session. Whoever signs in meanwhile creates a new one. */
function* ownerSteps(statements: Statements, expired: readonly Row[], now: number): Steps<void> {
  if (!statements.lockOwner) return;
  const owners = new Set(expired.flatMap(([, owner]) => textFrom(owner) ?? []));
  if (owners.size === 0) return;
  const { liveOwners, deleteOwners, pruneBatch } = statements;
  const { rows } = yield bind(liveOwners, { now, ...named([...owners], pruneBatch) });
  for (const [owner] of rows) owners.delete(textFrom(owner) ?? '');
  if (owners.size > 0) yield bind(deleteOwners, named([...owners], pruneBatch));
}
