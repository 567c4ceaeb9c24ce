/** Who is measured: each makes what answers a request of its own server, and imports what it needs for that. */
import Koa from 'koa';
import { CANDIDATE, RIVAL, routes } from './scenarios.js';

const DAY = 86_400_000;
const SECRET = 'a secret of some ordinary length';

/**
 * @typedef {object} Entrant
 * @property {import('node:http').RequestListener} answer
 * @property {() => number} [statements] how many its store has sent; Redis counts for itself
 * @property {() => Promise<void>} remove deletes what it kept
 *
 * @typedef {object} Task
 * @property {string} contestant
 * @property {string} name a safe name for a table of its own
 * @property {number} redisPort
 * @property {import('./scenarios.js').Scenario} scenario
 */

/** @type {Record<string, (task: Task) => Promise<Entrant>>} */
export const contestants = {
  'Koa alone': async () => ({ answer: koaApp().callback(), remove: async () => {} }),
  [RIVAL]: koaSessionWithKoaRedis,
  'express-session + connect-redis': expressSessionWithConnectRedis,
  [CANDIDATE]: sojourn('redis'),
  'sojourn/sqlite': sojourn('sqlite'),
  'sojourn/postgres': sojourn('postgres'),
  'sojourn/mysql': sojourn('mysql'),
};

/** @param {(app: Koa) => Koa.Middleware} [install] */
function koaApp(install) {
  const app = new Koa();
  app.keys = [SECRET];
  if (install) app.use(install(app));
  app.use(async ctx => {
    // A lazy session must be fetched before it is given something to hold.
    if (ctx.path === '/sign-in' && ctx.sessionOptions?.lazy) await ctx.loadSession?.();
    if (install)
      await routes[ctx.path]?.(
        () => ctx.session,
        () => overtake(ctx),
      );
    ctx.body = 'ok';
  });
  return app;
}

/**
 * Another request of the same session changes it, from its beginning to its end.
 *
 * @param {Koa.Context} ctx
 */
async function overtake({ req, headers: { cookie = '' } }) {
  const response = await fetch(`http://127.0.0.1:${req.socket.localPort}/change`, { headers: { cookie } });
  if (!response.ok) throw new Error(`status ${response.status}`);
}

/** @param {string} database */
function sojourn(database) {
  return async (/** @type {Task} */ { scenario, ...where }) => {
    const { default: session } = await import('sojourn');
    const { databases } = await import('./databases.js');
    const { store, statements, remove } = await databases[database](where);
    const app = koaApp(koa => session(koa, { store, maxAge: DAY, ...scenario.options }));
    return { answer: app.callback(), statements, remove };
  };
}

/** @param {Task} task */
async function koaSessionWithKoaRedis({ redisPort, scenario }) {
  const { default: koaSession } = await import('koa-session');
  const { default: koaRedis } = await import('koa-redis');
  const { Redis } = await import('ioredis');
  const client = new Redis(redisPort);
  const store = koaRedis({ client });
  const app = koaApp(koa => koaSession({ store, maxAge: DAY, ...scenario.options }, koa));
  return { answer: app.callback(), remove: async () => client.disconnect() };
}

/**
 * On Node's own server, without Express: less work than Koa does, in its favour.
 *
 * @param {Task} task
 */
async function expressSessionWithConnectRedis({ redisPort, scenario }) {
  const { default: expressSession } = await import('express-session');
  const { RedisStore } = await import('connect-redis');
  const { createClient } = await import('redis');
  const client = await createClient({ url: `redis://127.0.0.1:${redisPort}` }).connect();
  const middleware = expressSession({
    store: new RedisStore({ client }),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: DAY },
    rolling: scenario.options?.rolling ?? false,
  });
  /** @type {import('node:http').RequestListener} */
  const answer = (req, res) => {
    middleware(/** @type {any} */ (req), /** @type {any} */ (res), error => {
      if (error) throw error;
      void routes[req.url ?? '']?.(
        () => /** @type {any} */ (req).session,
        async () => {},
      );
      res.setHeader('Content-Length', 2);
      res.end('ok');
    });
  };
  return { answer, remove: async () => client.destroy() };
}
