import type { LimitedCall, Placement, SessionLimit, StoredSession, VersionedCall } from '../store.js';
import type { Database } from './database.js';
import type { Steps } from './driver.js';
import { endEach, lockOwner, ownedSessions } from './owned.js';
import { checkLength, leftBy, writtenBy } from './row.js';
import { bind, type Parameters } from './statement.js';
import type { Statements } from './statements.js';

/** A session to be put under a key: a new one, or one from another key. */
export interface Placing {
  readonly key: string;
  readonly session: StoredSession;
  /** The key that it leaves. */
  readonly from?: string;
  readonly call: LimitedCall & Partial<VersionedCall>;
}

/** `insert` and `move`. */
export async function place(database: Database, placing: Placing): Promise<Placement> {
  const now = database.timeOf(placing.call);
  const parameters = parametersOf(placing, now);
  const placement = await tryToPlace(database, placing, parameters);
  if (placement.placed || placement.because !== 'taken') return placement;
  // An expired tombstone counts as nothing, even if it is still there.
  const { clear } = database.statements;
  const { changes } = await database.run(clear, { key: placing.key, now }, placing.call);
  return changes > 0 ? tryToPlace(database, placing, parameters) : placement;
}

const TAKEN: Placement = { placed: false, because: 'taken' };
const STALE: Placement = { placed: false, because: 'stale' };
const LIMIT: Placement = { placed: false, because: 'limit' };
const PLACED: Placement = { placed: true, displaced: [] };

/** Thrown to roll back steps and return a placement. */
class Undone extends Error {
  readonly placement: Placement;

  constructor(placement: Placement) {
    super();
    this.placement = placement;
  }
}

/** @throws RangeError for a value that is longer than its column. */
function parametersOf({ key, from, session, call }: Placing, now: number): Parameters {
  checkLength('key', key);
  return { key, from: from ?? null, expected: call.version ?? null, now, ...writtenBy(session) };
}

async function tryToPlace(
  database: Database,
  { from, session, call }: Placing,
  parameters: Parameters,
): Promise<Placement> {
  const { statements } = database;
  const steps = () => (from === undefined ? insertSteps : moveSteps)(statements, parameters);
  const isSingle = from === undefined || statements.move !== undefined;
  try {
    const { limit } = call;
    if (limit && session.owner !== null) {
      return await database.transaction(() => limitedSteps(steps(), limit, { statements, parameters }), call);
    }
    return await (isSingle ? database.single(steps, call) : database.transaction(steps, call));
  } catch (error) {
    if (error instanceof Undone) return error.placement;
    if (database.isDuplicate(error)) return TAKEN;
    throw error;
  }
}

function* insertSteps({ insert }: Statements, parameters: Parameters): Steps<Placement> {
  const { changes } = yield bind(insert, parameters);
  return changes > 0 ? PLACED : TAKEN;
}

function* moveSteps(statements: Statements, parameters: Parameters): Steps<Placement> {
  const { move, lock, rename, leaveRotated } = statements;
  if (move) return (yield bind(move, parameters)).changes > 0 ? PLACED : STALE;
  const [row] = (yield bind(lock, parameters)).rows;
  if (!row) return STALE;
  // The row itself gets the new key, so that its row name still leads to the session.
  yield bind(rename, parameters);
  // Not in the statement: MySQL writes its texts in the connection's character set.
  yield bind(leaveRotated, { ...parameters, ...leftBy(row), reason: 'rotated' });
  return PLACED;
}

/**
 * Runs these steps within the limit. Surplus sessions end first, although failing steps then undo that: while holding
 * the new key's locks, InnoDB must not wait for those of other sessions.
 */
function* limitedSteps(
  steps: Steps<Placement>,
  { limit, policy }: SessionLimit,
  { statements, parameters }: { statements: Statements; parameters: Parameters },
): Steps<Placement> {
  yield* lockOwner(statements, parameters);
  const owned = yield* ownedSessions(statements, parameters);
  const surplus = owned.filter(({ key }) => key !== parameters.from).slice(limit - 1);
  const displaced =
    policy === 'refuse' ? [] : yield* endEach(statements, surplus, { ...parameters, reason: 'displaced' });
  const placement = yield* steps;
  if (!placement.placed) throw new Undone(placement);
  if (policy === 'refuse' && surplus.length > 0) throw new Undone(LIMIT);
  return { placed: true, displaced };
}
