import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const page = readFileSync('docs/security.md', 'utf8');

/** The requirements of ASVS 5.0: V7, V3.3 and V9. */
const REQUIREMENTS = [
  ...['7.1.1', '7.1.2', '7.1.3', '7.2.1', '7.2.2', '7.2.3', '7.2.4', '7.3.1', '7.3.2'],
  ...['7.4.1', '7.4.2', '7.4.3', '7.4.4', '7.4.5', '7.5.1', '7.5.2', '7.5.3', '7.6.1', '7.6.2'],
  ...['3.3.1', '3.3.2', '3.3.3', '3.3.4', '3.3.5'],
  ...['9.1.1', '9.1.2', '9.1.3', '9.2.1', '9.2.2', '9.2.3', '9.2.4'],
];

const rows = [...page.matchAll(/^\| (\d\.\d\.\d) \|.*\| (\w+) \|.*\| (.*?) ?\|$/gm)].map(
  ([, number, met, shown]) => ({ number, met, shown }),
);

test('the page on security answers every requirement once, and says by whom it is met', () => {
  assert.deepEqual(rows.map(({ number }) => number).sort(), [...REQUIREMENTS].sort());
  for (const { number, met } of rows) {
    assert.ok(['default', 'strict', 'option', 'app'].includes(met as string), `${number}: ${met}`);
  }
});

test('what sojourn itself meets is shown by a test', () => {
  const unproven = rows.filter(({ met, shown }) => met !== 'app' && shown === '');
  assert.deepEqual(unproven, []);
});

test('every test that the page names is there, under that name', () => {
  const named = [...page.matchAll(/\[`(.+?)`\]\((\.\.\/test\/.+?)\)/g)];
  assert.ok(named.length > 30);
  const missing = named
    .filter(
      ([, name, file]) => !readFileSync(resolve('docs', file as string), 'utf8').includes(name as string),
    )
    .map(([link]) => link);
  assert.deepEqual(missing, []);
});
