import { generateKey, sealed } from 'sojourn';
import type { Routes } from '../harness/app.js';
import type { Answer, Browser } from '../harness/browser.js';
import type { TestOptions } from '../harness/visit.js';

/** An app whose sessions are as large as it is told. */
export const site: Routes = {
  fill: ctx => {
    ctx.session.text = 'x'.repeat(Number(ctx.query.size));
  },
  twice: async ctx => {
    ctx.session.text = 'x'.repeat(Number(ctx.query.first));
    await ctx.session.save();
    ctx.session.text = 'y'.repeat(Number(ctx.query.then));
  },
  fail: ctx => {
    ctx.session.text = 'x'.repeat(4000);
    ctx.throw(418);
  },
  logout: ctx => {
    ctx.session = null;
  },
  read: ctx => `${ctx.session.isNew ? 'new' : 'known'} ${String(ctx.session.text ?? '').length}`,
};

export const KEY: string = generateKey();

/** The cookies that can be cut into chunks. */
export const MODES: Record<string, TestOptions> = {
  'a signed cookie': {},
  'an unsigned cookie': { signed: false },
  'a signed cookie that has deadlines': { idleTimeout: 3_600_000, absoluteTimeout: 7_200_000 },
  'a sealed cookie': { ...sealed(KEY) },
  'a sealed cookie that is signed too': { ...sealed(KEY), signed: true },
  'a sealed cookie where plain ones are accepted': { ...sealed(KEY, { acceptPlain: true }) },
};

/** The main cookie of a session in chunks. */
export const CHUNKED: RegExp = /^~1\.(\d+)\.[\w-]{43}$/;

export const namesOf = ({ cookies }: Answer): string[] => cookies.map(({ name }) => name);

/** The cookies that a response sets, and those that it clears. */
export const setOf = ({ cookies }: Answer): string[] =>
  cookies.filter(({ expiresAt }) => expiresAt !== 0).map(({ name }) => name);
export const clearedOf = ({ cookies }: Answer): string[] =>
  cookies.filter(({ expiresAt }) => expiresAt === 0).map(({ name }) => name);

/** The names of the chunks that a browser would send. */
export const chunksOf = ({ cookieHeader }: Browser): string[] =>
  [...cookieHeader.matchAll(/koa\.sess\.\d+(?==)/g)].map(([name]) => name);
