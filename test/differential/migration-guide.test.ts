import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DIFFERENCES } from './differences.js';
import { withTable } from './migration-guide.js';

const GUIDE = new URL('../../../docs/migrating-from-koa-session.md', import.meta.url);

test('the migration guide tells every intended difference: node scripts/migration-guide.js writes them', () => {
  const guide = readFileSync(GUIDE, 'utf8');
  assert.equal(guide, withTable(guide, DIFFERENCES));
});

test('each difference is told in one line of the table, without a full stop', () => {
  for (const { id, koaSession, sojourn, why } of DIFFERENCES) {
    for (const text of [koaSession, sojourn, why]) {
      assert.match(text, /^[^\n]*[^\n.]$/, id);
    }
  }
});
