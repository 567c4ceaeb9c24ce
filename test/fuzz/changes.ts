import fc, { type Arbitrary } from 'fast-check';
import { POISON, WRONG } from './texts.js';

/*
 * What is done to a text that was rightly made. All of it is plain data, so that an input can be kept as JSON and be
 * done again. Places are shares of the text's length, in ten thousandths.
 */

/** What can be done to any text. */
export type TextChange =
  | { readonly do: 'flip'; readonly at: number; readonly bit: number }
  | { readonly do: 'cut'; readonly at: number }
  | { readonly do: 'insert'; readonly at: number; readonly text: string }
  | { readonly do: 'repeat'; readonly text: string; readonly length: number }
  | { readonly do: 'replace'; readonly text: string };

/** What can be done to the JSON text of an object. A field that is set stands behind one of its name, and counts. */
export type JsonChange =
  | TextChange
  | FieldChange
  | { readonly do: 'poison'; readonly fields: string }
  | { readonly do: 'nest'; readonly open: '[' | '{"a":'; readonly levels: number }
  | { readonly do: 'fill'; readonly length: number };

export interface FieldChange {
  readonly do: 'set';
  readonly name: string;
  /** As JSON. */
  readonly to: string;
}

export function changeText(text: string, change: TextChange): string {
  switch (change.do) {
    case 'flip': {
      const at = placeIn(text, change.at);
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << change.bit));
      return text === '' ? text : text.slice(0, at) + flipped + text.slice(at + 1);
    }
    case 'cut':
      return text.slice(0, placeIn(text, change.at));
    case 'insert': {
      const at = placeIn(text, change.at);
      return text.slice(0, at) + change.text + text.slice(at);
    }
    case 'repeat':
      return change.text.repeat(Math.ceil(change.length / change.text.length));
    case 'replace':
      return change.text;
  }
}

export function changeJson(json: string, change: JsonChange): string {
  switch (change.do) {
    case 'set':
      return withFields(json, `${JSON.stringify(change.name)}:${change.to}`);
    case 'poison':
      return withFields(json, change.fields);
    case 'nest': {
      const { open, levels } = change;
      return withFields(json, `"a":${open.repeat(levels)}1${(open === '[' ? ']' : '}').repeat(levels)}`);
    }
    case 'fill':
      return withFields(json, `"a":"${'x'.repeat(change.length)}"`);
    default:
      return changeText(json, change);
  }
}

function withFields(json: string, fields: string): string {
  const end = json.lastIndexOf('}');
  const rest = json.slice(0, end === -1 ? json.length : end);
  return `${rest}${/[{,]\s*$/.test(rest) ? '' : ','}${fields}}`;
}

function placeIn(text: string, share: number): number {
  return Math.floor((text.length * share) / 10_000);
}

const KB = 1024;
const place = fc.nat(10_000);

/** The characters that matter to some parser on the way. */
const PIECES = [
  'A',
  '=',
  ' ',
  '"',
  '%00',
  '\\',
  ',',
  '~',
  '.',
  '-',
  '+',
  '/',
  '\xff',
  '{',
  '[',
  '1e999',
  '\t',
];

export const textChange: Arbitrary<TextChange> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('flip' as const), at: place, bit: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const), at: place }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('insert' as const),
      at: place,
      text: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 20 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('repeat' as const),
      text: fc.constantFrom(...PIECES, 'W3', 'eyJhIjp7'),
      length: fc.constantFrom(1, 100, 4 * KB, 64 * KB),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replace' as const), text: fc.string({ maxLength: 200 }) }),
  },
);

/** Values that are of a wrong type for most names, as JSON. */
const ODD = [
  'null',
  'true',
  '[]',
  '{}',
  '""',
  '"x"',
  '0',
  '-1',
  '0.5',
  '1e400',
  '-1e400',
  '9007199254740993',
  '8640000000000001',
  '1893456000000',
  '{"__proto__":{"polluted":true}}',
  '"\\ud800"',
  '"\\u0000"',
];

const wrong = new Map(Object.entries(WRONG));

/** Sets one of these names to whatever it must not be, or may be only just. */
export function setting(...names: string[]): Arbitrary<FieldChange> {
  return fc.constantFrom(...names).chain(name =>
    fc.record({
      do: fc.constant('set' as const),
      name: fc.constant(name),
      to: fc.oneof(fc.constantFrom(...ODD, ...(wrong.get(name) ?? [])), fc.json({ maxDepth: 2 })),
    }),
  );
}

/** Names that the session's data may have, and that mean something to somebody. */
const NAMES = ['user', 'toJSON', 'then', 'length', 'maxAge', 'save', 'isNew', 'constructor', 'a', ''];

/** @param bookkeeping names of fields that are not the app's */
export function jsonChange(...bookkeeping: string[]): Arbitrary<JsonChange> {
  return fc.oneof(
    { weight: 12, arbitrary: setting(...bookkeeping, ...NAMES) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('poison' as const), fields: fc.constantFrom(...POISON) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('nest' as const),
        open: fc.constantFrom('[' as const, '{"a":' as const),
        levels: fc.constantFrom(3, 900, 1100, 5000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('fill' as const),
        length: fc.constantFrom(3 * KB, 5 * KB, 48 * KB),
      }),
    },
    { weight: 3, arbitrary: textChange },
  );
}
