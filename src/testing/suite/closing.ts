import assert from 'node:assert/strict';
import type { Bench, StoreCase, WholeStore } from './bench.js';

export const closingCases: readonly StoreCase[] = [
  {
    name: 'close: can be called twice, and twice at once',
    needs: ['close'],
    async run(bench) {
      await bench.keep();
      await Promise.all([bench.store.close(), bench.store.close()]);
      await bench.store.close();
    },
  },
  {
    name: 'close: no timer of the store goes on in the background',
    needs: ['close'],
    async run(bench) {
      const timers = await timersOf(async () => {
        const store = await bench.create();
        await use(store, bench);
        await store.close();
      });
      assert.equal(timers.filter(isBackground).length, 0);
    },
  },
];

async function use(store: WholeStore, bench: Bench): Promise<void> {
  const [key, session] = [bench.newKey('user-1'), bench.newOwned('user-1')];
  await store.insert(key, session, bench.call());
  await store.update(key, { ...session, version: 'next' }, bench.call({ version: session.version }));
  await store.touch(key, bench.now, bench.now, bench.call());
  await store.end(key, 'logout', bench.call());
}

type SetTimer = (this: unknown, ...args: unknown[]) => NodeJS.Timeout;

/** The timers that are set while `work` runs. */
async function timersOf(work: () => Promise<void>): Promise<NodeJS.Timeout[]> {
  const timers: NodeJS.Timeout[] = [];
  const { setTimeout, setInterval } = globalThis;
  const recording = (setTimer: SetTimer): SetTimer =>
    function (...args) {
      const timer = setTimer.apply(this, args);
      timers.push(timer);
      return timer;
    };
  Object.assign(globalThis, {
    setTimeout: Object.assign(recording(setTimeout as SetTimer), setTimeout),
    setInterval: recording(setInterval as SetTimer),
  });
  try {
    await work();
  } finally {
    Object.assign(globalThis, { setTimeout, setInterval });
  }
  return timers;
}

/**
 * Still running and unref'd, as a store's own timers are. A driver's timers, which keep the process alive while
 * connected, are not the store's to stop. Only ref'd timers are counted, so this one is ref'd for a moment.
 */
function isBackground(timer: NodeJS.Timeout): boolean {
  if (timer.hasRef()) return false;
  const before = countTimers();
  timer.ref();
  const isRunning = countTimers() > before;
  timer.unref();
  return isRunning;
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length;
}
