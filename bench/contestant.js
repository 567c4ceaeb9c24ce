/**
 * One contestant in one scenario and mode, in a process of its own: `race.js` forks it, and it answers the
 * messages that it is sent.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import Koa from 'koa';
import { cookieOf, requester } from './request.js';
import { logIn, modes, scenarios, withoutSession } from './scenarios.js';
import { TextStore } from './text-store.js';

const DAY = 86_400_000;

// Who asks may leave at any point, if another contestant has failed.
process.once('disconnect', () => process.exit());

/** @type {import('./race.js').Task} */
const task = JSON.parse(process.argv[2] ?? '{}');
const { signed, stored } = modes[task.mode] ?? fail('no such mode');
const scenario = scenarios[task.scenario] ?? fail('no such scenario');
const store = new TextStore();

const cookie = scenario.data && (await cookieFor(scenario.data));
store.keep();
const send = requester(await appWith(scenario.handle, scenario.options), cookie);
await assertWorks();

/** @type {Record<string, (size: any) => Promise<number[]>>} */
const answers = { time, allocate, countStoreCalls };
process.on('message', async (/** @type {any} */ { command, ...size }) => {
  process.send?.(await answers[command]?.(size));
});
process.send?.('ready');

/**
 * @param {string} what
 * @returns {never}
 */
function fail(what) {
  throw new Error(`${JSON.stringify(task)}: ${what}`);
}

/**
 * @param {(ctx: Koa.Context) => void} handle
 * @param {object} [options]
 */
async function appWith(handle, options) {
  const app = new Koa();
  app.keys = ['a secret of some ordinary length'];
  if (task.contestant !== 'koa') app.use(await middleware(app, options));
  app.use(task.contestant === 'koa' ? withoutSession : handle);
  return app;
}

/**
 * @param {Koa} app
 * @param {object} [options]
 * @returns {Promise<Koa.Middleware>}
 */
async function middleware(app, options) {
  const { default: session } = await import(task.contestant);
  return session({ maxAge: DAY, signed, ...(stored && { store }), ...options }, app);
}

/**
 * The contestant makes the cookie that it is sent. Bare Koa gets one as long, so that it carries the same header.
 *
 * @param {object} data
 */
async function cookieFor(data) {
  const made = cookieOf(await requester(await appWith(logIn(data)))());
  return made || `koa.sess=${Buffer.from(JSON.stringify(data)).toString('base64')}`;
}

/** Speed counts only where the work is done. */
async function assertWorks() {
  const { writes } = store;
  const res = await send();
  if (res.statusCode !== 200) fail(`answered with status ${res.statusCode}`);
  if (task.contestant === 'koa') return;
  const saved = stored ? store.writes > writes : cookieOf(res) !== '';
  if (saved !== Boolean(scenario.saves))
    fail(saved ? 'saved the session needlessly' : 'did not save the session');
}

/**
 * Microseconds of processor time per request, one number for each batch. A request waits for nothing, so on an
 * idle machine that is the time it takes; on a busy one, the time of other processes is not counted.
 *
 * @param {{ batches: number, requests: number }} size
 */
async function time({ batches, requests }) {
  const times = [];
  for (let i = 0; i < batches; i++) times.push(await timeBatch(requests));
  return times;
}

/** @param {number} requests */
async function timeBatch(requests) {
  const start = process.cpuUsage();
  for (let i = 0; i < requests; i++) await send();
  const { user, system } = process.cpuUsage(start);
  store.restore();
  return (user + system) / requests;
}

/**
 * Bytes per request, one number for each window. Between two looks at the memory in use nothing is freed
 * unless garbage is collected, so the difference is what was allocated. A window with a collection in it does
 * not count, and the next ones are shorter.
 *
 * @param {{ windows: number, requests: number }} size
 */
async function allocate({ windows, requests }) {
  const bytes = [];
  for (let length = requests; bytes.length < windows; ) {
    const window = await allocationWindow(length);
    if (window.collections === 0) bytes.push(window.bytes);
    else length >>= 1;
    if (length === 0) fail('even a single request has garbage collected');
  }
  return bytes;
}

/** @param {number} requests */
async function allocationWindow(requests) {
  globalThis.gc?.();
  await turn();
  const collections = countCollections();
  const before = memoryInUse();
  for (let i = 0; i < requests; i++) await send();
  const bytes = (memoryInUse() - before) / requests;
  store.restore();
  return { bytes, collections: await collections() };
}

/** @returns {() => Promise<number>} ends the count */
function countCollections() {
  let count = 0;
  const observer = new PerformanceObserver(list => {
    count += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  return async () => {
    // Node hands the entries over in later turns of the event loop.
    for (let i = 0; i < 3; i++) await turn();
    observer.disconnect();
    return count;
  };
}

function memoryInUse() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Store calls per request.
 *
 * @param {{ requests: number }} size
 */
async function countStoreCalls({ requests }) {
  const before = store.reads + store.writes;
  for (let i = 0; i < requests; i++) await send();
  return [(store.reads + store.writes - before) / requests];
}
