import type { Context } from 'koa';
import { type Awaitable, isThenable, whenReady } from '../awaitable.js';
import type { Presented, Reading } from '../credential/credential.js';
import type { Config } from '../options/config.js';
import type { LoadedSession, LoadResult, RefusedSession } from '../persistence/loaded-session.js';
import type { Scope } from '../persistence/persistence.js';
import { emitEvent, emitKoaEvent, isTraced, type SessionTrace, trace } from './events.js';
import { checkLoaded } from './fit.js';

/** What a request's credential led to. */
export interface Arrival {
  /** The authentic credential that the client presented. */
  readonly presented: Presented | undefined;
  readonly loaded: LoadedSession | undefined;
  readonly refused: RefusedSession | undefined;
}

/** No credential, and so no session. */
export const NOTHING: Arrival = { presented: undefined, loaded: undefined, refused: undefined };
const TAMPERED: Arrival = { ...NOTHING, refused: { refused: 'tampered' } };

/** The request whose session is loaded. */
export interface Visit extends Scope {
  readonly config: Config;
  readonly ctx: Context;
}

/** What is left to try when a candidate is refused, and what the first refusal was. */
interface Fallback {
  readonly refusal: Arrival;
  readonly candidates: readonly Presented[];
}

/** Reads the credential and loads its session: at once for a cookie session, else as a promise. */
export function loadPresented(visit: Visit): Awaitable<Arrival> {
  return isTraced('load') ? loadTraced(visit) : loadUntraced(visit);
}

function loadTraced(visit: Visit): Awaitable<Arrival> {
  const context: SessionTrace = { ctx: visit.ctx };
  return trace('load', context, () =>
    whenReady(loadUntraced(visit), arrival => {
      context.outcome = arrival.loaded ? 'loaded' : 'none';
      context.reason = arrival.refused?.refused ?? (arrival.loaded ? 'loaded' : 'absent');
      return arrival;
    }),
  );
}

function loadUntraced(visit: Visit): Awaitable<Arrival> {
  const reading = visit.config.credential.read(visit.ctx);
  return isThenable(reading) ? reading.then(read => loadRead(read, visit)) : loadRead(reading, visit);
}

function loadRead(reading: Reading, visit: Visit): Awaitable<Arrival> {
  if (reading === 'absent') return NOTHING;
  if (reading !== 'tampered') return tryCandidate(reading, visit);
  emitEvent('session:tampered', { handle: undefined, ctx: visit.ctx, reason: 'tampered' });
  return TAMPERED;
}

function tryCandidate(presented: Presented, visit: Visit, fallback?: Fallback): Awaitable<Arrival> {
  const loading = visit.config.persistence.load(presented.value, visit);
  return isThenable(loading)
    ? loading.then(loaded => validate(presented, loaded, visit, fallback))
    : validate(presented, loading, visit, fallback);
}

function validate(
  presented: Presented,
  loading: LoadResult,
  visit: Visit,
  fallback?: Fallback,
): Awaitable<Arrival> {
  const { migrate, schema, valid } = visit.config.options;
  if (loading.refused !== undefined) return refuse(presented, loading, visit, fallback);
  if (migrate || schema || valid || visit.config.persistence.admit)
    return validateFurther(presented, loading, visit, fallback);
  return { presented, loaded: loading, refused: undefined };
}

function validateFurther(
  presented: Presented,
  loading: LoadedSession,
  visit: Visit,
  fallback?: Fallback,
): Awaitable<Arrival> {
  return whenReady(accepted(loading, visit), loaded =>
    loaded.refused === undefined
      ? { presented, loaded, refused: undefined }
      : refuse(presented, loaded, visit, fallback),
  );
}

/** The session as the app will see it, unless it was ended or the app's own options refuse it. */
function accepted(loading: LoadedSession, visit: Visit): Awaitable<LoadResult> {
  const { config, ctx } = visit;
  const { valid } = config.options;
  const invalid: RefusedSession = { refused: 'invalid', value: loading.value };
  return whenReady(checkLoaded(loading, config), current => {
    if (!current) return invalid;
    return whenReady(config.persistence.admit?.(current, visit) ?? current, (loaded: LoadResult) => {
      if (loaded.refused !== undefined || !valid) return loaded;
      return whenReady(valid(ctx, loaded.value as never), isValid => (isValid ? loaded : invalid));
    });
  });
}

/** Loads a session again, to learn what its credential stands for now: the app's `valid` is not asked again. */
export async function loadAgain(credential: string, visit: Visit): Promise<LoadResult> {
  const { persistence } = visit.config;
  const loading = await persistence.load(credential, visit);
  if (loading.refused !== undefined || !persistence.admit) return loading;
  const current = await checkLoaded(loading, visit.config);
  return current ? persistence.admit(current, visit) : { refused: 'invalid' };
}

/** A client may present several cookies of one name: the first that stands for a session counts. */
function refuse(
  presented: Presented,
  refused: RefusedSession,
  visit: Visit,
  fallback?: Fallback,
): Awaitable<Arrival> {
  announce(presented, refused, visit);
  const refusal = fallback?.refusal ?? { presented, loaded: undefined, refused };
  const [next, ...candidates] = fallback?.candidates ?? othersThan(presented, visit);
  return next ? tryCandidate(next, visit, { refusal, candidates }) : refusal;
}

function othersThan({ value }: Presented, { config, ctx }: Visit): Presented[] {
  return config.credential.others(ctx).filter(other => other.value !== value);
}

/** Refusals with their own koa-session event; it would have called all others, as of ended sessions, missed. */
const KOA_EVENTS = new Map<string, 'session:expired' | 'session:invalid'>([
  ['expired', 'session:expired'],
  ['idle', 'session:expired'],
  ['absolute', 'session:expired'],
  ['invalid', 'session:invalid'],
]);

function announce(presented: Presented, { refused, value }: RefusedSession, { config, ctx }: Visit): void {
  const key = config.persistence.keys ? presented.value : undefined;
  if (refused === 'tampered') {
    emitEvent('session:tampered', { handle: undefined, ctx, reason: refused });
  } else if (refused !== 'malformed') {
    emitKoaEvent(KOA_EVENTS.get(refused) ?? 'session:missed', { key, value, ctx });
  } else if (key !== undefined) {
    const error = new TypeError('the store holds a record of another shape');
    emitEvent('session:error', { handle: undefined, ctx, error });
  }
}
