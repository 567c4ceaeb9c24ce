import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sealed } from 'sojourn';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: { sojourn: string } };
const command = join(root, bin.sojourn);

const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });

test('`sojourn keygen` prints one key that `sealed` takes, and another one each time', () => {
  const printed = [run('keygen'), run('keygen')].map(({ status, stdout, stderr }) => {
    assert.deepEqual([status, stderr], [0, '']);
    return stdout;
  });
  for (const line of printed) {
    assert.match(line, /^[\w-]{43}\n$/);
    sealed(line.trim());
  }
  assert.notEqual(printed[0], printed[1]);
});

test('anything else tells the usage, prints no key, and fails', () => {
  for (const args of [[], ['keygn'], ['keygen', '--bits=8']]) {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^usage: sojourn keygen /);
  }
});

test('the command can be run by its file alone', () => {
  assert.match(readFileSync(command, 'utf8'), /^#!\/usr\/bin\/env node\n/);
});
