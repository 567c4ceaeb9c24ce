// The options: impossible ones do not compile.
import Koa from 'koa';
import session, { type Codec, type KoaSessionStore, type SessionOptions, type SessionStore } from 'sojourn';

const app = new Koa();

const inOptions: SessionOptions = {
  key: 'app',
  maxAge: 1000,
  autoCommit: true,
  overwrite: true,
  httpOnly: true,
  signed: true,
  rolling: false,
  renew: true,
  sameSite: 'lax',
  secure: 'auto',
  externalKey: { get: ctx => ctx.get('x-session'), set: (ctx, key) => ctx.set('x-session', key) },
  genid: async ctx => ctx.ip,
  valid: (ctx, data) => ctx.secure && data.user !== undefined,
  migrate: (data: { seen?: number }) => ({ views: data.seen ?? 0 }),
  beforeSave: async (_ctx, current) => {
    current.views = 0;
  },
  skip: ctx => ctx.path.startsWith('/static/'),
  oversize: { chunk: 8000 },
  clock: () => 0,
};
session(app, inOptions);
session(app, {
  schema: { '~standard': { version: 1, vendor: 'own', validate: value => ({ value }) } },
  migrate: data => {
    data.views ??= 0;
  },
});
session(app, Object.freeze({ maxAge: 'session' as const }));

const sessions = session(app, {
  owner: data => data.user?.id,
  maxSessions: { limit: 3, policy: 'refuse' },
  device: ctx => ctx.ip,
});
session(app, { owner: ({ views }) => BigInt(views ?? 0), maxSessions: 1 });
const page = await sessions.list(7, { limit: 10, after: undefined });
const next: string | undefined = page.next;
const ended: number = await sessions.endAll('ann', { except: [page[0]?.handle, null], reason: 'revoked' });
for await (const { handle, owner } of sessions.all()) {
  await sessions.end(handle, owner === undefined ? {} : { owner });
  // @ts-expect-error A visitor who is not signed in has no account.
  await sessions.end(handle, { owner: undefined });
}
void [next, ended];

// @ts-expect-error Not an account.
session(app, { owner: data => data.user !== undefined });
// @ts-expect-error No such policy.
session(app, { maxSessions: { limit: 1, policy: 'end-newest' } });
// @ts-expect-error Nobody's sessions are not one account's.
void sessions.list(undefined);
// @ts-expect-error No such option.
session(app, { maxAgee: 1000 });
// @ts-expect-error A number of ms, or 'session'.
session(app, { maxAge: '1d' });
// @ts-expect-error No such value.
session(app, { sameSite: 'sometimes' });
// @ts-expect-error A store has methods.
session(app, { store: {} });
// @ts-expect-error `set` is missing.
session(app, { externalKey: { get: () => 'key' } });
// @ts-expect-error Milliseconds.
session(app, { storeTimeout: '5s' });
// @ts-expect-error Data are an object.
session(app, { migrate: () => 'data' });
// @ts-expect-error No Standard Schema.
session(app, { schema: { parse: () => ({}) } });
// @ts-expect-error No such policy.
session(app, { onStoreFailure: 'ignore' });
session(app, { oversize: 'chunk' });
// @ts-expect-error Bytes.
session(app, { oversize: { chunk: '7 KB' } });

/** koa-session's three methods. */
const kept = new Map<string, object>();
const koaStore: KoaSessionStore = {
  get: async key => kept.get(key),
  set: async (key, record, maxAge: number) => void kept.set(key, { ...record, maxAge }),
  destroy: key => kept.delete(key),
};
session(app, { store: koaStore });
session(app, {
  store: {
    get: (key, _maxAge, { ctx }) => kept.get(`${ctx.state.tenant}:${key}`),
    set: (key, record, _maxAge, { ctx }) => void kept.set(`${ctx.state.tenant}:${key}`, record),
    destroy: (key, { ctx }) => kept.delete(`${ctx.state.tenant}:${key}`),
  },
});
class TenantStore {
  get = async (key: string, _maxAge: number, { ctx }: { ctx: Koa.Context }) => kept.get(ctx.host + key);
  async set(key: string, record: object, _maxAge: number, { ctx }: { changed?: boolean; ctx?: Koa.Context }) {
    kept.set(`${ctx?.host}${key}`, record);
  }
  destroy = (key: string, { ctx }: { ctx: Koa.Context }) => kept.delete(ctx.host + key);
}
session(app, { store: new TenantStore() });
// @ts-expect-error Only a sojourn store can remember what was ended.
session(app, { revocations: koaStore });
session(app, {
  ContextStore: class {
    get = koaStore.get;
    set = koaStore.set;
    destroy = koaStore.destroy;
  },
});

export function ours(store: SessionStore, codec: Codec): void {
  session(app, { store, encode: codec.encode, decode: codec.decode });
  session(app, { revocations: store });
}
