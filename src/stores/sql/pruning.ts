import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoreCall } from '../store.js';
import type { Database } from './database.js';
import type { Row, Steps } from './driver.js';
import { textFrom } from './row.js';
import { bind, named } from './statement.js';
import type { Statements } from './statements.js';

/** Deletes what is over, now and then or when asked to. */
export class Pruning {
  readonly #database: Database;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<unknown> | undefined;

  /** @param interval ms between two runs; 0: only when asked to. */
  constructor(database: Database, interval: number) {
    this.#database = database;
    if (interval > 0) this.#timer = setInterval(() => this.#onTimer(), interval).unref();
  }

  /** In batches, between which others get their turn; returns how many rows. */
  async prune(call?: StoreCall): Promise<number> {
    const { statements } = this.#database;
    const now = this.#database.timeOf(call);
    let pruned = 0;
    for (;;) {
      const count = await this.#database.transaction(() => batchSteps(statements, now), call);
      pruned += count;
      if (count < statements.pruneBatch) return pruned;
      await nextTurn();
    }
  }

  /** Ends when no statement of the timer is under way any more, so that the client may be closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#underWay;
  }

  /** A failure is not told: there is nobody to tell. The next run makes up for it. */
  #onTimer(): void {
    this.#underWay ??= this.prune({
      now: this.#database.earliestNow - CLOCK_SLACK,
      signal: this.#closing.signal,
    })
      .catch(() => {})
      .finally(() => {
        this.#underWay = undefined;
      });
  }
}

/** Ms by which the clocks of two processes may differ, and neither prunes what is live to the other. */
const CLOCK_SLACK = 10_000;

/** One batch; nothing where another process is at it. */
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

/** Deletes the rows to lock of owners who have no live session. Whoever signs in meanwhile makes a new one. */
function* ownerSteps(statements: Statements, expired: readonly Row[], now: number): Steps<void> {
  if (!statements.lockOwner) return;
  const owners = new Set(expired.flatMap(([, owner]) => textFrom(owner) ?? []));
  if (owners.size === 0) return;
  const { liveOwners, deleteOwners, pruneBatch } = statements;
  const { rows } = yield bind(liveOwners, { now, ...named([...owners], pruneBatch) });
  for (const [owner] of rows) owners.delete(textFrom(owner) ?? '');
  if (owners.size > 0) yield bind(deleteOwners, named([...owners], pruneBatch));
}
