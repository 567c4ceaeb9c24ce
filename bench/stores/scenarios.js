/** What is measured of the stores: the scenarios, and the bars that the figures are held against. */
import { randomUUID } from 'node:crypto';

/** Some 200 bytes of JSON. */
export const account = {
  user: { id: 48151623, name: 'Ada Lovelace', email: 'ada@example.org', roles: ['editor', 'admin'] },
  views: 1,
  csrf: 'b3c1f1c0-5d0e-4a53-9f5e-0a4f2ad0c9f1',
  theme: 'dark',
  language: 'en-GB',
};

/** @typedef {Record<string, any>} Session */

/**
 * What an app does on each path. The session is asked for only where the app uses it; `overtake` sends another request
 * of the same session, which changes it, and waits for the answer.
 *
 * @type {Record<string, (session: () => Session, overtake: () => Promise<unknown>) => unknown>}
 */
export const routes = {
  '/sign-in': session => void Object.assign(session(), account),
  '/untouched': () => {},
  '/read': session => requireFound(session().user?.id === account.user.id),
  '/change': session => {
    const { views } = session();
    requireFound(typeof views === 'number');
    session().views = views + 1;
  },
  '/conflict': async (session, overtake) => {
    session().csrf = randomUUID();
    await overtake();
  },
};

/**
 * Speed counts only where the work is done.
 *
 * @param {boolean} isFound
 */
function requireFound(isFound) {
  if (!isFound) throw new Error('the session was not found');
}

/**
 * @typedef {object} Scenario
 * @property {string} title
 * @property {string} path
 * @property {boolean} [isStranger] no cookie is sent
 * @property {{ lazy?: boolean, rolling?: boolean }} [options] what the session middleware is given, as far as it knows them
 */

/** @type {Record<string, Scenario>} */
export const scenarios = {
  untouched: { title: 'untouched (lazy)', path: '/untouched', options: { lazy: true } },
  read: { title: 'read', path: '/read' },
  change: { title: 'read and change', path: '/change' },
  rolling: { title: 'rolling read', path: '/read', options: { rolling: true } },
  new: { title: 'new session', path: '/sign-in', isStranger: true },
};

/** Whom the ratios are taken to, and who has bars to meet. */
export const RIVAL = 'koa-session + koa-redis';
export const CANDIDATE = 'sojourn/redis';

/**
 * The least requests a second, as a multiple of the rival's in the same round, and the most commands a request.
 *
 * @type {Record<string, { ratio?: number, commands?: number }>}
 */
export const bars = {
  untouched: { commands: 0 },
  read: { ratio: 1.3, commands: 1 },
  change: { ratio: 1.3, commands: 2 },
  rolling: { commands: 2 },
};

/** The most round trips that a change costs beside its own because another request overtook it. */
export const CONFLICT_BAR = 2;
