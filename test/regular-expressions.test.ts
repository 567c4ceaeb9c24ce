import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Token, tokenizer } from 'acorn';

/** The package also has native builds, which are not there everywhere: all machines take this one. */
process.env.RECHECK_BACKEND = 'pure';
const { checkSync } = await import('recheck');

/** What is shipped is what is looked at. The CommonJS copy is of the same source. */
const SHIPPED = 'dist/esm';

interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/** Acorn's types leave out what a token says. */
interface ValuedToken extends Token {
  // biome-ignore lint/suspicious/noExplicitAny: it depends on the kind of the token
  readonly value: any;
}

/** The regular expressions that a module's text has, and how often it makes one of a text. */
function patternsIn(code: string): { literals: Pattern[]; made: number } {
  const literals: Pattern[] = [];
  let made = 0;
  const tokens = tokenizer(code, { ecmaVersion: 'latest', sourceType: 'module' }) as Iterable<ValuedToken>;
  for (const { type, value } of tokens) {
    if (type.label === 'regexp') literals.push({ source: value.pattern, flags: value.flags });
    if (type.label === 'name' && value === 'RegExp') made++;
  }
  return { literals, made };
}

/** Undefined for one that takes linear time whatever text it is given; else what a hostile text can make of it. */
function objectionTo({ source, flags }: Pattern): string | undefined {
  const found = checkSync(source, flags, { timeout: 60_000 });
  if (found.status === 'safe') return undefined;
  const why = found.status === 'vulnerable' ? found.complexity.summary : found.error.kind;
  return `/${source}/${flags} is ${found.status}: ${why}`;
}

test('no regular expression takes more than linear time, whatever text it is given', () => {
  const files = readdirSync(SHIPPED, { recursive: true }).map(String);
  const modules = files
    .filter(file => file.endsWith('.js'))
    .map(file => [file, join(SHIPPED, file)] as const);
  const found = modules.map(([file, path]) => ({ file, ...patternsIn(readFileSync(path, 'utf8')) }));
  assert.deepEqual(
    found.filter(({ made }) => made > 0).map(({ file }) => file),
    [],
    'one that is made of a text cannot be checked here',
  );
  const patterns = found.flatMap(({ file, literals }) => literals.map(pattern => ({ file, pattern })));
  assert.ok(patterns.length >= 20, `${patterns.length} found`);
  const objections = patterns.map(({ file, pattern }) => [file, objectionTo(pattern)]);
  assert.deepEqual(
    objections.filter(([, objection]) => objection !== undefined),
    [],
  );
});

const EVIL: Readonly<Record<string, string>> = {
  exponential: 'const name = /^(\\w+)+$/;',
  'quadratic, at an end that is not anchored': 'text.replace(/\\s+$/, "")',
  'quadratic, by two neighbours': 'if (/^\\d*[\\d.]*;/.test(text)) a / b / c;',
};

for (const [what, code] of Object.entries(EVIL)) {
  test(`that is found out: a regular expression that is ${what}`, () => {
    const [pattern, ...others] = patternsIn(code).literals;
    assert.deepEqual(others, [], 'and a division is none');
    assert.match(objectionTo(pattern as Pattern) ?? '', /is vulnerable: (exponential|2nd degree polynomial)/);
  });
}

test('that is found out: a regular expression that is made of a text', () => {
  assert.equal(patternsIn("const made = new RegExp('(a+)+$');").made, 1);
});
