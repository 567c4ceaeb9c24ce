/**
 * The import ladder: a file of src imports, types included, only from rungs below its own, or from its own entry's
 * folder (where Biome refuses cycles). The list is the architecture, bottom to top; ARCHITECTURE.md says why. `*` is
 * any file of a folder, `**` of its subfolders too; the longest pattern that fits a file decides, so one that is named
 * in full stands apart from its folder.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const ladder = [
  ['errors.ts', 'awaitable.ts'],
  ['codec/*', 'stores/owner-tag.ts'],
  ['cli/*'],
  ['stores/store.ts', 'session/*'],
  ['stores/notices.ts'],
  ['stores/sql/*', 'stores/redis/*', 'stores/mongodb/*', 'credential/session-key.ts'],
  ['stores/*', 'testing/**', 'credential/*', 'persistence/**'],
  ['options/*'],
  ['exchange/*'],
  ['koa.ts'],
  ['manager.ts'],
  ['middleware.ts'],
  ['index.ts'],
];

/** Files that may see less of src than their rung allows. */
const confined = [
  { files: 'stores/', see: ['stores/', 'errors.ts', 'codec/codec.ts'] },
  { files: 'testing/', see: ['testing/', 'stores/store.ts', 'errors.ts'] },
];

/** Folders whose files know nothing of Koa. Of packages, src imports Koa's types alone: no driver, even as a type. */
const withoutKoa = ['session/', 'codec/', 'stores/', 'testing/'];

const files = readdirSync('src', { recursive: true })
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts'))
  .sort();
const problems = [...files.flatMap(check), ...deadPatterns()];

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

function check(file) {
  if (rungOf(file) === 0) return [`src/${file}: stands on no rung of the ladder`];
  return importsOf(file).flatMap(({ specifier, line, text }) => {
    const objection = specifier.startsWith('.')
      ? objectToFile(file, specifier)
      : objectToPackage(file, specifier, text);
    return objection === undefined ? [] : [`src/${file}:${line}: ${objection}\n    ${text.trim()}`];
  });
}

/** Every module that the code of a file names, with its line, in the form that the formatter gives it. */
function importsOf(file) {
  const lines = readFileSync(`src/${file}`, 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const named = text.matchAll(
      /^(?:(?:import|export|}) (?:.* )?from|import) '([^']+)'|\b(?:import|require)\('([^']+)'/g,
    );
    return Array.from(named, ([, whole, called]) => ({ specifier: whole ?? called, line: index + 1, text }));
  });
}

function objectToFile(file, specifier) {
  const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
  const [from, to] = [rungOf(file), rungOf(target)];
  if (to > from || (to === from && entryOf(target) !== entryOf(file)))
    return `rung ${from} imports from rung ${to}`;
  const limit = confined.find(({ files }) => file.startsWith(files));
  if (limit && !limit.see.some(allowed => target.startsWith(allowed))) {
    return `${limit.files} imports only from ${limit.see.join(', ')}`;
  }
}

function objectToPackage(file, specifier, text) {
  if (specifier.startsWith('node:')) return;
  if (specifier !== 'koa' || !/^(?:import|export) type\b/.test(text))
    return 'src imports no package but the types of Koa';
  if (withoutKoa.some(folder => file.startsWith(folder))) return 'this folder knows nothing of Koa';
}

/** The rung of a file, from 1; 0 for one that stands on none. */
function rungOf(file) {
  return ladder.findIndex(rung => rung.includes(entryOf(file))) + 1;
}

function entryOf(file) {
  const fitting = ladder.flat().filter(pattern => fits(file, pattern));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function fits(file, pattern) {
  if (pattern.endsWith('/**')) return file.startsWith(pattern.slice(0, -2));
  return pattern.endsWith('/*') ? posix.dirname(file) === pattern.slice(0, -2) : file === pattern;
}

function deadPatterns() {
  const dead = ladder.flat().filter(pattern => !files.some(file => fits(file, pattern)));
  return dead.map(pattern => `ladder: no file of src fits ${pattern}`);
}
