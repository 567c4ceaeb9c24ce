/** A server whose store has been filled, in a process of its own: `scale.js` forks it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import Koa from 'koa';
import session from 'sojourn';
import { databases } from '../databases.js';
import { routes } from '../scenarios.js';
import { anyOf, keyOf, LATER } from './population.js';

const { contestant, where, count } = JSON.parse(process.argv[2] ?? '{}');
const { store } = await databases[contestant](where);
/** How far the application's clock is ahead, in ms. */
let ahead = 0;

const app = new Koa();
app.use(session(app, { store, signed: false, maxAge: 10 * LATER, clock: () => Date.now() + ahead }));
app.use(ctx => {
  routes[ctx.path]?.(
    () => ctx.session,
    async () => {},
  );
  ctx.body = 'ok';
});
const patience = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
const server = createServer(patience, app.callback()).listen(0, '127.0.0.1');
await once(server, 'listening');

/** @type {Record<string, (size: any) => Promise<unknown>>} */
const answers = { time, prune, leap, memory: async () => process.memoryUsage().rss };
process.on('message', async (/** @type {any} */ { command, ...size }) => {
  process.send?.((await answers[command]?.(size)) ?? null);
});
process.once('disconnect', () => process.exit());
process.send?.(server.address());

/**
 * Loads and saves sessions at random, one after the other. Answers the µs of each.
 *
 * @param {{ calls: number }} size
 */
async function time({ calls }) {
  const loads = [];
  const saves = [];
  for (let i = 0; i < calls; i++) {
    const key = keyOf(anyOf(count));
    const start = performance.now();
    const found = await store.find(key);
    const loaded = performance.now();
    if (!found || found.ended) throw new Error('the session was not found');
    const version = `${loaded}`;
    const isSaved = await store.update(key, { ...found, version }, { version: found.version });
    const saved = performance.now();
    if (!isSaved) throw new Error('the session was not saved');
    loads.push((loaded - start) * 1000);
    saves.push((saved - loaded) * 1000);
  }
  return { loads, saves };
}

/** Moves the application's clock on, to where the half of the sessions is over. */
async function leap() {
  ahead = LATER;
}

/** Removes what is over by the application's clock. */
async function prune() {
  const start = performance.now();
  const pruned = await store.prune?.({ now: Date.now() + ahead });
  return { pruned, ms: performance.now() - start };
}
