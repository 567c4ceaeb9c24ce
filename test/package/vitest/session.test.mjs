import Koa from 'koa';
import session from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { expect, test } from 'vitest';
import countVisits from '../visits.cjs';

test('a Koa app has a session under Vitest', async () => {
  expect(await countVisits(Koa, session, 2)).toEqual(['1', '2']);
});

test('a subpath can be imported under Vitest', () => {
  expect(memoryStore).toBeInstanceOf(Function);
});
