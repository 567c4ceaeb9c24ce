import { STATUS_CODES } from 'node:http';
import type { Mismatch } from './compare.js';
import type { Round } from './duel.js';
import * as was from './evidence.js';
import { isInCookie, isSigned, MINUTE, type Mode, modeOf } from './mode.js';
import * as read from './reading.js';
import type { Operation, Step } from './step.js';

/**
 * Every intended difference between koa-session and sojourn: the table of docs/migrating-from-koa-session.md. What
 * the generated sequences show beside these is a bug.
 */
export interface Difference {
  readonly id: string;
  readonly area: Area;
  readonly koaSession: string;
  readonly sojourn: string;
  readonly why: string;
  /** Recognises one thing in which the outcomes of a step are not the same as this difference's doing. */
  readonly recognises?: (mismatch: Mismatch, round: Round) => boolean;
  /** Where a step is another from end to end: what koa-session would have to be given to do as sojourn does. */
  readonly asIf?: AsIf;
  /** Steps that show the difference. */
  readonly example?: Example;
  /** The test that shows it, where no sequence of requests can. */
  readonly shownBy?: string;
}

export type Area = (typeof AREAS)[number];
export const AREAS = [
  'Setting up',
  'Data',
  'Lifetime',
  'Stores and keys',
  'Cookies and headers',
  'Errors',
] as const;

interface Example {
  /** Of koa-session. @default 7 */
  readonly version?: 6;
  readonly mode: Mode;
  readonly steps: readonly Step[];
}

/** A metamorphic relation: sojourn with `twist(step)` does as koa-session with `mend(twist(step))`. */
export interface AsIf {
  readonly modes: (mode: Mode) => boolean;
  /** Makes a step show the difference; `pick` chooses among several ways. */
  readonly twist: (step: Step, mode: Mode, pick: number) => Step;
  readonly mend: (step: Step, mode: Mode) => Step;
}

const ONE_DAY = 86_400_000;
const EXPIRES = ['cookie.expires', 'signature.expires'];
const RECORDS = ['cookie.value', 'held', 'call'];
const httpDate = (at: number) => new Date(at).toUTCString();

const COOKIE_MODE = modeOf('signed cookie');
const STORE_MODE = modeOf('store');
const set = (name: string, value: unknown): Operation => ({ does: 'set', name, value });
const does = (...words: ('read' | 'look' | 'key' | 'end' | 'empty' | 'save' | 'regenerate')[]): Operation[] =>
  words.map(word => ({ does: word }));
const step = (operations: readonly Operation[] = [], rest: Partial<Step> = {}): Step => ({
  wait: 1,
  present: { as: 'browser' },
  operations,
  ...rest,
});
const BEGIN = step([set('a', 1)]);
const FAILURE: Operation = { does: 'throw', status: 401 };

const settingUp: readonly Difference[] = [
  {
    id: 'require',
    area: 'Setting up',
    koaSession: "in version 7 `require('koa-session')` is an object, in version 6 the function",
    sojourn: "`require('sojourn')` is the function, and has the named exports as well",
    why: 'code written for either version runs',
    shownBy: '`require` gives the function itself, as version 6 of koa-session did',
  },
  {
    id: 'options-untouched',
    area: 'Setting up',
    koaSession:
      'writes its defaults into the options object that the app passed, and throws if that is frozen',
    sojourn: 'works on a copy',
    why: 'an options object may be shared',
    shownBy: "leaves the caller's options as they are",
  },
  {
    id: 'two-middlewares',
    area: 'Setting up',
    koaSession: 'a second middleware on one app uses the options of the first, and commits a second time',
    sojourn: 'each has its own options; a middleware that is installed twice takes effect once',
    why: 'the option `property` lets an app have several sessions',
    shownBy: 'gives each of two middlewares on one app its own options',
  },
  {
    id: 'sub-app',
    area: 'Setting up',
    koaSession: "fails with a 500 in a sub-app that runs on its parent's context",
    sojourn: 'works there',
    why: '`koa-mount` and `koa-compose` make such sub-apps',
    shownBy: 'works in a mounted sub-app whose parent has no session',
  },
  {
    id: 'option-null',
    area: 'Setting up',
    koaSession:
      '`null` as an option: version 6 accepts it, version 7 throws for most options, including `sameSite`',
    sojourn: 'treats it as not given, for every option',
    why: 'code written for either version runs',
    shownBy: '`null` gives nothing, as options and as any one of them',
  },
  {
    id: 'one-cookie-one-session',
    area: 'Setting up',
    koaSession: 'an app has one session',
    sojourn:
      'it can have several; two whose cookies share a name are rejected at startup, and if two middlewares share one session, the inner one warns which of its options it ignores',
    why: 'each would read and overwrite what the other stores',
    shownBy: 'two sessions of an app in one cookie are a mistake at the start',
  },
  {
    id: 'options-of-a-request',
    area: 'Setting up',
    koaSession:
      'any option can be changed for one request by `ctx.sessionOptions`, also `key`, `signed`, `encode`, `decode`, `externalKey`, `genid` and `valid`; but changing `autoCommit`, `store`, `ContextStore` or `prefix` has no effect',
    sojourn:
      'those named on the left, apart from `autoCommit`, are applied once for all requests: changing one throws a `SessionOptionsError`. Changing any other takes effect, including `autoCommit`',
    why: 'no change is silently lost',
    shownBy: '`ctx.sessionOptions` refuses what counts for the whole middleware, and takes it as it is',
  },
  {
    id: 'option-mistakes',
    area: 'Setting up',
    koaSession: 'silently accepts most mistakes, and throws a `ZodError` for some',
    sojourn:
      'throws a `SessionOptionsError` for a wrong type, for a name that is almost that of an option or that means something elsewhere (`codec`, `cookie`, `encrypt`, `keys`, `secret`, `secureProxy`, `strict`), and for options that cannot work together. Other names are ignored, as before',
    why: 'mistakes show when the app starts, not in production',
    shownBy: 'a name that is like no option is ignored, as koa-session ignored it',
  },
  {
    id: 'types',
    area: 'Setting up',
    koaSession: '`ctx`, the app and the data are `any`; nothing types `ctx.session`',
    sojourn: '`ctx.session` is typed, and its data can be, by declaration merging or a type argument',
    why: 'the compiler finds misspelt names, and may find some in your app',
    shownBy: "types `ctx.session`: a compiler tells an app's mistakes",
  },
];

const data: readonly Difference[] = [
  {
    id: 'any-name',
    area: 'Data',
    koaSession:
      'drops data whose names start with `_`, and `isNew`; data named `maxAge`, `length`, `toJSON`, `__proto__` ... fail on every request, or change the session',
    sojourn:
      'keeps data under every name. In the record such data are under `_data`, which koa-session ignores, and drops when it saves',
    why: 'JSON has no forbidden names',
    shownBy: 'keeps data under the name ${name} through cookies and saves',
  },
  {
    id: 'data-are-no-bookkeeping',
    area: 'Data',
    koaSession:
      '`ctx.session = { _maxAge: 1e12 }` sets the lifetime, and an unsigned cookie with `_requireSave` forces a save',
    sojourn:
      'never mistakes data for bookkeeping, or bookkeeping for data: `ctx.session._expire` is undefined, unless the app sets it; `ctx.sessionInfo.expiresAt` says when the session ends',
    why: 'data often come from users',
    shownBy: "never takes a cookie's lifetime from the data",
  },
  {
    id: 'misshapen-record',
    area: 'Data',
    koaSession:
      'accepts an array, a string or a number in a cookie or a store as a session, and treats an `_expire` that is not a number as no expiry',
    sojourn: 'begins a new session; if the record came from a store, also emits `session:error`',
    why: 'no session wrote such a record',
    recognises: ({ where, koa, ours }, { step: { inStore } }) => {
      if (!inStore || !isMisshapen(inStore.record)) return false;
      if (where === 'held')
        return read.textIn(koa) === 'null' && read.textIn(ours) === JSON.stringify(inStore.record);
      return where === 'event' && ours === undefined && (koa as { name: string }).name === 'session:missed';
    },
    asIf: {
      modes: () => true,
      twist: (plain, mode, pick) => {
        const shape = MISSHAPEN[pick % MISSHAPEN.length];
        return isInCookie(mode)
          ? { ...plain, present: { as: 'crafted', content: shape } }
          : { ...plain, inStore: { record: shape } };
      },
      mend: (twisted, mode) =>
        isInCookie(mode)
          ? { ...twisted, present: { as: 'garbage', text: mode.hasCodec ? '7b' : 'garbage' } }
          : { ...twisted, inStore: { record: null } },
    },
  },
  {
    id: 'undefined-is-nothing',
    area: 'Data',
    koaSession: 'a new session whose only values are `undefined` is saved',
    sojourn: 'it is not saved: JSON drops such values',
    why: 'the next request would find nothing',
    shownBy: 'a new session of nothing but `undefined` is not saved',
  },
  {
    id: 'is-new',
    area: 'Data',
    koaSession: '`isNew` of a session that is not new is undefined in version 6, false in version 7',
    sojourn: 'it is false',
    why: 'it is a boolean',
    recognises: ({ where, koa, ours }) => where === 'seen.isNew' && koa === undefined && ours === false,
    example: { mode: COOKIE_MODE, version: 6, steps: [BEGIN, step(does('look'))] },
  },
  {
    id: 'assigned-no-object',
    area: 'Data',
    koaSession:
      'assigning something other than an object or null throws a plain `Error`; an array is accepted',
    sojourn: 'both throw a `TypeError`',
    why: 'it is a programming mistake, and that is how Node reports one',
    recognises: ({ where, koa, ours }) =>
      where === 'error' &&
      koa === 'Error: this.session can only be set as null or an object.' &&
      ours === read.ASSIGNED_NO_OBJECT,
    example: { mode: COOKIE_MODE, steps: [step([{ does: 'assign', value: 5 }])] },
  },
  {
    id: 'every-change-counts',
    area: 'Data',
    koaSession: 'compares CRC-32 checksums: a change that leads to the same checksum is not saved',
    sojourn: 'compares the JSON texts',
    why: '32-bit checksums collide, and data often come from users',
    recognises: ({ where, koa, ours, at }, round) => {
      if (!was.isCollision(round)) return false;
      if (where === 'held')
        return at === round.found.key && read.isSame(read.recordIn(koa), round.found.record);
      if (koa !== undefined || ours === undefined) return false;
      return where === 'call'
        ? read.isSaving(ours)
        : /^(?:cookie|signature|header\.x-session-key)$/.test(where);
    },
    example: {
      mode: COOKIE_MODE,
      steps: [step([set('a', 'htpqwklvynl')]), step([set('a', 'pojqhnulnxu')])],
    },
  },
  {
    id: 'taken-back-is-saved',
    area: 'Data',
    koaSession:
      'compares with the data that were loaded: what the app saves and then reverts in the same request stays saved',
    sojourn: 'compares with the data that were saved last',
    why: 'what is in `ctx.session` at the end of the request is what counts',
    recognises: ({ where, koa, ours, at }, round) => {
      if (where === 'call' && read.isCall(ours, 'beforeSave')) return was.isHookRepeated(round);
      if (!was.isTakenBack(round)) return false;
      if (where === 'lines') return (ours as number) - (koa as number) === 1;
      if (where === 'cookie.value')
        return read.isSame(read.dataOf(read.recordIn(ours)), was.dataAfterHook(round));
      if (where === 'held') return was.isKept(at, round);
      return where === 'call' && koa === undefined && read.isSaving(ours);
    },
    example: {
      mode: COOKIE_MODE,
      steps: [BEGIN, step([...does('read'), set('b', 2), ...does('save'), { does: 'delete', name: 'b' }])],
    },
  },
  {
    id: 'emptied-is-ended',
    area: 'Data',
    koaSession:
      'a session that loses all its data stays: an empty record is stored, and the cookie is renewed',
    sojourn: 'it is ended, as with `ctx.session = null`; the next one gets a new key',
    why: 'many apps log users out by deleting everything',
    recognises: ({ where, koa, ours, at }, round) => {
      if (!was.expectation(round).isEmptied) return false;
      switch (where) {
        case 'cookie.value':
        case 'header.x-session-key':
          return ours === '';
        case 'cookie.expires':
        case 'signature.expires':
          return ours === httpDate(0);
        case 'cookie':
        case 'signature':
          return koa === undefined && read.isClearing(ours);
        case 'held':
          return ours === undefined && was.isDead(at, round);
        case 'lines':
          return round.mode.options.overwrite === false;
        case 'call':
          return koa === undefined
            ? read.isCall(ours, 'destroy') || read.isCall(ours, 'externalKey.clear')
            : ours === undefined && read.isSaving(koa) && read.isEmpty(read.dataOf(read.recordIn(koa)));
        default:
          return false;
      }
    },
    example: { mode: STORE_MODE, steps: [BEGIN, step([{ does: 'delete', name: 'a' }])] },
  },
  {
    id: 'assigned-unread',
    area: 'Data',
    koaSession:
      'a cookie session that the app replaces or ends without having read it is never examined: no `valid`, no event, and the configured lifetime instead of its own',
    sojourn: 'it is read first, as stored sessions always were',
    why: 'the outcome does not depend on whether another middleware read it before',
    recognises: ({ where, koa, ours }, { found }) =>
      // The app's `decode` fails, for the one before the assignment and for the other in it.
      found.is === 'refused by decode' &&
      where === 'seen' &&
      read.isSame(koa, []) &&
      read.isSame(ours, [null]),
    asIf: {
      modes: isInCookie,
      twist: (plain, _mode, pick) => ({
        ...plain,
        operations: [{ does: 'nothing' }, ...(ASSIGNMENTS[pick % ASSIGNMENTS.length] ?? [])],
      }),
      mend: twisted => ({ ...twisted, operations: [{ does: 'read' }, ...twisted.operations.slice(1)] }),
    },
  },
];

/** What JSON can hold and no session is: no object, or bookkeeping of wrong types. */
const MISSHAPEN: readonly unknown[] = [
  [],
  ['s'],
  'text',
  5,
  true,
  { a: 1, _expire: 'soon' },
  { a: 1, _expire: null },
  { a: 1, _maxAge: 'long' },
  { a: 1, _maxAge: -1 },
  { a: 1, _session: 1 },
];

function isMisshapen(record: unknown): boolean {
  return MISSHAPEN.some(shape => read.isSame(shape, record));
}

const ASSIGNMENTS: readonly (readonly Operation[])[] = [
  [{ does: 'end' }],
  [{ does: 'replace', data: {} }],
  [{ does: 'replace', data: { b: 2 } }, { does: 'look' }],
  [{ does: 'end' }, { does: 'replace', data: { b: 2 } }],
  [
    { does: 'replace', data: { b: 2, maxAge: 5000 } },
    { does: 'set', name: 'a', value: 3 },
  ],
];

const lifetime: readonly Difference[] = [
  {
    id: 'default-maxAge',
    area: 'Lifetime',
    koaSession:
      'without `maxAge` the first cookie lasts until the browser closes, later ones a day, and `session.maxAge` is undefined at first',
    sojourn: 'the lifetime is a day from the first cookie on',
    why: 'the documented default is a day',
    recognises: ({ where, koa, ours }, round) => {
      if (round.mode.options.maxAge !== undefined) return false;
      if (where === 'seen.maxAge') return koa === 'undefined' && ours === ONE_DAY;
      if (EXPIRES.includes(where)) return koa === undefined && ours === httpDate(round.at + ONE_DAY);
      return (
        read.isCall(koa, 'get') &&
        koa.maxAge === 'undefined' &&
        read.isSame({ ...koa, maxAge: ONE_DAY }, ours)
      );
    },
    example: { mode: modeOf('signed cookie, no maxAge given'), steps: [BEGIN] },
  },
  {
    id: 'maxAge-zero',
    area: 'Lifetime',
    koaSession: '`maxAge: 0` means a day, in a cookie that lasts until the browser closes',
    sojourn: 'it means a session that expires immediately',
    why: 'zero is a number of milliseconds',
    recognises: ({ where, koa, ours }, round) => {
      if (!was.lifetimes(round).includes(0)) return false;
      if (EXPIRES.includes(where)) return koa === undefined && ours === httpDate(round.at);
      if (!RECORDS.includes(where)) return false;
      const { _maxAge, _expire } = read.recordIn(ours);
      return read.isDayInstead(koa, ours) && _maxAge === 0 && _expire === round.at;
    },
    example: { mode: STORE_MODE, steps: [step([set('a', 1), { does: 'maxAge', value: 0 }])] },
  },
  {
    id: 'maxAge-null',
    area: 'Lifetime',
    koaSession: '`session.maxAge = null` means a day, in a cookie that lasts until the browser closes',
    sojourn: 'it restores the configured lifetime',
    why: 'undoing a setting should not create another',
    recognises: ({ where, koa, ours }, round) => {
      if (!was.lifetimes(round).includes(null)) return false;
      const { maxAge = ONE_DAY } = round.mode.options;
      if (where === 'seen.maxAge') return koa === null && ours === maxAge;
      if (EXPIRES.includes(where)) return koa === undefined && ours === httpDate(round.at + Number(maxAge));
      if (!RECORDS.includes(where)) return false;
      const { _maxAge, _session } = read.recordIn(ours);
      return read.isDayInstead(koa, ours) && (maxAge === 'session' ? _session === true : _maxAge === maxAge);
    },
    example: { mode: COOKIE_MODE, steps: [step([set('a', 1), { does: 'maxAge', value: null }])] },
  },
  {
    id: 'lifetime-outlives-data',
    area: 'Lifetime',
    koaSession:
      'assigning `ctx.session = { ... }` forgets that `maxAge` was set before, and that `renew` is due',
    sojourn: 'remembers both',
    why: 'new data do not undo a setting',
    recognises: ({ where, koa, ours, at }, round) => {
      if (!was.isRenewedOverNewData(round)) return false;
      if (where === 'held')
        return at === round.found.key && read.isSame(read.recordIn(koa), round.found.record);
      if (koa !== undefined || ours === undefined) return false;
      return where === 'call'
        ? read.isSaving(ours)
        : /^(?:cookie|signature|header\.x-session-key)$/.test(where);
    },
    asIf: {
      modes: () => true,
      twist: (plain, _mode, pick) => {
        const replacing: Operation = pick % 2 ? { does: 'replace', data: {} } : { does: 'respread' };
        return { ...plain, operations: [{ does: 'read' }, { does: 'maxAge', value: 5000 }, replacing] };
      },
      mend: ({ operations: [read, maxAge, replacing], ...rest }) => ({
        ...rest,
        operations: [read, replacing, maxAge] as Operation[],
      }),
    },
    example: {
      mode: modeOf('signed cookie, renew'),
      steps: [BEGIN, step([{ does: 'look' }, { does: 'respread' }], { wait: MINUTE / 2 + 1 })],
    },
  },
  {
    id: 'browser-session-survives-save',
    area: 'Lifetime',
    koaSession: "`maxAge: 'session'` turns into a day when the app saves before the automatic commit",
    sojourn: 'it stays as it is',
    why: 'how often a session is saved says nothing about its lifetime',
    recognises: ({ where, koa, ours }, round) => {
      if (!was.isCommittedByApp(round) || !was.lifetimes(round).includes('session')) return false;
      if (where === 'seen.maxAge') return koa === 'undefined' && ours === 'session';
      return RECORDS.includes(where) && read.isDayInstead(koa, ours) && read.recordIn(ours)._session === true;
    },
    example: {
      mode: modeOf('signed cookie, browser session'),
      steps: [step([set('a', 1), ...does('save'), set('b', 2)])],
    },
  },
  {
    id: 'browser-session-ttl',
    area: 'Lifetime',
    koaSession:
      "passes `'session'` to a store instead of a number of ms: Redis rejects it, others keep the record for ever",
    sojourn: 'passes `sessionTtl`, a day by default, counted from the last save',
    why: 'a store needs a number, and records must expire some day',
    recognises: ({ where, koa, ours }, { at }) => {
      const [theirs, own] = [koa, ours] as read.Fields[];
      if (where === 'call')
        return theirs?.maxAge === 'session' && read.isSame({ ...theirs, maxAge: ONE_DAY }, own);
      const isHeld = where === 'held' && theirs?.expiresAt === 'never';
      return isHeld && read.isSame({ ...theirs, expiresAt: at + ONE_DAY }, own);
    },
    example: { mode: modeOf('store, browser session'), steps: [BEGIN] },
  },
  {
    id: 'deadline',
    area: 'Lifetime',
    koaSession: 'a session is still live in the very millisecond of its deadline',
    sojourn: 'it ends when that millisecond begins',
    why: 'so that `maxAge: 0` expires immediately, and every deadline means the same',
    recognises: ({ where, koa, ours }, { found, at }) =>
      (found.record as read.Fields | undefined)?._expire === at &&
      (where === 'seen.isNew'
        ? ours === true && koa === false
        : where.startsWith('seen.') || where === 'event'),
    example: {
      mode: COOKIE_MODE,
      steps: [BEGIN, step(does('look'), { wait: MINUTE, present: { as: 'hoarder' } })],
    },
  },
];

const stores: readonly Difference[] = [
  {
    id: 'genid-after-beforeSave',
    area: 'Stores and keys',
    koaSession: 'asks `genid` for a key before `beforeSave` runs',
    sojourn: 'asks for it afterwards',
    why: '`beforeSave` may leave nothing to save',
    shownBy: '`genid` is asked when `beforeSave` has run',
  },
  {
    id: 'regenerate-same-key',
    area: 'Stores and keys',
    koaSession: 'takes the same key again from `genid` when the session is regenerated',
    sojourn: 'refuses it with a `SessionOptionsError`, and the session stays as it was',
    why: 'whoever knew the key would have the new session, too (CWE-384)',
    shownBy: '`regenerate()` refuses the key of before',
  },
  {
    id: 'saved-once',
    area: 'Stores and keys',
    koaSession:
      '`save()`, `regenerate()` or `manuallyCommit()`, followed by the automatic commit, saves twice and runs `beforeSave` twice',
    sojourn: 'the second save happens only if something has changed since the first',
    why: 'one write is enough',
    recognises: ({ where, koa, ours }, round) => {
      if (!was.isCommittedByApp(round)) return false;
      if (where === 'lines')
        return round.mode.options.overwrite === false && (koa as number) > (ours as number);
      return where === 'call' && ours === undefined && read.isRepeated(koa, round.koa.calls);
    },
    example: { mode: STORE_MODE, steps: [step([set('a', 1), ...does('save')])] },
  },
  {
    id: 'changed-flag',
    area: 'Stores and keys',
    koaSession:
      'passes `changed: false` to `store.set` when the app saves by `save()`, `regenerate()` or a new `maxAge`, even if the data have changed or the key is new',
    sojourn: 'passes it only if the store holds exactly these data under this key',
    why: 'stores take `changed: false` as permission to extend the record without writing it',
    recognises: ({ where, koa, ours }, round) =>
      where === 'call' && read.isOtherFlag(koa, ours) && was.isEveryFlagTrue(round),
    example: { mode: STORE_MODE, steps: [BEGIN, step([set('a', 2), { does: 'maxAge', value: 5000 }])] },
  },
  {
    id: 'genid-on-demand',
    area: 'Stores and keys',
    koaSession: 'generates a key for every visitor who has none',
    sojourn: 'generates one when a session is saved or `session.externalKey` is read',
    why: 'most visitors never get a session',
    recognises: ({ where, koa, ours }) => where === 'call' && read.isCall(koa, 'genid') && ours === undefined,
    example: { mode: modeOf('store, genid'), steps: [step()] },
  },
  {
    id: 'nothing-to-end',
    area: 'Stores and keys',
    koaSession:
      '`ctx.session = null` without a session, and `regenerate()` of a new one, destroy a key that was only just generated, and clear whatever cookie there is',
    sojourn: 'they do neither: a response clears the cookie only if its own request ended the session',
    why: 'clearing a cookie that this request cannot use could remove one that another request is just being given',
    recognises: ({ where, koa, ours }, round) => {
      if (!was.did(round, 'end', 'regenerate')) return false;
      if (was.isThrowawayStuck(round)) {
        if (where === 'dropped') return koa === true && round.koa.dropped.every(read.isClearing);
        if (where === 'status') return koa === 500;
        if (where === 'body') return koa === STATUS_CODES[500];
        if (where === 'error') return koa === 'Error: the store failed at destroy';
      }
      if (ours !== undefined) return false;
      if (where === 'call') return read.isCall(koa, 'destroy') && was.isThrowaway(koa, round);
      const isCookie = where === 'cookie' || where === 'signature';
      return isCookie && read.isClearing(koa) && !['live', 'invalid'].includes(round.found.is);
    },
    example: { mode: STORE_MODE, steps: [step(does('end'))] },
  },
  {
    id: 'refused-is-ended',
    area: 'Stores and keys',
    koaSession: '`ctx.session = null` keeps the stored record of a session that `valid` rejected',
    sojourn: 'it ends that session',
    why: 'the user asked to end the session that the cookie names',
    recognises: ({ where, koa, ours, at }, { found, ...round }) => {
      if (found.is !== 'invalid' || !was.did({ found, ...round }, 'end')) return false;
      if (where === 'held') return at === found.key && ours === undefined;
      return where === 'call' && koa === undefined && read.isSame(ours, { call: 'destroy', key: found.key });
    },
    example: { mode: modeOf('store, valid'), steps: [step([set('b', 'x')]), step(does('read', 'end'))] },
  },
  {
    id: 'new-key-after-end',
    area: 'Stores and keys',
    koaSession: '`ctx.session = null` followed by `ctx.session = { ... }` keeps the old key',
    sojourn: 'the old record is destroyed, and the new session gets a key of its own',
    why: 'whoever knew the key before a login must not know the one after it (session fixation)',
    recognises: ({ where, koa, ours, at }, round) => {
      if (!was.isStored(round) || !was.expectation(round).isEnded) return false;
      if (where === 'seen') return (read.isKey(koa) || koa === round.found.key) && read.isKey(ours);
      if (read.isCall(ours, 'genid')) return koa === undefined;
      if (!was.expectation(round).isBegunAnew) return false;
      switch (where) {
        case 'cookie.value':
        case 'header.x-session-key':
          return was.isDead(koa, round) && was.isKept(ours, round);
        case 'held':
          return (
            (was.isDead(at, round) && ours === undefined) || (was.isKept(at, round) && koa === undefined)
          );
        case 'call':
          return was.isOfOtherKey(koa, ours, round);
        default:
          return false;
      }
    },
    example: {
      mode: STORE_MODE,
      steps: [BEGIN, step([...does('read', 'end'), { does: 'replace', data: { user: 'ann' } }])],
    },
  },
  {
    id: 'regenerated-in-order',
    area: 'Stores and keys',
    koaSession:
      '`regenerate()` destroys the old record before it writes the new one, and `session.externalKey` still gives the old key',
    sojourn: 'writes first, then destroys; the key is the new one',
    why: 'if the store fails between the two, the session is not lost',
    recognises: ({ where, koa, ours, at }, round) => {
      if (!was.isStored(round) || !was.did(round, 'regenerate')) return false;
      if (where === 'seen') return read.isDestroyed(koa, round.koa) && was.isKept(ours, round);
      if (where === 'order') return read.isDestroyedFirst(koa as string[], ours as string[]);
      if (round.step.failing !== 'set') return false;
      if (where === 'held') return at === round.found.key && koa === undefined;
      const isOldKey = read.isCall(koa, 'destroy') && koa.key === round.found.key;
      return ours === undefined && (isOldKey || read.isClearing(koa));
    },
    example: { mode: STORE_MODE, steps: [BEGIN, step(does('regenerate', 'key'))] },
  },
  {
    id: 'expired-destroyed',
    area: 'Stores and keys',
    koaSession: 'an expired record that a request finds stays in the store',
    sojourn: 'it is destroyed',
    why: 'it can never be used again. (A record that `valid` rejects stays, as it may be valid for another request)',
    recognises: ({ where, koa, ours, at }, { found, step: { failing } }) => {
      if (found.is !== 'expired' || found.key === undefined) return false;
      if (where === 'call')
        return koa === undefined && read.isSame(ours, { call: 'destroy', key: found.key });
      const isGone = where === 'held' && at === found.key && ours === undefined && failing !== 'destroy';
      return isGone && read.isSame(read.recordIn(koa), found.record);
    },
    example: {
      mode: STORE_MODE,
      steps: [BEGIN, step([], { wait: MINUTE + 5000, present: { as: 'hoarder' } })],
    },
  },
  {
    id: 'external-key-cleared',
    area: 'Stores and keys',
    koaSession:
      'with `externalKey`, a logout sends cookies that clear what was never set, and the client keeps the key',
    sojourn:
      'calls the third function of `externalKey`, `clear(ctx)`, if the app provides one, and sends no cookie',
    why: 'the key does not travel in a cookie',
    recognises: ({ where, koa, ours }, round) => {
      if (!round.mode.hasExternalKey) return false;
      if (where === 'header.x-session-key') return ours === '' && was.did(round, 'end');
      const isGet = read.isCall(ours, 'externalKey.get') && was.did(round, 'end');
      if (where === 'call') return koa === undefined && (isGet || read.isCall(ours, 'externalKey.clear'));
      const isCookie = where === 'cookie' || where === 'signature';
      return isCookie && read.isClearing(koa) && ours === undefined;
    },
    example: { mode: modeOf('externalKey'), steps: [BEGIN, step(does('end'))] },
  },
  {
    id: 'hooks-awaited',
    area: 'Stores and keys',
    koaSession:
      'does not wait for a `valid`, `beforeSave` or `externalKey.get` that returns a promise: an asynchronous `valid` lets every session in',
    sojourn: 'waits. In a cookie session, an asynchronous `valid` needs `lazy: true`, and throws without it',
    why: 'a promise is truthy',
    shownBy: 'an asynchronous `valid` that says no refuses the session',
  },
  {
    id: 'used-before-loaded',
    area: 'Stores and keys',
    koaSession: 'what is put into a stored session before the middleware has run is lost',
    sojourn: 'it is added to what is loaded',
    why: 'the app put it there',
    shownBy: 'what is put in a stored session before the middleware comes beside what is loaded',
  },
  {
    id: 'events-at-once',
    area: 'Stores and keys',
    koaSession:
      'emits `session:missed`, `session:invalid` and `session:expired` in a later turn of the event loop, and `session:missed` also for a cookie that holds `null`',
    sojourn: 'emits them while it loads the session, and none for `null`',
    why: 'listeners see the request as it is. One that throws is reported, and does not fail the request',
    recognises: ({ where, koa, ours }, { found }) =>
      where === 'event' &&
      found.record === null &&
      found.key === undefined &&
      ours === undefined &&
      read.isSame(koa, { name: 'session:missed', key: 'none', value: null }),
    example: {
      mode: COOKIE_MODE,
      steps: [step(does('look'), { present: { as: 'crafted', content: null } })],
    },
  },
];

const cookies: readonly Difference[] = [
  {
    id: 'vary',
    area: 'Cookies and headers',
    koaSession: 'does not tell caches that a response depends on the cookie',
    sojourn: 'sends `Vary: Cookie` with a response that used the session (unless `vary: false`)',
    why: "without it a shared cache may give one user's page to another",
    recognises: ({ where, koa, ours }, round) => {
      const isUsed = was.isUsed(round) || round.ours.calls.some(call => read.isCall(call, 'beforeSave'));
      const isVary = where === 'header.vary' && koa === undefined && ours === 'Cookie';
      return isVary && isUsed && !round.mode.hasExternalKey;
    },
    example: { mode: COOKIE_MODE, steps: [step(does('look'))] },
  },
  {
    id: 'no-store',
    area: 'Cookies and headers',
    koaSession: 'sends cookies with responses that caches may store',
    sojourn:
      'adds `Cache-Control: private, no-store` to them, unless the app set its own; with `externalKey`, to every response that used the session',
    why: "without it a shared cache may give one user's session to another",
    recognises: ({ where, koa, ours }, round) => {
      const isPrivate = where === 'header.cache-control' && koa === undefined && ours === 'private, no-store';
      if (!round.mode.hasExternalKey) return isPrivate && round.ours.cookies.length > 0;
      return isPrivate && (was.isUsed(round) || was.isKeyHandedOut(round));
    },
    example: { mode: COOKIE_MODE, steps: [BEGIN] },
  },
  {
    id: 'oversize',
    area: 'Cookies and headers',
    koaSession: 'sends a cookie of more than 4096 bytes, which browsers silently drop',
    sojourn: 'throws a `SessionTooLargeError`',
    why: 'a session that vanishes is harder to diagnose than an error. Keep less in it, or use a store',
    recognises: ({ where, ours }, round) => {
      if (was.isStored(round) || !was.expectation(round).isOversize || read.isCookieTooLarge(round.ours))
        return false;
      const isTold = round.ours.errors[0]?.startsWith('SessionTooLargeError: ') ?? false;
      if (where === 'status') return ours === 500 && isTold;
      if (where === 'body') return ours === STATUS_CODES[500] && isTold;
      return where === 'error' ? isTold : /^(?:cookie|signature|lines|seen|call)/.test(where);
    },
    example: { mode: COOKIE_MODE, steps: [step([set('a', 'long'.repeat(900))])] },
  },
  {
    id: 'rotated-keys',
    area: 'Cookies and headers',
    koaSession:
      'a cookie that was signed with an older key of `app.keys` gets only a new `.sig`, without its lifetime, path and domain',
    sojourn:
      'the whole cookie is sent again, with a fresh lifetime; if the session was rejected, nothing is sent',
    why: 'a lone `.sig` is lost when the browser closes, or duplicated',
    recognises: ({ where, koa, ours, at }, round) => {
      if (!round.found.isOldSignature) return false;
      if (was.isReissueFailed(round)) {
        if (where === 'status') return koa === 200 && ours === 503;
        if (where === 'body') return ours === STATUS_CODES[503];
        if (where === 'error') return koa === undefined;
        if (where === 'seen') return (koa as unknown[]).length > (ours as unknown[]).length;
      }
      const isSameData = () => read.isSame(read.dataOf(read.recordIn(ours)), was.dataAfterHook(round));
      switch (where) {
        case 'cookie':
          return koa === undefined && !read.isClearing(ours);
        case 'signature':
          return ours === undefined && !read.isClearing(koa) && !was.isReissued(round);
        case 'signature.value':
          return koa === "signs the request's cookie" && ours === "signs the response's cookie";
        case 'call':
          // The hook is shown what was loaded.
          if (read.isCall(ours, 'beforeSave')) return koa === undefined;
          return koa === undefined && read.isSaving(ours) && isSameData();
        case 'held':
          return at === round.found.key && isSameData();
        case 'lines':
          return (koa as number) - (ours as number) === (at === 'app.sess.sig' ? 1 : -1);
        default:
          return where.startsWith('signature.') && !read.isCookieSet(round.koa);
      }
    },
    example: { mode: COOKIE_MODE, steps: [BEGIN, step(does('look'), { keys: [1, 0] })] },
  },
  {
    id: 'forged-left-alone',
    area: 'Cookies and headers',
    koaSession: 'responds to a forged cookie by clearing its `.sig`, but leaves the cookie',
    sojourn: 'leaves both, and emits `session:tampered`',
    why: 'clearing could undo a login that is in progress in another request',
    recognises: ({ where, koa, ours, at }, round) => {
      if (round.found.is !== 'unauthentic') return false;
      if (where === 'signature') return read.isClearing(koa) && ours === undefined;
      if (where.startsWith('signature.')) return !read.isCookieSet(round.koa);
      return where === 'lines' && at === 'app.sess.sig' && (koa as number) - (ours as number) === 1;
    },
    example: { mode: COOKIE_MODE, steps: [BEGIN, step(does('look'), { present: { as: 'tampered' } })] },
  },
  {
    id: 'several-cookies',
    area: 'Cookies and headers',
    koaSession: 'of several cookies with the same name, only the first is tried',
    sojourn: 'tries the first four',
    why: 'a cookie that was set for another path or a parent domain is sent too, and may come first',
    asIf: {
      modes: mode => !mode.hasExternalKey && (isSigned(mode) || isInCookie(mode)),
      twist: ({ inStore, ...plain }) => ({ ...plain, present: { as: 'duplicate' } }),
      mend: twisted => ({ ...twisted, present: { as: 'browser' } }),
    },
  },
  {
    id: 'secure-on-http',
    area: 'Cookies and headers',
    koaSession:
      '`secure: true` over plain HTTP, and missing `app.keys`, cause errors that do not say what to do',
    sojourn:
      "throws a `SessionOptionsError` that points to `app.proxy` or `app.keys`. There is also `secure: 'auto'`, which follows the request",
    why: 'both are configuration mistakes',
    shownBy: 'a Secure cookie over plain HTTP is an error that tells of proxies',
  },
];

const errors: readonly Difference[] = [
  {
    id: 'error-keeps-cookie',
    area: 'Errors',
    koaSession:
      "when the app throws, the session is saved, but Koa's error handler drops its cookie: a login is lost, and a logout leaves the cookie",
    sojourn: 'the cookie, `Vary` and `Cache-Control` reach the client',
    why: 'the store and the browser must agree',
    recognises: ({ where, koa, ours }, round) =>
      where === 'dropped' && koa === true && ours === false && round.ours.status >= 400,
    example: { mode: COOKIE_MODE, steps: [step([set('a', 1), FAILURE])] },
  },
  {
    id: 'apps-error-counts',
    area: 'Errors',
    koaSession: "when the app throws and the store then fails, the client gets the store's error",
    sojourn: "it gets the app's error; the store's is emitted as `session:error`",
    why: 'the first error is the one to look into',
    recognises: ({ where, koa, ours }, { step: played, ...round }) => {
      const isHidden = round.koa.errors[0] === `Error: the store failed at ${played.failing}`;
      if (!isHidden || !read.isAppsError(round.ours.errors[0])) return false;
      if (where === 'error') return read.isAppsError(ours);
      const { status = 500 } = played.operations.find(operation => operation.does === 'throw') ?? {};
      if (where === 'status') return koa === 500 && ours === status;
      return where === 'body' && koa === STATUS_CODES[500] && ours === STATUS_CODES[status];
    },
    example: { mode: STORE_MODE, steps: [step([set('a', 1), FAILURE], { failing: 'set' })] },
  },
  {
    id: 'store-failure-503',
    area: 'Errors',
    koaSession: "when the store fails, the app gets the store's own error: a 500",
    sojourn:
      "it gets a `SessionStoreError` with the store's error as its `cause`: a 503. See the options `onStoreFailure` and `storeTimeout`",
    why: 'monitoring and proxies can tell an outage from a bug',
    recognises: ({ where, koa, ours }, { step: { failing }, ...round }) => {
      if (!read.isStoreError({ koa: round.koa.errors[0], ours: round.ours.errors[0] }, failing)) return false;
      if (where === 'error') return read.isStoreError({ koa, ours }, failing);
      return where === 'status'
        ? koa === 500 && ours === 503
        : where === 'body' && ours === STATUS_CODES[503];
    },
    example: { mode: STORE_MODE, steps: [step([set('a', 1)], { failing: 'set' })] },
  },
  {
    id: 'headers-sent',
    area: 'Errors',
    koaSession:
      'if the session changes after the headers are sent, the record is stored and setting the cookie throws, or the response hangs; a change while a stream is being sent is lost',
    sojourn:
      'a stored session that exists is saved; what needs a cookie is not, and is emitted as `session:error`; the response ends',
    why: 'a record is useless if nobody has its key',
    shownBy: 'a response ends though a session begins after its headers are out',
  },
  {
    id: 'lifetime-checked',
    area: 'Errors',
    koaSession: 'accepts anything as `session.maxAge`',
    sojourn: "throws a `TypeError` unless it is a number of ms, 0 or more, `'session'`, null or undefined",
    why: 'a lifetime that is not a number never ends',
    shownBy: '${String(maxAge)} is no lifetime',
  },
];

export const DIFFERENCES: readonly Difference[] = [
  ...settingUp,
  ...data,
  ...lifetime,
  ...stores,
  ...cookies,
  ...errors,
];
