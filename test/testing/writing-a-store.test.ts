import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';

const page = readFileSync('docs/stores/writing-a-store.md', 'utf8');
// Within the package, so that `sojourn` is found by its own name.
const folder = mkdtempSync('build/writing-a-store-');
after(() => rmSync(folder, { recursive: true }));

test('the example of the page on writing a store passes the suite', () => {
  for (const [, name, code] of page.matchAll(/<!-- ([\w.-]+) -->\n```js\n(.*?)```/gs)) {
    writeFileSync(join(folder, name ?? ''), code ?? '');
  }
  const { status, stdout } = runTests(join(folder, 'file-store.test.js'));
  assert.equal(status, 0, stdout);
  assert.ok(Number(/# pass (\d+)/.exec(stdout)?.[1]) > 60, stdout);
});

function runTests(file: string): { status: number | null; stdout: string } {
  // With NODE_TEST_CONTEXT a test runner reports to the one that runs this file.
  const env = { ...process.env, TMPDIR: resolve(folder), NODE_TEST_CONTEXT: undefined };
  return spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { env, encoding: 'utf8' });
}
