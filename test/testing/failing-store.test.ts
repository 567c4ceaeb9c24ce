import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { KoaSessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import { newSession } from '../stores/sessions.js';
import { runSuite } from './run-suite.js';

const lost = new Error('connection lost');

test('without a fault a failing store is the store', async () => {
  const { failed } = await runSuite({ create: () => failingStore(memoryStore()) });
  assert.deepEqual(failed, []);
});

test('what the store lacks, the failing store lacks', () => {
  const flaky = failingStore(mapStore());
  assert.equal('find' in flaky, false);
  assert.equal(Reflect.get(flaky, 'list'), undefined);
});

test('a verb fails until it is restored, and others do not', async () => {
  const flaky = failingStore(memoryStore());
  flaky.fail('update', lost);
  const update = () => flaky.update('key', newSession(), { version: 'any' });
  await assert.rejects(update(), lost);
  await assert.rejects(update(), lost);
  assert.equal(await flaky.find('key'), undefined);
  flaky.restore('update');
  assert.equal(await update(), false);
});

test('a failure without an error of its own tells the verb', async () => {
  const flaky = failingStore(memoryStore());
  flaky.fail('find');
  await assert.rejects(flaky.find('key'), /find/);
});

test('a verb fails a number of times', async () => {
  const flaky = failingStore(memoryStore());
  flaky.fail('find', lost, { times: 2 });
  await assert.rejects(flaky.find('key'), lost);
  await assert.rejects(flaky.find('key'), lost);
  assert.equal(await flaky.find('key'), undefined);
});

test('a failure beforehand keeps the work from being done', async () => {
  const flaky = failingStore(memoryStore());
  flaky.fail('insert', lost, { times: 1 });
  await assert.rejects(flaky.insert('key', newSession()), lost);
  assert.equal(await flaky.find('key'), undefined);
});

test('a failure afterwards loses the reply alone', async () => {
  const flaky = failingStore(memoryStore());
  const session = newSession();
  flaky.fail('insert', lost, { times: 1, afterwards: true });
  await assert.rejects(flaky.insert('key', session), lost);
  assert.deepEqual(await flaky.find('key'), session);
});

test('a delay puts a call off, and changes nothing', async () => {
  const flaky = failingStore(memoryStore());
  flaky.delay('find', 30);
  const found = flaky.find('key');
  assert.equal(await Promise.race([found, setTimeout(10, 'waiting')]), 'waiting');
  assert.equal(await found, undefined);
});

test('a call that hangs goes on when it is restored', async () => {
  const flaky = failingStore(memoryStore());
  flaky.hang('insert');
  const placement = flaky.insert('key', newSession());
  assert.equal(await Promise.race([placement, setTimeout(10, 'waiting')]), 'waiting');
  assert.equal(await flaky.find('key'), undefined);
  flaky.restore();
  assert.equal((await placement).placed, true);
});

test('a call that hangs afterwards has done its work', async () => {
  const flaky = failingStore(memoryStore());
  flaky.hang('insert', { afterwards: true });
  const placement = flaky.insert('key', newSession());
  await setTimeout(1);
  assert.ok(await flaky.find('key'));
  flaky.restore('insert');
  assert.equal((await placement).placed, true);
});

test('a later fault takes the place of an earlier, whose calls go on', async () => {
  const flaky = failingStore(memoryStore());
  flaky.hang('find');
  const found = flaky.find('key');
  flaky.fail('find', lost);
  assert.equal(await found, undefined);
  await assert.rejects(flaky.find('key'), lost);
});

test('every verb fails at once where the store is down, but one that has a fault of its own', async () => {
  const flaky = failingStore(memoryStore());
  flaky.fail('*', lost);
  flaky.delay('find', 1);
  assert.equal(await flaky.find('key'), undefined);
  await assert.rejects(flaky.count(), lost);
  await assert.rejects(flaky.close(), lost);
  flaky.restore();
  assert.equal(await flaky.count(), 0);
});

test('all fails before its first session, or after its last', async () => {
  const flaky = failingStore(memoryStore());
  await flaky.insert('key', newSession());
  const handles: string[] = [];
  const iterate = async () => {
    for await (const session of flaky.all()) handles.push(session.handle);
  };
  flaky.fail('all', lost, { times: 1 });
  await assert.rejects(iterate(), lost);
  assert.equal(handles.length, 0);
  flaky.fail('all', lost, { times: 1, afterwards: true });
  await assert.rejects(iterate(), lost);
  assert.equal(handles.length, 1);
});

test('a koa-session store can fail too, a synchronous one as well', async () => {
  const flaky = failingStore(mapStore());
  flaky.fail('set', lost, { times: 1, afterwards: true });
  const set = () => flaky.set('key', { a: 1 }, 1000, { rolling: false, changed: true, ctx: {} });
  await assert.rejects(async () => set(), lost);
  assert.deepEqual(flaky.get('key', 1000, { rolling: false, ctx: {} }), { a: 1 });
});

function mapStore(): KoaSessionStore {
  const records = new Map<string, Record<string, unknown>>();
  return {
    get: key => records.get(key),
    set: (key, record) => records.set(key, record),
    destroy: key => records.delete(key),
  };
}
