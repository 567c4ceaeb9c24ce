import type { Context } from 'koa';
import { SessionOptionsError } from '../errors.js';
import type { Exchange } from './exchange.js';

/** Where a request's exchange is kept: shared by all copies of this file, so that a sub-app's copy can find it. */
function slotOf(property: string): symbol {
  const found = slots.get(property);
  if (found) return found;
  const slot = Symbol.for(`sojourn.current.${property}`);
  slots.set(property, slot);
  return slot;
}

/** Each request needs the symbol a few times, and the symbol registry is slow. */
const slots = new Map<string, symbol>();

/** Marks our accessors, whichever copy of this file made them. */
const OURS = Symbol.for('sojourn.accessor');

type Slots = Record<symbol, Exchange | undefined>;

/** The exchange that `ctx[property]` currently uses: the innermost middleware's. */
export function currentExchange(ctx: Context, property: string): Exchange | undefined {
  return (ctx as Slots)[slotOf(property)];
}

export function setCurrentExchange(ctx: Context, exchange: Exchange): void {
  (ctx as Slots)[slotOf(exchange.config.options.property)] = exchange;
}

/**
 * Defines the session on Koa's context: on the app's, so that it works before the middleware has run and can be mocked
 * there; or on a single request's, for a sub-app that runs on another app's context.
 */
export function defineOnContext(target: Context, property: string, open: (ctx: Context) => Exchange): void {
  const slot = slotOf(property);
  const at = (ctx: Context): Exchange => (ctx as Slots)[slot] ?? open(ctx);
  define(target, property, {
    get: ctx => at(ctx).session,
    set: (ctx, value) => {
      at(ctx).session = value;
    },
  });
  if (property !== 'session') return;
  define(target, 'sessionInfo', { get: ctx => at(ctx).info });
  define(target, 'sessionOptions', { get: ctx => at(ctx).ownOptions });
  define(target, 'loadSession', { get: ctx => () => at(ctx).loadSession() });
}

interface Accessor {
  get(ctx: Context): unknown;
  set?(ctx: Context, value: unknown): void;
}

function define(target: Context, name: string, { get, set }: Accessor): void {
  if (name in target) {
    requireFree(target, name);
    return;
  }
  const getter = function (this: Context): unknown {
    return isRequest(this) ? get(this) : undefined;
  };
  const setter = function (this: Context, value: unknown): void {
    if (isRequest(this)) {
      if (!set) throw new TypeError(`ctx.${name} cannot be assigned`);
      set(this, value);
    } else Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
  };
  Object.defineProperty(getter, OURS, { value: true });
  Object.defineProperty(target, name, { get: getter, set: setter, configurable: true });
}

/** `app.context` is the prototype of every request's context, not a request itself. */
function isRequest(ctx: Context): boolean {
  return (ctx as Partial<Context>).req !== undefined;
}

/** An existing member may be ours, or a test's mock; Koa's own members must not be hidden. */
function requireFree(target: Context, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  if (descriptor || OURS in (getterOf(target, name) ?? {})) return;
  throw new SessionOptionsError(
    `option \`property\`: Koa's context has a member \`${name}\` of its own; choose another name`,
  );
}

function getterOf(target: object, name: string): object | undefined {
  for (let holder = target; holder; holder = Object.getPrototypeOf(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, name);
    if (descriptor) return descriptor.get;
  }
  return undefined;
}
