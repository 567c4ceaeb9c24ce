import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { type Connection, connectTo } from '../fuzz/connection.js';
import { appWith } from '../harness/app.js';
import { parseSetCookie } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';
import { MODES } from './site.js';

/** What one response set: the pairs of the main cookie (its signature among them), and those of the chunks. */
interface Issue {
  readonly main: readonly string[];
  readonly chunks: readonly string[];
}

/** An app whose session holds whatever text it is asked to, and one client of it. */
class Place {
  readonly #connection: Connection;
  readonly #texts: { next: string };

  constructor(connection: Connection, texts: { next: string }) {
    this.#connection = connection;
    this.#texts = texts;
  }

  async issue(text: string): Promise<Issue> {
    this.#texts.next = text;
    const [response] = await this.#connection.send([{ method: 'PUT', headers: {} }]);
    assert.equal(response?.status, 200);
    const pairs = [...response.head.matchAll(/^set-cookie: (.*)$/gim)].map(([, line]) => {
      const { name, value } = parseSetCookie(line as string);
      return `${name}=${value}`;
    });
    const isChunk = (pair: string) => /^koa\.sess\.\d/.test(pair);
    return { main: pairs.filter(pair => !isChunk(pair)), chunks: pairs.filter(isChunk) };
  }

  /** The text of the session that these cookies stand for, or `new`. */
  async read(pairs: readonly string[]): Promise<string> {
    const [response] = await this.#connection.send([
      { method: 'GET', headers: { cookie: pairs.join('; ') } },
    ]);
    assert.equal(response?.status, 200);
    assert.doesNotMatch(response.head, /^set-cookie:/im);
    return JSON.parse(Buffer.from(response.body, 'latin1').toString()).text;
  }
}

async function placeOf(t: TestContext, options: TestOptions): Promise<Place> {
  const texts = { next: '' };
  const app = appWith(
    sojourn.createSession,
    { ...options, oversize: { chunk: 60_000 } },
    {
      '': ctx => {
        if (ctx.method === 'PUT') ctx.session.text = texts.next;
        return { text: ctx.session.isNew ? 'new' : ctx.session.text };
      },
    },
  );
  const connection = await connectTo(app);
  t.after(() => connection.close());
  return new Place(connection, texts);
}

/** Texts that no cookie can hold, of two to ten chunks. */
const longText: Arbitrary<string> = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), fc.integer({ min: 4100, max: 20_000 }))
  .map(([unit, size]) => unit.repeat(Math.ceil(size / (Buffer.byteLength(JSON.stringify(unit)) - 2))));

const twoTexts = fc.uniqueArray(longText, { minLength: 2, maxLength: 2 }) as Arbitrary<[string, string]>;

/** A shuffle: the same places whatever the length. */
const order = fc.array(fc.nat(), { minLength: 30, maxLength: 30 });

function inOrder(pairs: readonly string[], places: readonly number[]): string[] {
  return pairs
    .map((pair, index) => ({ pair, place: places[index % places.length] as number }))
    .sort((a, b) => a.place - b.place)
    .map(({ pair }) => pair);
}

/** What becomes of a chunk on its way. */
type Fate =
  | 'sent'
  | 'dropped'
  | 'sent twice'
  | "another response's"
  | "before another response's"
  | "after another response's"
  | 'altered'
  | 'cut'
  | 'empty'
  | "its neighbour's";

const fates: Arbitrary<Fate[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fate>('sent') },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Fate>('sent twice', "before another response's", "after another response's"),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Fate>(
        'dropped',
        "another response's",
        'altered',
        'cut',
        'empty',
        "its neighbour's",
      ),
    },
  ),
  { minLength: 30, maxLength: 30 },
);

const HARMLESS: ReadonlySet<Fate> = new Set([
  'sent',
  'sent twice',
  "before another response's",
  "after another response's",
]);

/** The pairs that arrive of chunk `index`. */
function arriving(fate: Fate, index: number, [ours, theirs]: readonly [Issue, Issue], at: number): string[] {
  const own = ours.chunks[index] as string;
  const other = theirs.chunks[index] ?? own.replace(/=.*/, '=');
  const start = own.indexOf('=') + 1;
  const place = start + (at % (own.length - start));
  switch (fate) {
    case 'sent':
      return [own];
    case 'dropped':
      return [];
    case 'sent twice':
      return [own, own];
    case "another response's":
      return [other];
    case "before another response's":
      return [own, other];
    case "after another response's":
      return [other, own];
    case 'altered':
      return [own.slice(0, place) + (own[place] === 'A' ? 'B' : 'A') + own.slice(place + 1)];
    case 'cut':
      return [own.slice(0, place) + own.slice(place + 1)];
    case 'empty':
      return [own.slice(0, start)];
    case "its neighbour's": {
      const neighbour = ours.chunks[(index + 1) % ours.chunks.length] as string;
      return [own.slice(0, start) + neighbour.slice(neighbour.indexOf('=') + 1)];
    }
  }
}

/** Where a chunk's pair has its name, its mark and its end, and a few places between. */
const placesIn = (pair: string) => [0, 9, 10, 11, 12, 18, 19, 20, 21, 1000, pair.length - 2, pair.length - 1];

for (const [mode, options] of Object.entries(MODES)) {
  test(`${mode} in chunks is the session that was written, in any order of the header`, async t => {
    const place = await placeOf(t, options);
    await fc.assert(
      fc.asyncProperty(longText, order, async (text, places) => {
        const { main, chunks } = await place.issue(text);
        assert.ok(chunks.length >= 2);
        assert.equal(await place.read(inOrder([...main, ...chunks], places)), text);
      }),
      { numRuns: 60 },
    );
  });

  test(`${mode}: of two issues' chunks, and of what is lost, doubled or altered on the way, no third session comes`, async t => {
    const place = await placeOf(t, options);
    await fc.assert(
      fc.asyncProperty(twoTexts, fates, order, fc.nat(), async (texts, all, places, at) => {
        const issues = [await place.issue(texts[0]), await place.issue(texts[1])] as const;
        const own = all.slice(0, issues[0].chunks.length);
        const pairs = own.flatMap((fate, index) => arriving(fate, index, issues, at));
        const seen = await place.read(inOrder([...issues[0].main, ...pairs], places));
        if (own.every(fate => HARMLESS.has(fate))) assert.equal(seen, texts[0]);
        // A neighbour may have the very same content.
        else if (own.includes("its neighbour's")) assert.ok(seen === texts[0] || seen === 'new');
        else assert.equal(seen, 'new');
      }),
      { numRuns: 150 },
    );
  });

  test(`${mode}: a main cookie that is altered, or has another's chunks, stands for no session`, async t => {
    const place = await placeOf(t, options);
    const [ours, theirs] = [await place.issue('a'.repeat(5000)), await place.issue('b'.repeat(5000))];
    assert.equal(await place.read([...ours.main, ...theirs.chunks]), 'new');
    const [main = '', ...signature] = ours.main;
    for (let index = main.indexOf('=') + 1; index <= main.length; index++) {
      for (const letter of ['', '9', 'A', '~', '.', ' ']) {
        const altered = main.slice(0, index) + letter + main.slice(index + 1);
        // A space before or after a value is none of it.
        if (altered.trim() === main) continue;
        assert.equal(await place.read([altered, ...signature, ...ours.chunks]), 'new', altered);
      }
      const longer = `${main.slice(0, index)}0${main.slice(index)}`;
      assert.equal(await place.read([longer, ...signature, ...ours.chunks]), 'new', longer);
    }
    assert.equal(await place.read([main, ...signature, ...ours.chunks]), 'a'.repeat(5000));
  });

  test(`${mode}: a chunk that is altered anywhere is none`, async t => {
    const place = await placeOf(t, options);
    const { main, chunks } = await place.issue('a'.repeat(5000));
    const [first = '', ...others] = chunks;
    assert.equal(await place.read([...main, first, ...others]), 'a'.repeat(5000));
    for (const index of placesIn(first)) {
      for (const letter of ['', '.', `${first[index]}${first[index]}`]) {
        const altered = first.slice(0, index) + letter + first.slice(index + 1);
        assert.equal(await place.read([...main, altered, ...others]), 'new', `${letter} at ${index}`);
      }
    }
  });
}
