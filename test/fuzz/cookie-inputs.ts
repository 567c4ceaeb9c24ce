import fc, { type Arbitrary } from 'fast-check';
import { changeText, type JsonChange, jsonChange, type TextChange, textChange } from './changes.js';
import { KEYS, type KeyName, type Pair } from './cookie-scribe.js';
import { METHODS, type Method } from './site.js';

/** What is done to rightly issued cookies. */
export interface CookieInput {
  /** Which they are. */
  readonly from: number;
  /** What is done to the record in them, which is then signed or sealed with a key. */
  readonly record: { readonly changes: readonly JsonChange[]; readonly key: KeyName } | null;
  /** A time of the last use, of this session, under a key: the stamp that goes with the cookies. */
  readonly stamp: { readonly text: string; readonly of: number; readonly key: KeyName } | null;
  /** What is done to the cookies after that, by who has no key. */
  readonly pairs: readonly PairChange[];
  /** A text that is signed or sealed as it is, with the newest key, in the main cookie's place. */
  readonly signed: TextChange | null;
  readonly method: Method;
}

/** `which` and `other` count cookies; whatever is beyond the last begins again at the first. */
type PairChange =
  | { readonly do: 'change'; readonly which: number; readonly how: TextChange }
  | { readonly do: 'drop' | 'double' | 'first'; readonly which: number }
  | { readonly do: 'mix'; readonly which: number; readonly from: number; readonly other: number }
  | { readonly do: 'rename'; readonly which: number; readonly to: string }
  | { readonly do: 'add'; readonly name: string; readonly value: string };

const which = fc.nat(9);
const key = fc.constantFrom(...KEYS);

/** Names that matter beside the session's, or that matter to nobody. */
const NAMES = ['', '.sig', '.at', '.at.sig', '.1', '.2', '.3', '.20', '.01', '.__proto__'].map(
  end => `koa.sess${end}`,
);

const pairChange: Arbitrary<PairChange> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('change' as const), which, how: textChange }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('drop', 'double', 'first' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('mix' as const), which, from: which, other: which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('rename' as const), which, to: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      name: fc.constantFrom(...NAMES),
      value: fc.string({ maxLength: 100 }),
    }),
  },
);

const BOOKKEEPING = ['_expire', '_maxAge', '_session', '_data', '_created', '_seen', '_handle'];

const INSTANTS = [
  '0',
  '1',
  'lzzzzzzz',
  'zzzzzzzzzz',
  'zzzzzzzzzzz',
  '-1',
  '',
  'LZZZZZZZ',
  'm0.5',
  '__proto__',
];

export const cookieInputs: Arbitrary<CookieInput> = fc.record({
  from: which,
  record: fc.option(
    fc.record({ changes: fc.array(jsonChange(...BOOKKEEPING), { minLength: 1, maxLength: 4 }), key }),
    { freq: 2 },
  ),
  stamp: fc.option(
    fc.record({
      text: fc.constantFrom(...INSTANTS).map(instant => `1.${instant}.`),
      of: which,
      key,
    }),
    { freq: 1 },
  ),
  pairs: fc.array(pairChange, { maxLength: 5 }),
  signed: fc.option(textChange, { freq: 1 }),
  method: fc.constantFrom(...METHODS),
});

/** @param issued the cookies of all issues, of which those of another are taken */
export function changePairs(
  pairs: readonly Pair[],
  change: PairChange,
  issued: readonly (readonly Pair[])[],
): readonly Pair[] {
  if (change.do === 'add') return [...pairs, [change.name, change.value]];
  const at = change.which % Math.max(pairs.length, 1);
  const pair = pairs[at];
  if (!pair) return pairs;
  const [name, value] = pair;
  switch (change.do) {
    case 'change':
      return pairs.with(at, [name, changeText(value, change.how)]);
    case 'drop':
      return pairs.toSpliced(at, 1);
    case 'double':
      return [...pairs, pair];
    case 'first':
      return [pair, ...pairs.toSpliced(at, 1)];
    case 'rename':
      return pairs.with(at, [change.to, value]);
    case 'mix': {
      const others = issued[change.from % issued.length] ?? [];
      const [, other = ''] = others[change.other % others.length] ?? [];
      return pairs.with(at, [name, other]);
    }
  }
}
