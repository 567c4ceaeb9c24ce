/**
 * Writes the table of docs/migrating-from-koa-session.md from the list of intended differences, which the tests are
 * held to. Build first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { run } from './run.js';

const GUIDE = 'docs/migrating-from-koa-session.md';

run('node_modules/.bin/tsc', ['-p', 'test']);
const { DIFFERENCES } = await import('../build/test/differential/differences.js');
const { withTable } = await import('../build/test/differential/migration-guide.js');
writeFileSync(GUIDE, withTable(readFileSync(GUIDE, 'utf8'), DIFFERENCES));
