import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inside } from '../harness/inside.js';

type Data = Record<string, unknown>;
interface Bookkeeping {
  readonly expiresAt?: number | undefined;
  readonly maxAge?: number | 'session' | undefined;
  readonly createdAt?: number | undefined;
  readonly lastSeenAt?: number | undefined;
  readonly handle?: string | undefined;
  readonly rotations?: number | undefined;
}
interface KoaRecord extends Bookkeeping {
  readonly raw: Data;
  readonly isPlain: boolean;
}

const { readRecord, dataOf, toRecord, toRecordText, cutDataText, ownFieldsOf, isDuration, isJsonObject } =
  await inside<{
    readRecord(value: unknown): KoaRecord | undefined;
    dataOf(record: KoaRecord): Data;
    toRecord(data: Data, bookkeeping: Bookkeeping): Data;
    toRecordText(data: Data, json: string, bookkeeping: Bookkeeping): [string, string];
    cutDataText(text: string, record: KoaRecord): string | undefined;
    ownFieldsOf(bookkeeping: Bookkeeping): Data | undefined;
    isDuration(value: unknown): boolean;
    isJsonObject(value: unknown): boolean;
  }>('session/record');

const LAST_INSTANT = 8.64e15;
const read = (text: string): KoaRecord => readRecord(JSON.parse(text)) as KoaRecord;

describe('a record', () => {
  for (const value of [undefined, null, 'text', 5, true, [], [{}]]) {
    test(`is not ${JSON.stringify(value)}`, () => {
      assert.equal(readRecord(value), undefined);
      assert.equal(isJsonObject(value), false);
    });
  }

  for (const wrong of [
    { _expire: '5' },
    { _expire: null },
    { _expire: LAST_INSTANT + 1 },
    { _expire: -LAST_INSTANT - 1 },
    { _expire: Number.NaN },
    { _expire: [5] },
    { _maxAge: 'session' },
    { _maxAge: -1 },
    { _maxAge: LAST_INSTANT / 2 + 1 },
    { _maxAge: [5] },
    { _session: false },
    { _session: 1 },
    { _data: [] },
    { _data: null },
    { _data: 'text' },
    { _created: '5' },
    { _seen: '5' },
    { _handle: 5 },
    { _handle: '' },
    { _handle: 'a b' },
    { _handle: '.abc' },
    { _handle: 'abc.' },
    { _handle: 'x'.repeat(65) },
    { _handle: ['abc'] },
    { _rotations: 0 },
    { _rotations: 1.5 },
    { _rotations: '1' },
    { _rotations: 2 ** 53 },
  ]) {
    const [[name, value]] = Object.entries(wrong) as [[string, unknown]];
    test(`has no ${name} of ${JSON.stringify(value)}`, () => {
      assert.equal(readRecord({ user: 'ann', ...wrong }), undefined);
    });
  }

  for (const right of [
    { _expire: LAST_INSTANT },
    { _expire: -LAST_INSTANT },
    { _expire: 0 },
    { _maxAge: 0 },
    { _maxAge: LAST_INSTANT / 2 },
    { _session: true },
    { _data: {} },
    { _created: 0 },
    { _seen: 0 },
    { _handle: 'x' },
    { _rotations: 1 },
    { _handle: 'Az09_-'.repeat(10) },
  ]) {
    test(`may have ${JSON.stringify(right)}`, () => {
      assert.deepEqual(readRecord(right)?.raw, right);
    });
  }

  test('is read with the bookkeeping in its underscored fields', () => {
    const raw = { _expire: 1, _maxAge: 2, _created: 3, _seen: 4, _handle: 'h', _rotations: 5, user: 'ann' };
    const bookkeeping = { expiresAt: 1, maxAge: 2, createdAt: 3, lastSeenAt: 4, handle: 'h', rotations: 5 };
    assert.deepEqual(readRecord(raw), { raw, ...bookkeeping, isPlain: true });
  });

  test('of a session that ends with the browser says so, whatever else it says', () => {
    assert.equal(readRecord({ _session: true })?.maxAge, 'session');
    assert.equal(readRecord({ _session: true, _maxAge: 5 })?.maxAge, 'session');
    assert.equal(readRecord({ _maxAge: 5 })?.maxAge, 5);
    assert.equal(readRecord({})?.maxAge, undefined);
  });

  test('is plain if no field is the app’s under another name, and none is of nobody', () => {
    const known = {
      _expire: 1,
      _maxAge: 2,
      _session: true,
      _created: 3,
      _seen: 4,
      _handle: 'h',
      _rotations: 5,
    };
    assert.equal(readRecord(known)?.isPlain, true);
    assert.equal(readRecord({ ...known, _data: {} })?.isPlain, false);
    assert.equal(readRecord({ ...known, _other: 1 })?.isPlain, false);
    assert.equal(read('{"__proto__":1}').isPlain, false);
  });
});

describe('the data of a record', () => {
  for (const [text, data] of [
    [
      '{"b":1,"a":2,"_expire":1,"_maxAge":2,"_created":3,"_seen":4,"_handle":"h","_rotations":5}',
      '{"b":1,"a":2}',
    ],
    ['{"_session":true}', '{}'],
    ['{"a":1,"_other":2}', '{"a":1}'],
    ['{"a":1,"_data":{"_x":2,"length":3}}', '{"a":1,"_x":2,"length":3}'],
    ['{"__proto__":{"a":1},"b":2}', '{"__proto__":{"a":1},"b":2}'],
    ['{"_data":{"__proto__":{"a":1}},"b":2}', '{"b":2,"__proto__":{"a":1}}'],
  ] as const) {
    test(`in ${text}`, () => {
      const record = read(text);
      const found = dataOf(record);
      assert.equal(JSON.stringify(found), data);
      assert.equal(Object.getPrototypeOf(found), Object.prototype);
      assert.notEqual(found, record.raw);
    });
  }

  test('are properties like any other, whatever their names', () => {
    const data = dataOf(read('{"__proto__":1,"toString":2,"_data":{}}'));
    for (const name of ['__proto__', 'toString']) {
      assert.deepEqual(Object.getOwnPropertyDescriptor(data, name), {
        value: name === 'toString' ? 2 : 1,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  });
});

const texts = [
  '{}',
  '{"user":"ann"}',
  '{"b":[1,{"_x":1}],"a":null}',
  '{"user":"ann","_private":1}',
  '{"_a":1}',
  ...['toJSON', 'length', 'populated', 'maxAge', 'externalKey', 'isNew', '__proto__'].map(
    name => `{"${name}":1,"user":2}`,
  ),
];
const bookkeepings: Bookkeeping[] = [
  { expiresAt: 1000, maxAge: 500 },
  { maxAge: 'session' },
  { maxAge: 'session', expiresAt: 1000, createdAt: 1 },
  { expiresAt: 1000, maxAge: 500, createdAt: 0 },
  { expiresAt: 1000, maxAge: 500, lastSeenAt: 2 },
  { expiresAt: 1000, maxAge: 700, handle: 'h' },
  { expiresAt: 1000, maxAge: 500, createdAt: 1, lastSeenAt: 2, handle: 'h' },
  { expiresAt: 1000, maxAge: 500, handle: 'h', rotations: 5 },
];

test('a record is written as koa-session writes it, with our bookkeeping behind', () => {
  const data = JSON.parse('{"user":"ann","_a":1,"length":2}');
  assert.equal(
    JSON.stringify(toRecord(data, { expiresAt: 5, maxAge: 3, createdAt: 2, lastSeenAt: 4, handle: 'h' })),
    '{"user":"ann","_data":{"_a":1,"length":2},"_expire":5,"_maxAge":3,"_created":2,"_seen":4,"_handle":"h"}',
  );
  assert.equal(JSON.stringify(toRecord({}, { maxAge: 'session', expiresAt: 5 })), '{"_session":true}');
  assert.equal(
    JSON.stringify(toRecord({ a: 1 }, { expiresAt: 5, maxAge: 3 })),
    '{"a":1,"_expire":5,"_maxAge":3}',
  );
  assert.deepEqual(Object.keys(toRecord({ a: 1 }, { expiresAt: 5, maxAge: 3 })), ['a', '_expire', '_maxAge']);
});

for (const json of texts) {
  test(`a record of ${json} is read as it was written, and its text is its JSON`, () => {
    for (const bookkeeping of bookkeepings) {
      const data = JSON.parse(json) as Data;
      const text = JSON.stringify(toRecord(data, bookkeeping));
      assert.equal(toRecordText(data, json, bookkeeping).join(''), text);
      const record = read(text);
      assert.deepEqual(Object.entries(dataOf(record)).sort(), Object.entries(data).sort());
      for (const name of ['maxAge', 'createdAt', 'lastSeenAt', 'handle', 'rotations'] as const)
        assert.equal(record[name], bookkeeping[name]);
      assert.equal(cutDataText(text, record), record.isPlain ? json.slice(0, -1) : undefined);
      assert.equal(record.isPlain, !/_private|_a|":1,"user/.test(json));
    }
  });
}

test('the JSON of the data is cut from no text that is written in another way', () => {
  for (const text of [
    '{"a":1,"_other":2,"_expire":5,"_maxAge":3}',
    '{"a":1,"_maxAge":3,"_expire":5}',
    '{"a":1, "_expire":5,"_maxAge":3}',
    '{"a":1,"_expire":5,"_maxAge":3} ',
    '{"a":1,"_expire":5}',
    '{"a":1}',
    '{ "_expire":5,"_maxAge":3}',
  ]) {
    assert.equal(cutDataText(text, read(text)), undefined, text);
  }
});

test('of our own bookkeeping, only what is known is written', () => {
  assert.equal(ownFieldsOf({ expiresAt: 1, maxAge: 2 }), undefined);
  assert.deepEqual(ownFieldsOf({ createdAt: 0 }), { _created: 0 });
  assert.deepEqual(ownFieldsOf({ lastSeenAt: 0 }), { _seen: 0 });
  assert.deepEqual(ownFieldsOf({ handle: 'h' }), { _handle: 'h' });
  assert.deepEqual(ownFieldsOf({ handle: 'h', rotations: 5 }), { _handle: 'h', _rotations: 5 });
});

test('a lifetime is a number of ms that leads to no date beyond the last', () => {
  for (const duration of [0, 1.5, LAST_INSTANT / 2]) assert.ok(isDuration(duration));
  for (const value of [-1, LAST_INSTANT / 2 + 1, Number.NaN, Number.POSITIVE_INFINITY, '5', [5], null])
    assert.ok(!isDuration(value));
});
