// Data by type argument: for an app, and for a second session beside the first.
import Koa from 'koa';
import session, { type Session, type SessionManager } from 'sojourn';

interface Cart {
  items?: string[];
  /** The data win over a member of the same name. */
  save?: boolean;
}

const app = new Koa();
const sessions: SessionManager<Cart> = session<Cart>(app, {
  property: 'cart',
  valid: (_ctx, data) => data.items !== undefined,
  beforeSave: (_ctx, current) => {
    current.items = [];
    // @ts-expect-error Not in the cart.
    current.pears = 1;
  },
});

const typed = app.use(session<Cart>(app));
typed.use(ctx => {
  const items: string[] | undefined = ctx.session.items;
  ctx.session.items = ['pear'];
  ctx.session = { items: ['pear'] };
  ctx.session = null;
  const saved: boolean | undefined = ctx.session.save;
  // @ts-expect-error Declared with another type.
  ctx.session.items = 'pear';
  const updated: Promise<boolean> = ctx.session.update(data => {
    data.items?.push('pear');
    data.views = 1;
    // @ts-expect-error Not in the cart.
    data.pears = 1;
    // @ts-expect-error A member, and no data.
    data.regenerate();
  });
  const shown: string[] | undefined = ctx.session.toJSON().items;
  const loading: Promise<string[] | undefined> = ctx.loadSession().then(loaded => loaded.items);
  // @ts-expect-error Not in the cart.
  ctx.session.pears;
  return [items, saved, updated, shown, loading];
});

app.use(async ctx => {
  const of = sessions.of(ctx);
  const cart: Session<Cart> | null = of.session;
  const loaded: Session<Cart> | null = await of.load();
  of.options.rolling = true;
  if (cart === null || loaded === null) return [];
  // @ts-expect-error Not in the cart.
  cart.pears;
  return [cart.items, loaded.items, of.info.available, of.options.key];
});

// @ts-expect-error Data are an object.
session<string>(app);

// An app that types its own state and context.
const own = new Koa<{ user?: string }, { db: { query(text: string): unknown } }>();
own.use(session(own));
own.use(session<Cart>(own, { property: 'cart' }));
own.use(ctx => [ctx.state.user, ctx.db.query('select 1'), ctx.session.views]);

// Data that are one of several shapes, and data with the name of a member.
type Visitor = { kind: 'guest' } | { kind: 'member'; id: string };
declare const visitor: Session<Visitor>;
void visitor.update(data => (data.kind === 'member' ? data.id : undefined));
declare const measured: Session<{ length: number; size?: string }>;
const length: number = measured.toJSON().length;
void length;

// Data of any name, as an app has that comes from untyped sessions: the members are typed all the same.
declare const open: Session<{ [name: string]: unknown; views?: number }>;
open.anything = { at: 'all' };
const saving: Promise<void> = open.save();
const changing: Promise<boolean> = open.update(data => {
  data.views = (data.views ?? 0) + 1;
  data.anything = data.views;
});
const isNew: boolean = open.isNew;
open.maxAge = 'session';
const anything: unknown = open.toJSON().anything;
void [saving, changing, isNew, anything];
// biome-ignore lint/suspicious/noExplicitAny: the data of an app that has no types for them yet
declare const loose: Session<{ [name: string]: any }>;
void loose.update(data => data.user.views++);
const path: string = loose.user.path;
void path;
