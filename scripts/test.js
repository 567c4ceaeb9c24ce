/**
 * Compiles the tests, from nothing, and runs them, as many files at once as there are processors: all, or those whose
 * path contains one of the arguments, but for those that contain one with a `!` before it. (Node 20 takes no glob after
 * `--test`.) Options (`--test-...`) are handed on; with `--compiled` the tests run as they were compiled before, for
 * another Node. A file that hangs is ended after a while, by its name.
 */
import { readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from './run.js';

const OUTPUT = 'build/test';
const LIMIT = process.env.SCALE === 'full' ? 3_600_000 : 600_000;
const [given, isCompiled] = [process.argv.slice(2), process.argv.includes('--compiled')];
const options = given.filter(argument => argument.startsWith('--') && argument !== '--compiled');
const wanted = given.filter(argument => !/^(--|!)/.test(argument));
const unwanted = given.filter(argument => argument.startsWith('!')).map(argument => argument.slice(1));

if (!isCompiled) compile();
run(process.execPath, [
  '--test',
  '--test-reporter=spec',
  `--test-timeout=${LIMIT}`,
  `--test-concurrency=${availableParallelism()}`,
  ...options,
  ...testFiles(),
]);

function compile() {
  rmSync(OUTPUT, { recursive: true, force: true });
  run('node_modules/.bin/tsc', ['-p', 'test']);
}

function testFiles() {
  const files = readdirSync(OUTPUT, { recursive: true }).filter(file => file.endsWith('.test.js'));
  const chosen = files.filter(
    file =>
      (wanted.length === 0 || wanted.some(part => file.includes(part))) &&
      !unwanted.some(part => file.includes(part)),
  );
  if (chosen.length === 0) throw new Error(`no test under ${OUTPUT} matches ${given.join(' ')}`);
  return chosen.sort().map(file => join(OUTPUT, file));
}
