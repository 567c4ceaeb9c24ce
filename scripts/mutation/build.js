/** Compiles what Stryker has put its mutants into, all in one build, and the tests: for running, and unchecked. */
import { run } from '../run.js';

const UNCHECKED = ['--noCheck', '--declaration', 'false', '--isolatedDeclarations', 'false'];

// By its name alone: Stryker has it in its path, and links node_modules only later.
for (const project of ['tsconfig.json', 'test']) run('tsc', ['-p', project, ...UNCHECKED]);
