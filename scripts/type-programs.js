/**
 * Compiles the type tests as the programs that users have: each module mode, against the types of Koa 2 and Koa 3,
 * with `skipLibCheck` off.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { run } from './run.js';

const KOA_TYPES = { 'Koa 2': 'types-koa-2', 'Koa 3': '@types/koa' };

const PROGRAMS = {
  both: { module: 'node16', include: ['*.mts', '*.cts'] },
  nodenext: { module: 'nodenext', include: ['*.mts', '*.cts'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', include: ['*.mts'] },
  required: { module: 'node16', include: ['require.cts', 'interop.cts'] },
  // The types of the two packages contradict each other, which only `skipLibCheck` overlooks.
  'beside koa-session': { module: 'node16', include: ['koa-redis/*'], skipLibCheck: true },
  // How a module is found is left to the compiler: `node10` up to TypeScript 5, `bundler` since then.
  commonjs: { module: 'commonjs', include: ['require.cts', 'interop.cts'] },
};

/**
 * @param {string} project the folder with the sources in test/types, and with the packages; `sojourn` is this project
 * itself, or the package that is installed there
 * @param {string} compiler the package of the TypeScript compiler
 * @param {readonly string[]} programs
 */
export function compileTypePrograms(project, compiler, programs = Object.keys(PROGRAMS)) {
  const config = join(resolve(project), 'build/types.json');
  mkdirSync(dirname(config), { recursive: true });
  for (const [koa, types] of Object.entries(KOA_TYPES)) {
    for (const program of programs) {
      console.log(`  ${compiler}, ${koa}: ${program}`);
      writeFileSync(config, JSON.stringify(configuration(types, PROGRAMS[program])));
      run(process.execPath, [`node_modules/${compiler}/bin/tsc`, '-p', config], { cwd: project });
    }
  }
}

/** Paths are relative to the folder build. */
function configuration(types, { include, ...options }) {
  return {
    extends: '../test/types/tsconfig.json',
    compilerOptions: { ...options, paths: { koa: [`../node_modules/${types}/index.d.ts`] } },
    include: include.map(pattern => `../test/types/${pattern}`),
  };
}
