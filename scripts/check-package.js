/**
 * Checks the package as users get it: packed, linted, installed by itself, which brings nothing and runs nothing, and
 * installed in a project that has Koa and nothing else. There `npm audit` is asked; every module is imported and
 * required, on this Node and on those whose binaries are the arguments; its types are compiled by several compilers;
 * Jest and Vitest load it. With `--update` the exported names are written anew.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runQuietly } from './run.js';
import { audit, checkIsAlone } from './supply-chain.js';
import { compileTypePrograms } from './type-programs.js';

const SNAPSHOT = 'test/package/exports.json';
const { name, version, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const binaries = process.argv.slice(2).filter(argument => argument !== '--update');
const nodes = [process.execPath, ...binaries.map(binary => resolve(binary))];

const project = mkdtempSync(join(tmpdir(), 'sojourn-package-'));
process.on('exit', () => rmSync(project, { recursive: true, force: true }));

const tarball = step('npm pack', pack);
step('publint', () => runQuietly('node_modules/.bin/publint', ['run', '--strict', tarball]));
step('attw', () => runQuietly('node_modules/.bin/attw', [tarball]));
step('no dependency, and nothing that runs when it is installed', () => checkIsAlone(tarball));
step('install with Koa alone', () => install('--omit=dev', '--omit=optional'));
step('links of the README', checkLinks);
step('npm audit', () => console.log(`ℹ npm audit: ${audit(project)}`));
for (const node of nodes) step(`import and require on ${versionOf(node)}`, () => checkModules(node));
step('install compilers and runners', () => install());
compileTypePrograms(project, 'typescript');
for (const compiler of ['typescript-6', 'typescript-5'])
  compileTypePrograms(project, compiler, ['both', 'commonjs']);
step('jest', () => runQuietly('node_modules/.bin/jest', ['--rootDir', 'jest'], { cwd: project }));
step('vitest', () => runQuietly('node_modules/.bin/vitest', ['run', '--dir', 'vitest'], { cwd: project }));

function step(name, check) {
  console.log(`  ${name}`);
  return check();
}

function pack() {
  cpSync('test/package', project, { recursive: true });
  cpSync('test/types', join(project, 'test/types'), { recursive: true });
  runQuietly('npm', ['pack', '--silent', '--pack-destination', project]);
  return join(project, `${name}-${version}.tgz`);
}

function install(...options) {
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  runQuietly('npm', ['install', ...quiet, ...options, tarball], { cwd: project });
}

/** Who reads the README in `node_modules` can follow its links, too. */
function checkLinks() {
  const folder = join(project, 'node_modules', name);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const links = Array.from(readme.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), ([, link]) => link);
  assert.ok(links.length > 0);
  assert.deepEqual(
    links.filter(link => !existsSync(join(folder, link))),
    [],
  );
}

/** Nothing may be printed beside the names: a warning is a user's bug report. */
function checkModules(node) {
  const paths = Object.keys(exports).filter(path => path !== './package.json');
  const specifiers = paths.map(path => path.replace('.', name));
  const imported = JSON.parse(capture(node, ['imports.mjs', ...specifiers]));
  const required = JSON.parse(capture(node, ['requires.cjs', ...specifiers]));
  assert.deepEqual(required, imported, 'what is required differs from what is imported');
  compareNames(imported);
}

function compareNames(names) {
  if (process.argv.includes('--update')) writeFileSync(SNAPSHOT, `${JSON.stringify(names, null, 2)}\n`);
  const expected = JSON.parse(readFileSync(SNAPSHOT, 'utf8'));
  assert.deepEqual(names, expected, `the exported names differ from ${SNAPSHOT}`);
}

function versionOf(node) {
  return `Node ${capture(node, ['--version']).trim()}`;
}

function capture(node, args) {
  const { stdout, stderr, status } = spawnSync(node, args, { cwd: project, encoding: 'utf8' });
  assert.equal(stderr, '', `node ${args.join(' ')} failed, or printed a warning`);
  assert.equal(status, 0);
  return stdout;
}
