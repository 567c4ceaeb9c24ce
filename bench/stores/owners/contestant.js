/** A process with a store that has been filled with accounts: `owners.js` forks it. */
import { randomUUID } from 'node:crypto';
import Koa from 'koa';
import session from 'sojourn';
import { databases } from '../databases.js';
import { keyOf, ownerOf, SESSIONS_EACH, sessionOf } from './population.js';

const { contestant, where, owners } = JSON.parse(process.argv[2] ?? '{}');
const { store } = await databases[contestant](where);
const sessions = session(new Koa(), {
  store,
  signed: false,
  owner: (/** @type {any} */ data) => data.user?.id,
});

/** @type {Record<string, (size: any) => Promise<unknown>>} */
const answers = { list, endAll };
process.on('message', async (/** @type {any} */ { command, ...size }) => {
  process.send?.(await answers[command]?.(size));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

/**
 * Lists the sessions of accounts at random, one after the other. Answers the µs of each.
 *
 * @param {{ calls: number }} size
 */
async function list({ calls }) {
  const times = [];
  for (let i = 0; i < calls; i++) {
    const owner = anyOwner();
    const start = performance.now();
    const listed = await sessions.list(owner);
    times.push((performance.now() - start) * 1000);
    requireAll(listed.length);
  }
  return times;
}

/**
 * Ends all sessions of accounts at random. Each account signs in again before the next, which is not timed: so there
 * are as many sessions at each call.
 *
 * @param {{ calls: number }} size
 */
async function endAll({ calls }) {
  const times = [];
  for (let i = 0; i < calls; i++) {
    const owner = anyOwner();
    const start = performance.now();
    const ended = await sessions.endAll(owner);
    times.push((performance.now() - start) * 1000);
    requireAll(ended);
    await signIn(owner);
  }
  return times;
}

/** @param {string} owner */
async function signIn(owner) {
  for (let i = 0; i < SESSIONS_EACH; i++) {
    const name = randomUUID();
    await store.insert(keyOf(owner, name), sessionOf(owner, { name, now: Date.now() }));
  }
}

function anyOwner() {
  return ownerOf(Math.floor(Math.random() * owners));
}

/** Speed counts only where the work is done. @param {number} count */
function requireAll(count) {
  if (count !== SESSIONS_EACH) throw new Error(`an account had ${count} sessions, not ${SESSIONS_EACH}`);
}
