const Koa = require('koa');
const session = require('sojourn');
const { memoryStore } = require('sojourn/memory');
const countVisits = require('../visits.cjs');

test('a Koa app has a session under Jest', async () => {
  expect(await countVisits(Koa, session, 2)).toEqual(['1', '2']);
});

test('a subpath can be required under Jest', () => {
  expect(memoryStore).toBeInstanceOf(Function);
});
