import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Service } from '../service/service.js';
import type { StoreSpec } from '../service/stores.js';
import { Ledger } from './ledger.js';

/** ms that a store call may take in these tests. */
export const STORE_TIMEOUT = 1000;

/**
 * A request reads, writes, and where the connection was lost writes and reads once more; each may take the time-out.
 * The rest is for a slow machine.
 */
const PATIENCE = 4 * STORE_TIMEOUT + 4000;

/** A service on a store that is to suffer, and the books on what it acknowledged. */
export interface Trial {
  readonly t: TestContext;
  readonly service: Service;
  readonly ledger: Ledger;
}

/** A fault, and how to count the connections that the server has. */
export interface Ordeal {
  fault(trial: Trial): Promise<void>;
  connections(): Promise<number>;
  /**
   * How many more connections than before there may be, for a client that opens some only when it needs them.
   * @default 0
   */
  readonly spare?: number;
}

/**
 * Runs a service on this store through a fault, and checks what holds for every fault: each request ended in time, by
 * an answer or a typed 503; the service recovered by itself; nothing was left unhandled; no connection, no timer is
 * left over. What was acknowledged is in the books that it answers.
 */
export async function endure(
  t: TestContext,
  store: StoreSpec,
  { fault, connections, spare = 0 }: Ordeal,
): Promise<Ledger> {
  const service = await Service.start({ store, storeTimeout: STORE_TIMEOUT });
  t.after(() => service.stop());
  const ledger = await Ledger.open(service);
  // On a slow machine the first ones may take longer than a call may take.
  await ledger.append(64, { mayFail: true });
  await ledger.untilServed();
  const count = async () => ({ ...(await service.ask('resources')), connections: await connections() });
  const { timers, ...held } = await count();
  const most = { timers, sockets: held.sockets + spare, connections: held.connections + spare };

  await fault({ t, service, ledger });

  await ledger.rest();
  await ledger.untilServed();
  const { acknowledged, failed } = ledger.counts;
  t.diagnostic(
    `${acknowledged} acknowledged, ${failed} answered 503, the slowest after ${ledger.slowest} ms`,
  );
  assert.ok(ledger.slowest < PATIENCE, `a request took ${ledger.slowest} ms`);
  assert.deepEqual(service.alarms, []);
  await untilNoMore(most, count);
  return ledger;
}

/** The same, and each change that was acknowledged is there, and once. */
export async function endureWithoutLoss(t: TestContext, store: StoreSpec, ordeal: Ordeal): Promise<Ledger> {
  const ledger = await endure(t, store, ordeal);
  await ledger.verify();
  return ledger;
}

/** What is there for a while only, as a connection that is being closed, gets that while. */
async function untilNoMore<Counts extends Record<string, number>>(
  most: Counts,
  count: () => Promise<Counts>,
): Promise<void> {
  const isMore = (now: Counts) => Object.keys(most).some(name => Number(now[name]) > Number(most[name]));
  const deadline = Date.now() + 15_000;
  let now = await count();
  while (isMore(now) && Date.now() < deadline) {
    await delay(200);
    now = await count();
  }
  if (isMore(now)) assert.deepEqual(now, most, 'something is left over');
}
