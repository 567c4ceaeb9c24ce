import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as sojourn from 'sojourn';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const readme = read('README.md');

/** The texts in backticks in the first column of the table under this heading. */
function firstColumn(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').flatMap(line => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap(cell => [...cell.matchAll(/`(.+?)`/g)].map(([, text]) => text as string));
}

test('the README names every option, and no other', () => {
  const declared = [
    ...fieldsOf('src/options/options.ts', 'SessionOptions'),
    ...fieldsOf('src/credential/credential.ts', 'CookieAttributes'),
  ];
  const documented = new Set(firstColumn('Options'));
  // Attributes of the cookie are named together in one row, and the old spelling nowhere.
  const together = [...readme.matchAll(/the cookie; likewise (.*?) \|/g)].flatMap(([, list]) => [
    ...(list as string).matchAll(/`(\w+)`/g),
  ]);
  for (const [, name] of together) documented.add(name as string);
  const expected = new Set(declared.filter(name => name !== 'maxage'));
  assert.deepEqual([...documented].sort(), [...expected].sort());
});

function fieldsOf(file: string, name: string): string[] {
  const source = read(file).split(`export interface ${name}`)[1] ?? '';
  return [...(source.split('\n}')[0] ?? '').matchAll(/^ {2}readonly (\w+)\?:/gm)].map(
    ([, field]) => field as string,
  );
}

test('the README names every error with its code', () => {
  const rows = [...readme.matchAll(/^\| `(Session\w+Error)` \| `(\w+)` \|/gm)].map(([, name, code]) => [
    name,
    code,
  ]);
  const exported = Object.entries(sojourn)
    .filter(([name]) => /^Session\w+Error$/.test(name))
    .map(([name, error]) => [name, (error as unknown as { prototype: { code: string } }).prototype.code]);
  assert.deepEqual(rows.sort(), exported.sort());
});

test('the README is short enough to be read', () => {
  assert.ok(readme.split('\n').length <= 200);
});

test('every driver that a page on a store has one install is an optional peer', () => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(read('package.json'));
  const pages = readdirSync(join(root, 'docs/stores')).filter(page => page !== 'express.md');
  const commands = pages.flatMap(
    page => read(`docs/stores/${page}`).match(/^ {4}npm install sojourn .+$/gm) ?? [],
  );
  const drivers = commands.flatMap(command => command.match(/(?<=sojourn |or: )[@\w/-]+/g) ?? []);
  assert.ok(drivers.length >= 10, drivers.join());
  const others = drivers.filter(name => !peerDependencies[name] || !peerDependenciesMeta[name]?.optional);
  assert.deepEqual(others, []);
});

test('every relative link in the documents leads somewhere', () => {
  const documents = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    file => file.endsWith('.md') && !/(^|\/)(node_modules|build|dist)\//.test(file),
  );
  assert.ok(documents.length > 10);
  const dead = documents.flatMap(document =>
    [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, link]) => link as string)
      .filter(link => !existsSync(resolve(root, dirname(document), link)))
      .map(link => `${document}: ${link}`),
  );
  assert.deepEqual(dead, []);
});
