import { createHash } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import { plainText, signedPair, signedRecord } from '../harness/cookies.js';

/** What a client may send in place of a session cookie's value, none of which stands for a session. */

const KB = 1024;

/** Bytes that Node's parser lets through in a header. */
const headerByte: Arbitrary<string> = fc
  .integer({ min: 0x20, max: 0xff })
  .filter(code => code !== 0x7f)
  .map(code => String.fromCharCode(code));

const randomBytes: Arbitrary<string> = fc.string({ unit: headerByte, maxLength: 200 });

/** Up to 64 KB of one thing, chosen to hurt parsers. */
const repeated: Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      'A',
      ' ',
      '=',
      '"',
      '%',
      '\\',
      ',',
      '{"a":',
      '\xff',
      'koa.sess',
      plainText('['),
      plainText('{"a":'),
    ),
    fc.constantFrom(1, 100, 5 * KB, 64 * KB),
  )
  .map(([unit, size]) => unit.repeat(Math.ceil(size / unit.length)));

const noObject: Arbitrary<string> = fc
  .json()
  .filter(json => !json.startsWith('{'))
  .map(plainText);

/** What no bookkeeping field may be, as JSON. */
export const WRONG: Readonly<Record<string, readonly string[]>> = {
  _expire: [
    '"never"',
    'null',
    'true',
    '[]',
    '{}',
    '1e400',
    '-1e400',
    '9e15',
    '""',
    '"1893456000000"',
    '0',
    '1',
  ],
  _maxAge: ['"session"', 'null', 'true', '[]', '{}', '1e400', '-1', '9e15', '"86400000"'],
  _session: ['false', 'null', '1', '"true"', '[]', '{}'],
  _data: ['null', '[]', '"ann"', '1', 'true', '[{"user":"ann"}]'],
};

const wrongField: Arbitrary<string> = fc
  .constantFrom(...Object.keys(WRONG))
  .chain(name => fc.constantFrom(...(WRONG[name] ?? [])).map(value => `"${name}":${value}`));

export const POISON: string[] = [
  '"__proto__":{"polluted":true,"isNew":false}',
  '"constructor":{"prototype":{"polluted":true}}',
  '"prototype":{"polluted":true}',
  '"toString":null,"valueOf":null,"hasOwnProperty":1',
  '"then":1,"toJSON":1,"save":1,"maxAge":1e12',
  '"_data":{"__proto__":{"polluted":true}}',
  '"user":"eve"',
];

/** A record with poison in it, and a field of a wrong type at its end: there it replaces one of its name. */
const wrongRecord: Arbitrary<string> = fc
  .tuple(fc.subarray(POISON), wrongField)
  .map(([poison, field]) => plainText(`{${[...poison, field].join()}}`));

const record = fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue(), { maxKeys: 5 });

/** A record's text that was cut somewhere. (The last letters may be padding, and mean nothing.) */
const truncated: Arbitrary<string> = fc
  .tuple(record, fc.double({ min: 0, max: 0.99, noNaN: true }))
  .map(([data, share]) => [plainText({ user: 'eve', ...data }), share] as const)
  .map(([text, share]) => text.slice(0, Math.floor((text.length - 4) * share)));

/** Values that are no session, whether signed or not. */
export const hostileText: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: randomBytes },
  { weight: 1, arbitrary: repeated },
  { weight: 3, arbitrary: noObject },
  { weight: 4, arbitrary: wrongRecord },
  { weight: 2, arbitrary: truncated },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'null', 'undefined', '') },
);

/** Objects that a plain cookie may hold: a session, where the app does not sign. */
export const poisonedRecord: Arbitrary<string> = fc
  .subarray(POISON, { minLength: 1 })
  .map(fields => `{${fields.join()}}`);

const NAMES = [
  'koa.sess',
  'koa.sess',
  'koa.sess',
  'koa.sess.sig',
  'koa.sess.at',
  'koaXsess',
  '__proto__',
  '',
  'KOA.SESS',
];

/** Records nested as deep as 64 KB of base64 allow. */
export const nestedRecords: readonly string[] = [
  ['[', ']'],
  ['{"a":', '}'],
].flatMap(([open = '', close = '']) => {
  const deepest = Math.floor((48 * KB) / (open.length + close.length));
  return [100, 1000, 4000, 5000, deepest].map(depth => `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`);
});

/** A whole `Cookie` header: hostile values under several names, duplicates among them. */
export const hostileHeader: Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('=', '=', '=', ' = ', ''), hostileText), {
    minLength: 1,
    maxLength: 5,
  })
  .chain(pairs =>
    fc.constantFrom('; ', ';', ' ; ', ';;', ',').map(glue => pairs.map(pair => pair.join('')).join(glue)),
  );

/** Rightly made cookies of an app that has another key, also with parts of them changed. */
export const foreignHeader: Arbitrary<string> = fc
  .tuple(record, fc.string({ minLength: 1, maxLength: 20 }), fc.constantFrom('', 'x', '=', ' '))
  .map(([data, key, tail]) => signedRecord({ user: 'eve', ...data }, { key: `another ${key}` }) + tail);

/** What a main cookie may say of the count of its chunks, and what chunks may be called. */
const COUNTS = ['0', '1', '2', '3', '20', '21', '99', '01', '1e3', '-1', '4294967297', '', '9'.repeat(1000)];
const NUMBERS = [
  '0',
  '1',
  '2',
  '2',
  '3',
  '4',
  '20',
  '21',
  '99',
  '01',
  '1e0',
  '+1',
  '',
  ' 1',
  '1.1',
  '__proto__',
];

/** Values of chunks: rightly made of a hostile text, or anything. */
function chunk(text: string, digest: string): Arbitrary<string> {
  const made = fc.constantFrom(text, '', ...partsOf(text, 2)).map(part => `${digest.slice(0, 8)}${part}~`);
  return fc.oneof(
    { weight: 6, arbitrary: made },
    { weight: 1, arbitrary: fc.constantFrom(digest.slice(0, 8), `${digest.slice(0, 7)}~`, '~', '', '""') },
    { weight: 1, arbitrary: hostileText },
  );
}

/** A `Cookie` header whose main cookie says that its text, none that is a session, stands in chunks. */
export const chunkedHeader: Arbitrary<string> = fc
  .tuple(hostileText, fc.boolean())
  .chain(([text, isRight]) => {
    const digest = createHash('sha256')
      .update(isRight ? text : `${text}.`)
      .digest('base64url');
    const count = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('1', '2') }, fc.constantFrom(...COUNTS));
    const main = fc
      .tuple(count, fc.constantFrom('', '', '', '=', '.', 'x'), fc.boolean())
      .map(([count, tail, isSigned]) => [`~1.${count}.${digest}${tail}`, isSigned] as const)
      .map(([value, isSigned]) => (isSigned ? signedPair(value) : `koa.sess=${value}`));
    const inOrder = fc
      .constantFrom(partsOf(text, 1), partsOf(text, 2))
      .map(parts => parts.map((part, index) => `koa.sess.${index + 1}=${digest.slice(0, 8)}${part}~`));
    const atRandom = fc.array(
      fc
        .tuple(fc.constantFrom(...NUMBERS), chunk(text, digest))
        .map(([number, value]) => `koa.sess.${number}=${value}`),
      { maxLength: 30 },
    );
    return fc
      .tuple(main, inOrder, atRandom)
      .chain(([pair, ...chunks]) =>
        fc.shuffledSubarray([pair, pair, ...chunks.flat()], { minLength: 1 }).map(pairs => pairs.join('; ')),
      );
  });

function partsOf(text: string, count: number): string[] {
  const length = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * length, (index + 1) * length));
}
