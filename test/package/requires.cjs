'use strict';

// Requires every module named on the command line, and prints what each exports.
const assert = require('node:assert/strict');
const Koa = require('koa');
const Koa2 = require('koa-2');
const session = require('sojourn');
const countVisits = require('./visits.cjs');

async function main() {
  assert.equal(typeof session, 'function');
  for (const name of ['default', 'session', 'createSession']) assert.equal(session[name], session);
  assert.deepEqual(await countVisits(Koa, session, 3), ['1', '2', '3']);
  assert.deepEqual(await countVisits(Koa2, session, 3), ['1', '2', '3']);

  const names = {};
  for (const specifier of process.argv.slice(2)) names[specifier] = Object.keys(require(specifier)).sort();
  console.log(JSON.stringify(names));
}

main();
