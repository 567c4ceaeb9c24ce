// Imports every module named on the command line, and prints what each exports.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import Koa from 'koa';
import Koa2 from 'koa-2';
import session, { SessionError, SessionStoreError } from 'sojourn';
import countVisits from './visits.cjs';

assert.deepEqual(await countVisits(Koa, session, 3), ['1', '2', '3']);
assert.deepEqual(await countVisits(Koa2, session, 3), ['1', '2', '3']);

// A program can hold both copies: a dependency may require what the app imports.
const required = createRequire(import.meta.url)('sojourn');
assert.ok(new SessionStoreError('down') instanceof required.SessionStoreError);
assert.ok(new required.SessionStoreError('down') instanceof SessionError);
const both = app => app.use(session(app)) && required(app);
assert.deepEqual(await countVisits(Koa, both, 3), ['1', '2', '3']);

const names = {};
for (const specifier of process.argv.slice(2)) names[specifier] = Object.keys(await import(specifier)).sort();
console.log(JSON.stringify(names));
