import { tracingChannel } from 'node:diagnostics_channel';
import { types } from 'node:util';
import type { Context } from 'koa';

/** A Koa app, whatever the types of its state and its context. */
// biome-ignore lint/suspicious/noExplicitAny: Koa's own defaults are any, and a type of the app's must fit
export type KoaApp = import('koa')<any, any>;

/** koa-session's events. They carry the key, for compatibility: never log it. */
export interface KoaSessionEvent {
  readonly key: string | undefined;
  readonly value: unknown;
  readonly ctx: Context;
}

/** Our events: they carry no key. */
export interface SessionEvent {
  readonly handle: string | undefined;
  /** The request; undefined for what is done outside one. */
  readonly ctx: Context | undefined;
  /** Why; absent for `session:error`. */
  readonly reason?: string;
  /** For `session:error`: what could not be thrown, or a response that will not work as intended. */
  readonly error?: unknown;
}

type KoaSessionEventName = 'session:missed' | 'session:invalid' | 'session:expired';
type SessionEventName =
  | 'session:created'
  | 'session:saved'
  | 'session:rotated'
  | 'session:ended'
  | 'session:conflict'
  | 'session:tampered'
  | 'session:error';

export function emitKoaEvent(name: KoaSessionEventName, event: KoaSessionEvent): void {
  emit(event.ctx.app, name, event);
}

export function emitEvent(name: SessionEventName, event: SessionEvent & { readonly ctx: Context }): void {
  emit(event.ctx.app, name, event);
}

/** Tells the app what was done outside a request. */
export function emitOutside(
  app: KoaApp,
  name: 'session:ended' | 'session:error',
  event: Omit<SessionEvent, 'ctx'>,
): void {
  emit(app, name, { ...event, ctx: undefined });
}

/** A listener's failure becomes the app's `error`, never the request's. */
function emit(app: KoaApp, name: string, event: { readonly ctx: Context | undefined }): void {
  try {
    app.emit(name, event);
  } catch (thrown) {
    // Koa's own listener takes errors alone.
    const isError = thrown instanceof Error || types.isNativeError(thrown);
    const error = isError ? thrown : new Error(`a listener of ${name} threw no error`, { cause: thrown });
    tellError(app, error, event.ctx);
  }
}

/** An app has no `error` listener before its `callback()` is called, and one may throw, too. */
function tellError(app: KoaApp, error: unknown, ctx: Context | undefined): void {
  try {
    app.emit('error', error, ctx);
  } catch (unheard) {
    process.emitWarning(`a listener of a session's event failed: ${(unheard as Error)?.message}`, {
      type: 'SessionWarning',
      code: 'SOJOURN_LISTENER',
    });
  }
}

/** What a subscriber of the tracing channels sees; all but `ctx` is set by the end. */
export interface SessionTrace {
  readonly ctx: Context;
  outcome?: string;
  reason?: string;
  /** What a failed step threw. */
  error?: unknown;
}

const channels = { load: tracingChannel('sojourn:load'), commit: tracingChannel('sojourn:commit') };

/** True if there are subscribers; tracing costs nothing otherwise. */
export function isTraced(step: 'load' | 'commit'): boolean {
  return channels[step].hasSubscribers;
}

/** Runs a step that may be synchronous, between its channel's start and end. */
export function trace<T>(step: 'load' | 'commit', context: SessionTrace, run: () => T): T {
  const channel = channels[step];
  let result!: T;
  // The channel would publish the step's return value, which contains the key.
  channel.traceSync(() => {
    result = run();
  }, context);
  if (!(result instanceof Promise)) return result;
  const settle = () => {
    channel.asyncStart.publish(context);
    channel.asyncEnd.publish(context);
  };
  const failed = (error: unknown): never => {
    channel.error.publish(Object.assign(context, { error }));
    throw error;
  };
  return result.catch(failed).finally(settle) as T;
}
