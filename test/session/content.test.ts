import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { inside } from '../harness/inside.js';

type Data = Record<string, unknown>;
interface Content {
  readonly data: Data;
  readonly json: string;
}

const { contentOf, copiedContent, cutContent, isChangedContent, contentLike, isSameContent, isEmptyContent } =
  await inside<{
    contentOf(data: Data): Content;
    cutContent(data: Data, head: string): Content;
    copiedContent(data: Data): Content;
    contentLike(other: Content | undefined, data: Data): Content;
    isSameContent(one: Content, other: Content): boolean;
    isChangedContent(content: Content, before: Content | undefined): boolean;
    isEmptyContent(content: Content): boolean;
  }>('session/content');

const json = fc.dictionary(
  fc.oneof(fc.string(), fc.constant('__proto__')),
  fc.jsonValue(),
) as fc.Arbitrary<Data>;

/** Two values that are often the same, and often nearly so. */
const pairs = fc.oneof(
  json.map(data => [data, JSON.parse(JSON.stringify(data))]),
  fc.tuple(json, json),
  fc
    .tuple(json, fc.string(), fc.jsonValue())
    .map(([data, name, value]) => [data, { ...data, [name]: value }]),
  json.map(data => [data, Object.fromEntries(Object.entries(data).reverse())]),
) as fc.Arbitrary<[Data, Data]>;

/** Whatever JavaScript knows, which JSON would change, drop or fail at. */
const anything = fc.dictionary(
  fc.string(),
  fc.anything({ withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
) as fc.Arbitrary<Data>;

test('data that are nested too deep to be loaded again are refused', () => {
  const nested = (levels: number) => ({ a: listsWithin(levels - 1) });
  for (const make of [contentOf, copiedContent]) {
    assert.deepEqual(make(nested(1000)).data, nested(1000));
    assert.throws(() => make(nested(1001)), /TypeError: the session is nested too deep/);
  }
});

test('what counts is how deep the text is: an object that says what it is in JSON may have any others', () => {
  class Model {
    readonly parent: object = { child: this };
    readonly shown: unknown;
    constructor(shown: unknown) {
      this.shown = shown;
    }
    toJSON() {
      return this.shown;
    }
  }
  const long = '[{'.repeat(3000);
  assert.equal(contentOf({ user: new Model(long) }).json, JSON.stringify({ user: long }));
  assert.throws(() => contentOf({ user: new Model(listsWithin(1000)) }), /nested too deep/);
});

const listsWithin = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe('a copied content', () => {
  test('is the same as another exactly where their JSON texts are', () => {
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        assert.equal(isSameContent(copiedContent(one), copiedContent(other)), isSame);
        assert.equal(isSameContent(copiedContent(one), contentOf(other)), isSame);
        assert.equal(isSameContent(contentOf(one), copiedContent(other)), isSame);
      }),
      { numRuns: 2000 },
    );
  });

  test('has the text and the emptiness of what it was made of, whatever that holds', () => {
    fc.assert(
      fc.property(fc.oneof(json, anything), data => {
        let text: string;
        try {
          text = JSON.stringify(data);
        } catch {
          assert.throws(() => copiedContent(data), TypeError);
          return;
        }
        const content = copiedContent(data);
        assert.equal(content.json, text);
        assert.equal(content.data, data);
        assert.equal(isEmptyContent(content), text === '{}');
      }),
      { numRuns: 2000 },
    );
  });

  test('stays as it was, whatever becomes of the data', () => {
    const data = { user: { roles: ['admin'] }, views: 1 };
    const [content, text] = [copiedContent(data), JSON.stringify(data)];
    const same = copiedContent(JSON.parse(text));
    data.user.roles.push('editor');
    data.views++;
    assert.ok(isSameContent(content, same));
    assert.equal(content.json, text);
    assert.ok(!isSameContent(content, contentLike(content, data)));
  });

  describe('of small and plain data', () => {
    /** What JSON knows, and nothing here is the same as anything else. */
    const values: readonly unknown[] = [
      ...['', 'a', '0', 0, 1, -1.5, true, false, null],
      ...[[], [1], ['a'], [1, 2], [1, 3], [2, 1], [null], [[1]], [[2]], [{}], [{ a: 1 }]],
      ...[{}, { a: 1 }, { a: 2 }, { b: 1 }, { a: 1, b: 2 }, { b: 2, a: 1 }, { a: [1] }, { a: { b: 1 } }],
      ...[{ a: { b: 2 } }, { 0: 'a' }, { 0: 1 }, { length: 0 }, { 0: 'a', length: 1 }],
    ];

    /** How often a text was made. */
    const textsMade = (t: TestContext, work: () => void): number => {
      const { mock } = t.mock.method(JSON, 'stringify');
      work();
      mock.restore();
      return mock.callCount();
    };

    test('is compared without a text', t => {
      const made = textsMade(t, () => {
        for (const [index, one] of values.entries()) {
          for (const [position, other] of values.entries()) {
            const contents = [
              copiedContent({ value: one }),
              copiedContent(structuredClone({ value: other })),
            ];
            const isSame = isSameContent(...(contents as [Content, Content]));
            assert.equal(isSame, index === position, `${inspect(one)} and ${inspect(other)}`);
          }
          assert.equal(isChangedContent(copiedContent({ value: one }), copiedContent({})), true);
          assert.equal(isEmptyContent(copiedContent({ value: one })), false);
        }
        assert.equal(isEmptyContent(copiedContent({})), true);
      });
      assert.equal(made, 0);
    });

    const named = (count: number, value: (index: number) => unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`name${index}`, value(index)]));
    /** An object or a list counts for its members and itself. */
    const lists = (count: number): Data => ({ list: Array(count - 3).fill(1) });
    const objects = (count: number): Data =>
      named(14, index => named(index === 0 ? count - 237 : 16, member => member));

    for (const [what, most, more] of [
      ['16 names in an object', named(16, String), named(17, String)],
      ['16 names in an object within', { a: named(16, String) }, { a: named(17, String) }],
      ['250 values in lists', lists(250), lists(251)],
      ['250 values in objects', objects(250), objects(251)],
    ] as const) {
      test(`has a copy of at most ${what}, and the text of more`, t => {
        assert.equal(
          textsMade(t, () => copiedContent(most)),
          0,
        );
        assert.equal(
          textsMade(t, () => copiedContent(more)),
          1,
        );
        for (const data of [most, more]) assert.equal(copiedContent(data).json, JSON.stringify(data));
      });
    }
  });

  for (const [what, value] of Object.entries({
    'a date': new Date(0),
    'what has a JSON form of its own': { toJSON: () => 'form' },
    'what JSON drops': undefined,
    'a function': () => {},
    'no number': Number.NaN,
    'minus zero': -0,
    'an object without a prototype': Object.assign(Object.create(null), { a: 1 }),
    'an object of a class': new (class Account {
      name = 'ann';
    })(),
    'a list with a hole': Array(3),
    'a map': new Map([[1, 2]]),
    'a boxed string': Object('text'),
    'what has a hidden JSON form': Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'form' }),
    'a list with a JSON form': Object.assign([1], { toJSON: () => 'form' }),
    'a list that iterates over something else': Object.assign([1, 2], { *[Symbol.iterator]() {} }),
    'a list that inherits from objects': Object.setPrototypeOf([1, 2], Object.prototype),
    'an object that inherits from lists': Object.setPrototypeOf({ x: 1 }, Array.prototype),
    'many names': Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`name${index}`, index])),
    'many values': Array.from({ length: 1000 }, (_, index) => ({ index })),
  })) {
    test(`of data with ${what} has the text that JSON makes of them`, () => {
      for (const data of [{ value }, { nested: { value, after: 1 } }, { list: [value] }]) {
        const content = copiedContent(data);
        assert.equal(content.json, JSON.stringify(data));
        assert.ok(isSameContent(content, copiedContent(JSON.parse(JSON.stringify(data)))));
      }
    });
  }

  test('of data in a circle is refused as JSON refuses it, and as soon', () => {
    let looks = 0;
    const get = (target: object, name: string | symbol) => {
      looks++;
      return Reflect.get(target, name);
    };
    const rows = new Proxy(Array(1000).fill(1), { get });
    const data: Data = { rows };
    data.self = { data };
    assert.throws(() => copiedContent(data), /circular/);
    assert.ok(looks < 2000, 'JSON looks once at each, and a copy did each time that it went round');
  });

  test('of a list that grows while it is read is the one that JSON reads', () => {
    const growing = (): unknown[] => {
      const list: unknown[] = [1, 2];
      return Object.defineProperty(list, 0, { get: () => list.push(3), enumerable: true });
    };
    assert.equal(copiedContent({ list: growing() }).json, JSON.stringify({ list: growing() }));
  });

  test('that JSON has no form for is no change', () => {
    const content = copiedContent({ toJSON: () => undefined });
    assert.equal(isChangedContent(content, undefined), false);
    assert.equal(isChangedContent(content, copiedContent({ user: 'ann' })), false);
    assert.equal(isChangedContent(copiedContent({ user: 'ann' }), undefined), true);
    assert.equal(isChangedContent(copiedContent({}), undefined), false);
  });

  test('knows own data alone where a prototype is polluted', t => {
    t.after(() => Reflect.deleteProperty(Object.prototype, 'stray'));
    for (const value of [1, [1], { a: 1 }]) {
      Object.defineProperty(Object.prototype, 'stray', { value, enumerable: true, configurable: true });
      const [one, other] = [0, 1].map(() => copiedContent({ user: 'ann', nested: {} })) as [Content, Content];
      assert.ok(isSameContent(one, other));
      assert.equal(one.json, '{"user":"ann","nested":{}}');
    }
  });
});

describe('content that was cut from a longer text', () => {
  const cut = (data: Data) => cutContent(data, JSON.stringify(data).slice(0, -1));

  test('is the same as content of the same text, and as no other', () => {
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        for (const content of [contentOf(one), copiedContent(one), cut(one)]) {
          assert.equal(isSameContent(content, cut(other)), isSame);
          assert.equal(isSameContent(cut(other), content), isSame);
          assert.equal(isChangedContent(content, cut(other)), !isSame);
        }
      }),
    );
  });

  test('has the whole text', () => {
    for (const data of [{}, { user: 'ann' }, { a: { b: [1, '}'] } }]) {
      assert.equal(cut(data).json, JSON.stringify(data));
      assert.equal(isEmptyContent(cut(data)), Object.keys(data).length === 0);
      assert.ok(!(contentLike(cut(data), data) instanceof copiedContent({}).constructor));
    }
  });

  test('differs from data that have no JSON', () => {
    assert.ok(!isSameContent({ data: {}, json: undefined as never }, cut({})));
    assert.ok(!isSameContent(cut({}), { data: {}, json: undefined as never }));
  });
});
