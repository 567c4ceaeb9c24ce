import { generateKey, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { account, type Routes } from '../harness/app.js';
import { SECOND } from '../harness/clock.js';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';

export const MINUTE: number = 60 * SECOND;

/** Where a session can live, as options say it; the deadlines are the same everywhere. */
export const KINDS: Readonly<Record<string, () => TestOptions>> = {
  'a signed cookie': () => ({}),
  'a sealed cookie': () => sealed(generateKey()),
  'a signed cookie that ends with the browser': () => ({ maxAge: 'session' }),
  'a cookie of its own encoding': () => ({
    encode: record => Buffer.from(JSON.stringify(record)).toString('hex'),
    decode: text => JSON.parse(Buffer.from(text, 'hex').toString()),
  }),
  'a koa-session store': () => ({ store: new RecordStore() }),
  'a koa-session store, until the browser ends': () => ({ store: new RecordStore(), maxAge: 'session' }),
  'a sojourn store': () => ({ store: memoryStore() }),
};

export const COOKIE_KINDS: readonly (readonly [string, () => TestOptions])[] = Object.entries(KINDS).filter(
  ([name]) => name.includes('cookie'),
);

/** Signs in and out, reads, and tells what is known of the session. */
export const site: Routes = {
  ...account,
  write: ctx => {
    ctx.session.page = String(ctx.query.page);
  },
  why: ctx => ({ user: ctx.session.user ?? null, ended: ctx.sessionInfo.ended?.reason ?? null }),
  times: ctx => {
    const { createdAt, lastSeenAt, expiresAt } = ctx.sessionInfo;
    return { createdAt, lastSeenAt, expiresAt };
  },
  touch: ctx => ctx.session.touch(),
  regenerate: ctx => ctx.session.regenerate(),
  anew: ctx => {
    ctx.session = { user: 'bob' };
  },
};

/** What the path `times` answers. */
export interface Times {
  readonly createdAt?: number;
  readonly lastSeenAt?: number;
  readonly expiresAt?: number;
}
