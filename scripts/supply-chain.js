import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuietly } from './run.js';

/**
 * Installs the package by itself, without the peers that an app has anyway: it must bring nothing else, and npm must
 * see nothing in it that runs when it is installed.
 *
 * @param {string} tarball
 */
export function checkIsAlone(tarball) {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-alone-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const quiet = ['--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    runQuietly('npm', ['install', ...quiet, tarball], { cwd: folder });
    const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
    assert.deepEqual(Object.keys(packages), ['node_modules/sojourn'], 'the package brings others with it');
    const [installed] = Object.values(packages);
    assert.equal(installed.hasInstallScript, undefined, 'something runs when the package is installed');
    assert.ok(!existsSync(join(folder, 'node_modules/sojourn/binding.gyp')), 'npm would compile something');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Asks the registry for what is known against the packages that are installed in a project: the package, its peers,
 * and what those need.
 *
 * @param {string} project
 * @returns {string} what came of it; where the registry does not answer, that nothing was checked
 */
export function audit(project) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: project, encoding: 'utf8' });
  const report = JSON.parse(stdout);
  if (!report.metadata) return `NOT CHECKED, the registry does not answer (${report.message ?? stdout})`;
  assert.deepEqual(Object.keys(report.vulnerabilities), [], 'npm audit knows of vulnerabilities');
  return 'nothing is known against what users get';
}
