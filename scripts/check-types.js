/** Compiles whatever no build compiles: the tests, the example, and the type tests as users' programs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { run } from './run.js';
import { compileTypePrograms } from './type-programs.js';

compareEntries();
for (const project of ['test', 'example', 'example/assets']) {
  console.log(`  ${project}`);
  run('node_modules/.bin/tsc', ['-p', project, '--noEmit']);
}
compileTypePrograms('.', 'typescript');

/** The entry for `require` is written by hand: it must name what the other one names, types too. */
function compareEntries() {
  const [imported, required] = ['src/index.ts', 'cjs/index.d.cts'].map(exportedNames);
  const missing = imported.filter(name => !required.includes(name));
  assert.deepEqual(missing, [], 'cjs/index.d.cts lacks what src/index.ts exports');
}

/** @param {string} file with exports in lists, and declarations of `const` and `type` */
function exportedNames(file) {
  const text = readFileSync(file, 'utf8');
  const lists = Array.from(text.matchAll(/\bexport (?:type )?{([^}]*)}/g), ([, list]) =>
    list.trim().split(/,\s*/),
  );
  const listed = lists.flat().map(entry => entry.split(' ').at(-1));
  const declared = Array.from(text.matchAll(/\bexport (?:const|type) (\w+)/g), ([, name]) => name);
  return [...listed, ...declared];
}
