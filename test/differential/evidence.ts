import { crc32 } from 'node:zlib';
import type { Described } from './describe.js';
import type { Round } from './duel.js';
import { type Expectation, expect } from './expectation.js';
import { COOKIE, isInCookie, MINUTE, SAVED_LIST } from './mode.js';
import { dataOf, type Fields, isCall, isDestroyed, isSame, recordIn } from './reading.js';
import type { Call } from './recording-store.js';
import type { Operation } from './step.js';

/** What a step was about, and what became of it in the two packages. */

type Word = Operation['does'];

const WITHOUT_SESSION = new Set<Word>(['nothing', 'throw', 'option']);

const COMMITS = ['save', 'regenerate', 'manuallyCommit'] as const;

/** The operations that were carried out, or at least begun, by either package. */
export function begun({ step, koa, ours }: Round): readonly Operation[] {
  return step.operations.slice(0, Math.max(koa.seen.length, ours.seen.length) + 1);
}

/** What the operations come to by the book. */
export function expectation(round: Round): Expectation {
  const { step, ours, found, mode } = round;
  return expect(step.operations.slice(0, ours.seen.length + 1), found, mode);
}

export function did(round: Round, ...words: Word[]): boolean {
  return begun(round).some(({ does }) => words.includes(does));
}

/** The app looked at its session, or changed it. */
export function isUsed(round: Round): boolean {
  return round.step.isEarly === true || begun(round).some(({ does }) => !WITHOUT_SESSION.has(does));
}

/** The app itself committed, so that koa-session commits twice. */
export function isCommittedByApp(round: Round): boolean {
  return did(round, ...COMMITS);
}

export function isStored({ mode }: Round): boolean {
  return !isInCookie(mode);
}

/** Every `changed` of sojourn's is right: false where the store held these very data under this key. */
export function isEveryFlagTrue({ mode, step, found, ours }: Round): boolean {
  const held = new Map<string | undefined, unknown>();
  if (found.is === 'live') held.set(found.key, dataOf(found.record));
  return ours.calls
    .filter(call => isCall(call, 'set'))
    .every(({ key, record, changed }) => {
      const isHeld = isSame(held.get(key), dataOf(record));
      if (step.failing !== 'set') held.set(key, dataOf(record));
      // A change of the app's may be undone by `beforeSave`.
      return changed === !isHeld || (changed === true && mode.hasBeforeSave === true);
    });
}

/** sojourn destroyed this key. */
export function isDead(key: unknown, { ours }: Round): boolean {
  return isDestroyed(key, ours);
}

/** sojourn kept a record under this key. */
export function isKept(key: unknown, { ours }: Round): boolean {
  return ours.calls.some(call => isCall(call, 'set') && call.key === key);
}

/** What one package did for the old key, or the other for the old and the new. */
export function isOfOtherKey(koa: unknown, ours: unknown, round: Round): boolean {
  const { call, key } = (koa ?? ours) as Call;
  if (koa !== undefined) return ours === undefined && /set$/.test(call) && isDead(key, round);
  return call === 'destroy' ? isDead(key, round) : /set$/.test(call) && isKept(key, round);
}

/** The data that a package saved, one after the other: in a store, or else in cookies. */
function allSavedData({ calls, dropped, cookies }: Described): Fields[] {
  const stored = calls.filter(({ call }) => call === 'set').map(({ record }) => record);
  const lines = [...dropped, ...cookies].filter(({ name }) => name === COOKIE);
  const records = stored.length > 0 ? stored : lines.map(recordIn);
  return records.filter(record => record !== undefined).map(dataOf);
}

/** The data that a package saved last. */
function savedData(described: Described): Fields | undefined {
  return allSavedData(described).at(-1);
}

/** Other data than were loaded, with the same CRC-32. */
export function isCollision(round: Round): boolean {
  const [before, after] = [dataOf(round.found.record), savedData(round.ours)].map(data =>
    JSON.stringify(data ?? {}),
  );
  return before !== after && crc32(before as string) === crc32(after as string);
}

/** The data were replaced by the same, and half of the lifetime is over. */
export function isRenewedOverNewData(round: Round): boolean {
  const { step, found, mode, at } = round;
  const isRenewing =
    mode.options.renew || step.operations.some(op => op.does === 'option' && op.name === 'renew');
  const { _expire, _maxAge } = (found.record ?? {}) as { _expire?: number; _maxAge?: number };
  const isDue = _expire !== undefined && _expire - at < (_maxAge ?? MINUTE) / 2;
  return (
    Boolean(isRenewing) &&
    isDue &&
    did(round, 'replace', 'respread') &&
    allSavedData(round.ours).some(data => isSame(data, dataOf(found.record)))
  );
}

/** sojourn issued the cookie of a live session anew, as it does at the commit. */
export function isReissued({ found, step, mode }: Round): boolean {
  return found.is === 'live' && step.failing === undefined && mode.options.autoCommit !== false;
}

/** The data that were loaded, as the app's `beforeSave` leaves them. */
export function dataAfterHook({ mode, found }: Round): Fields {
  const data = dataOf(found.record);
  return mode.hasBeforeSave && 'list' in data ? { ...data, list: SAVED_LIST } : data;
}

/** There was nothing to save but the fresh lifetime that goes with the new signature, and the store failed at it. */
export function isReissueFailed(round: Round): boolean {
  const saved = round.ours.calls.filter(call => isCall(call, 'set'));
  const isSameData = saved.every(({ record }) => isSame(dataOf(record), dataAfterHook(round)));
  const isTold = round.ours.errors[0]?.startsWith('SessionStoreError') === true;
  return round.step.failing === 'set' && isTold && saved.length > 0 && isSameData;
}

/** The app saved, and then made the data what they were when they were loaded. */
export function isTakenBack(round: Round): boolean {
  const isBack = isSame(savedData(round.ours), dataAfterHook(round));
  return isCommittedByApp(round) && isBack && !isSame(savedData(round.koa), dataAfterHook(round));
}

/** The app saved, and then undid what `beforeSave` had changed: that changes it once more. */
export function isHookRepeated(round: Round): boolean {
  return isCommittedByApp(round) && isSame(savedData(round.ours), dataAfterHook(round));
}

/** A key that koa-session made for this request and kept nothing under. */
export function isThrowaway(call: Call, { koa, found }: Round): boolean {
  return call.key !== found.key && !koa.calls.some(other => other.call === 'set' && other.key === call.key);
}

/** The store failed at destroying what it never had. */
export function isThrowawayStuck(round: Round): boolean {
  const destroyed = round.koa.calls.find(({ call }) => call === 'destroy');
  const isFailing = round.step.failing === 'destroy' && destroyed !== undefined;
  return (
    isFailing &&
    isThrowaway(destroyed, round) &&
    !round.ours.errors.some(error => error.startsWith('SessionStoreError'))
  );
}

/** The lifetimes that this step could give the session, the configured one and the record's own among them. */
export function lifetimes(round: Round): unknown[] {
  const { _maxAge, _session } = (round.found.record ?? {}) as Fields;
  const set = begun(round).flatMap((operation): unknown[] => {
    if (operation.does === 'maxAge') return [operation.value];
    if (operation.does === 'option' && operation.name === 'maxAge') return [operation.value];
    if (operation.does === 'replace' && 'maxAge' in operation.data) return [operation.data.maxAge];
    return [];
  });
  return [round.mode.options.maxAge, _session === true ? 'session' : _maxAge, ...set];
}

export function isKeyHandedOut({ ours }: Round): boolean {
  return ours.calls.some(({ call }) => call === 'externalKey.set' || call === 'externalKey.clear');
}
