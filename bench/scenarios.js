/** What is measured: the scenarios, the modes they run in, and the bars that the ratios are held against. */

const account = {
  user: { id: 48151623, name: 'Ada Lovelace', email: 'ada@example.org', roles: ['editor', 'admin'] },
  views: 1,
  csrf: 'b3c1f1c0-5d0e-4a53-9f5e-0a4f2ad0c9f1',
  theme: 'dark',
  language: 'en-GB',
};

const cart = {
  ...account,
  cart: Array.from({ length: 26 }, (_, line) => ({
    sku: `SKU-${1000 + line}`,
    title: `Article number ${line} of the catalogue`,
    quantity: 1 + (line % 3),
    price: 19.5 + line,
  })),
};

/**
 * @typedef {import('koa').Context} Context
 * @typedef {object} Scenario
 * @property {string} title
 * @property {object} [data] what the session holds that the request's cookie stands for; without it no cookie is sent
 * @property {object} [options] what the session middleware is given besides the mode's options
 * @property {(ctx: Context) => void} handle what the app does with the session
 * @property {boolean} [saves] whether a request must end in a saved session
 * @property {string} [mode] the only mode that it makes sense in
 */

/** @param {Context} ctx */
function ignore(ctx) {
  ctx.body = 'ok';
}

/** @param {Context} ctx */
function read(ctx) {
  if (ctx.session.user.id !== account.user.id) throw new Error('the session was not found');
  ctx.body = 'ok';
}

/** @param {Context} ctx */
function change(ctx) {
  ctx.session.views += 1;
  if (!(ctx.session.views > 1)) throw new Error('the session was not found');
  ctx.body = 'ok';
}

/** @param {object} data */
export function logIn(data) {
  return (/** @type {Context} */ ctx) => {
    Object.assign(ctx.session, data);
    ctx.body = 'ok';
  };
}

/** @type {Record<string, Scenario>} */
export const scenarios = {
  S0: { title: 'untouched, no cookie', handle: ignore },
  S1: { title: 'untouched, valid cookie', data: account, handle: ignore },
  S1L: { title: 'untouched, lazy', data: account, options: { lazy: true }, handle: ignore, mode: 'store' },
  S2: { title: 'read 200 B', data: account, handle: read },
  S3: { title: 'change 200 B', data: account, handle: change, saves: true },
  S4: { title: 'change 2.5 KB', data: cart, handle: change, saves: true },
  S5: { title: 'new session', handle: logIn(account), saves: true },
  S6: { title: 'rolling, read', data: account, options: { rolling: true }, handle: read, saves: true },
};

/** The app without any session does this in every scenario. */
export const withoutSession = ignore;

/** @type {Record<string, { signed: boolean, stored: boolean }>} */
export const modes = {
  signed: { signed: true, stored: false },
  unsigned: { signed: false, stored: false },
  store: { signed: true, stored: true },
};

/**
 * The highest ratio sojourn / koa-session that is good enough, of time and of bytes, and the most store calls
 * that sojourn may make in a request.
 *
 * @typedef {{ time?: number, bytes?: number, storeCalls?: number }} Bar
 *
 * @type {Record<string, Record<string, Bar>>}
 */
export const bars = {
  signed: {
    S2: { time: 0.4 },
    S3: { time: 0.45, bytes: 0.5 },
    S4: { time: 0.5 },
    S5: { time: 0.6 },
    S6: { time: 0.45 },
  },
  unsigned: { S3: { bytes: 0.5 } },
  store: {
    S1L: { storeCalls: 0 },
    S2: { time: 0.35 },
    S3: { time: 0.35, bytes: 0.5 },
    S4: { time: 0.45 },
  },
};
