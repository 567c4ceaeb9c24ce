/**
 * Compiles src into dist, from nothing, so that no deleted file lingers: ECMAScript modules, then CommonJS. The
 * declarations for `require` cover the subpaths alone; those of the main entry are written by hand in cjs/, because
 * Koa's context must be augmented by one file and not by a copy of it too.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { run } from './run.js';

rmSync('dist', { recursive: true, force: true });
for (const project of ['tsconfig.json', 'cjs/tsconfig.json', 'cjs/tsconfig.types.json']) {
  run('node_modules/.bin/tsc', ['-p', project]);
}
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
