import { drive, type Query, type Result, type SqlDriver, type Steps } from './driver.js';

/** A connection that is ours alone until it is released. */
export interface Lease {
  run(query: Query): Promise<Result>;
  /** A broken connection is never reused. */
  release(broken: boolean): void;
  /** Whether it is one of several, so that it may be dropped in the middle of a query. */
  readonly isPooled: boolean;
}

/** A driver over connections that are leased one at a time, from a pool say. */
export function leasedDriver(lease: () => Promise<Lease>, begin: readonly string[]): SqlDriver {
  return {
    async run(query, signal) {
      const connection = await leaseFor(signal, lease);
      try {
        const answer = await connection.run(query);
        connection.release(false);
        return answer;
      } catch (error) {
        // A client that has waited long enough (`query_timeout` of pg) has the next query wait for this one's answer.
        connection.release(!isAnswer(error));
        throw error;
      }
    },
    async transaction(steps, signal) {
      const connection = await leaseFor(signal, lease);
      try {
        const answer = await transact(connection, steps(), begin);
        connection.release(false);
        return answer;
      } catch (error) {
        connection.release(!(await rolledBack(connection)));
        throw error;
      }
    },
  };
}

/** Leases the only connection: whoever comes during a transaction must wait, so as not to run within it. */
export function inTurns(run: Lease['run']): () => Promise<Lease> {
  let lastTurn = Promise.resolve();
  return async () => {
    const turnBefore = lastTurn;
    let release = (): void => {};
    lastTurn = new Promise(resolve => {
      release = resolve;
    });
    await turnBefore;
    return { run, release, isPooled: false };
  };
}

/** The wait for a connection can be long: whoever has given up by then gets none. */
async function leaseFor(signal: AbortSignal | undefined, lease: () => Promise<Lease>): Promise<Lease> {
  const connection = await lease();
  if (!signal) return connection;
  if (!signal.aborted) return connection.isPooled ? brokenOffBy(signal, connection) : connection;
  connection.release(false);
  throw signal.reason;
}

/** Discards a pooled connection when its caller gives up, so that a hung connection does not occupy a pool slot. */
function brokenOffBy(signal: AbortSignal, { run, release }: Lease): Lease {
  let isHeld = true;
  const releaseOnce = (broken: boolean): void => {
    signal.removeEventListener('abort', breakOff);
    if (isHeld) release(broken);
    isHeld = false;
  };
  const breakOff = (): void => releaseOnce(true);
  signal.addEventListener('abort', breakOff);
  return { run, release: releaseOnce, isPooled: true };
}

/** Whether the database itself reports this error. Its fields are those of pg and of mysql2. */
function isAnswer(error: unknown): boolean {
  const { severity, sqlState } = (error ?? {}) as { severity?: unknown; sqlState?: unknown };
  return severity !== undefined || sqlState !== undefined;
}

async function transact<T>(connection: Lease, steps: Steps<T>, begin: readonly string[]): Promise<T> {
  for (const text of begin) await connection.run({ text, values: [] });
  const answer = await drive(steps, query => connection.run(query));
  await connection.run({ text: 'COMMIT', values: [] });
  return answer;
}

function rolledBack(connection: Lease): Promise<boolean> {
  return connection.run({ text: 'ROLLBACK', values: [] }).then(
    () => true,
    () => false,
  );
}
