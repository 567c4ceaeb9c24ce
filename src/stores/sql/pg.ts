import { SessionOptionsError } from '../../errors.js';
import type { LineEvents } from '../notices.js';
import type { Query, Result, SqlDriver } from './driver.js';
import { inTurns, leasedDriver } from './lease.js';

/** A `Pool` of pg. */
export interface PgPool {
  connect(): Promise<PgConnection & { release(broken?: boolean): void }>;
  readonly totalCount: number;
  readonly options?: { readonly max?: number | undefined; readonly binary?: boolean | undefined };
}

/** A connected `Client` of pg. Nothing else may run transactions on it. */
export interface PgConnection {
  readonly binary?: boolean | undefined;
  query(query: { text: string; values: unknown[]; rowMode: 'array' }): Promise<PgResult>;
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
}

interface PgResult {
  rows: unknown[][];
  rowCount: number | null;
}

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

export function pgConnectionDriver(connection: PgConnection): SqlDriver {
  requireText(connection);
  const lease = inTurns(query => runOnPg(connection, query));
  return leasedDriver(lease, [BEGIN]);
}

export function pgPoolDriver(pool: PgPool): SqlDriver {
  requireText(pool.options);
  const driver = leasedDriver(async () => {
    const connection = await pool.connect();
    // A pool hears errors of idle connections only. Unheard, the end of this one would end the process; the query that
    // is under way fails all the same.
    const ignore = () => {};
    connection.on('error', ignore);
    return {
      run: query => runOnPg(connection, query),
      release(broken) {
        connection.removeListener('error', ignore);
        connection.release(broken);
      },
      isPooled: true,
    };
  }, [BEGIN]);
  // Listening keeps a connection, and would keep the only one.
  if (pool.options?.max === 1) return driver;
  return { ...driver, listen: (channel, events) => listenOnPg(pool, channel, events) };
}

/** @throws SessionOptionsError for a client that would have numbers sent as bytes, which pg mostly leaves unread. */
function requireText(options: { readonly binary?: boolean | undefined } = {}): void {
  if (!options.binary) return;
  throw new SessionOptionsError(
    'pool: postgresStore reads answers as text. Do not give the client `binary: true`.',
  );
}

/** The events of a pg connection that listening needs. */
interface PgListener {
  on(event: 'notification', listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown;
}

/** How many connections of a pool listen, or are about to. Stores that share a pool share its count. */
const listenersByPool = new WeakMap<PgPool, number>();

/**
 * Counts one more connection that listens. It is kept from requests, which need one at least.
 * @returns a function to be called when it listens no more
 * @throws Error if requests would be left with none; the store is then queried instead.
 */
function joinListeners(pool: PgPool): () => void {
  const max = pool.options?.max ?? Number.POSITIVE_INFINITY;
  const count = listenersByPool.get(pool) ?? 0;
  if (count >= max - 1) {
    throw new Error(
      `no connection of the pool is left to listen with, as ${count} of ${max} listen already: give it a larger \`max\``,
    );
  }
  listenersByPool.set(pool, count + 1);
  return () => listenersByPool.set(pool, (listenersByPool.get(pool) ?? 1) - 1);
}

async function listenOnPg(pool: PgPool, channel: string, { text, lost }: LineEvents): Promise<() => void> {
  const leave = joinListeners(pool);
  const connection = await pool.connect().catch(error => {
    leave();
    throw error;
  });
  let isHeld = true;
  // It is not reused: it would go on listening.
  const release = (): void => {
    if (!isHeld) return;
    isHeld = false;
    leave();
    connection.release(true);
  };
  const listener = connection as unknown as PgListener;
  listener.on('notification', ({ payload = '' }) => text(payload));
  for (const event of ['error', 'end'] as const) {
    listener.on(event, error => {
      release();
      lost(error);
    });
  }
  await runOnPg(connection, { text: `LISTEN ${channel}`, values: [] }).catch(error => {
    release();
    throw error;
  });
  return release;
}

async function runOnPg(connection: PgConnection, { text, values }: Query): Promise<Result> {
  const { rows, rowCount } = await connection.query({ text, values: [...values], rowMode: 'array' });
  return { rows, changes: rowCount ?? 0 };
}
