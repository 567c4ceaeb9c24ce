import type { Context } from 'koa';
import type { Operation } from './step.js';

/** What both packages put on `ctx`. */
interface AnySession extends Record<string, unknown> {
  readonly isNew: boolean;
  readonly length: number;
  readonly populated: boolean;
  maxAge: unknown;
  readonly externalKey: string | undefined;
  save(): Promise<void>;
  regenerate(): Promise<void>;
  manuallyCommit(): Promise<void>;
}

interface AnyContext {
  session: AnySession | null;
  readonly sessionOptions: Record<string, unknown>;
}

/** Carries the app's operations out one by one; what each of them shows is told to `observe`. */
export async function perform(
  ctx: Context,
  operations: readonly Operation[],
  observe: (seen: unknown) => void,
): Promise<void> {
  for (const operation of operations) observe(await carryOut(ctx as unknown as AnyContext, operation));
}

async function carryOut(ctx: AnyContext, operation: Operation): Promise<unknown> {
  switch (operation.does) {
    case 'nothing':
      return undefined;
    case 'throw':
      throw Object.assign(new Error('the app failed'), { status: operation.status, expose: false });
    case 'option':
      ctx.sessionOptions[operation.name] = operation.value;
      return undefined;
    case 'assign':
      ctx.session = operation.value as AnySession;
      return undefined;
    case 'replace':
      ctx.session = structuredClone(operation.data) as AnySession;
      return undefined;
    case 'end':
      ctx.session = null;
      return undefined;
    default:
      return ctx.session === null ? 'null' : use(ctx, ctx.session, operation);
  }
}

type Use = Exclude<Operation, { does: 'nothing' | 'throw' | 'option' | 'assign' | 'replace' | 'end' }>;

async function use(ctx: AnyContext, session: AnySession, operation: Use): Promise<unknown> {
  switch (operation.does) {
    case 'read':
      return undefined;
    case 'look':
      return describe(session);
    case 'key':
      return session.externalKey ?? 'none';
    case 'set':
      session[operation.name] = structuredClone(operation.value);
      return undefined;
    case 'nest':
      return nest(session[operation.name], operation.value);
    case 'delete':
      delete session[operation.name];
      return undefined;
    case 'empty':
      for (const name of Object.keys(JSON.parse(JSON.stringify(session)))) delete session[name];
      return undefined;
    case 'respread':
      ctx.session = { ...JSON.parse(JSON.stringify(session)) };
      return undefined;
    case 'maxAge':
      session.maxAge = operation.value;
      return undefined;
    default:
      await (session[operation.does] as () => Promise<void>)();
      return undefined;
  }
}

function describe(session: AnySession): unknown {
  const { isNew, length, populated, maxAge = 'undefined' } = session;
  return { data: JSON.parse(JSON.stringify(session)), isNew, length, populated, maxAge };
}

/** A change below the top level, in place. */
function nest(holder: unknown, value: unknown): string {
  if (Array.isArray(holder)) return `pushed ${holder.push(value)}`;
  if (typeof holder !== 'object' || holder === null) return 'nothing to change';
  (holder as Record<string, unknown>).nested = value;
  return 'changed';
}
