import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mock, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { SessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { storeSuite, type TestBody } from 'sojourn/testing';
import { OpenStore } from './mutants/open-store.js';
import { runSuite } from './run-suite.js';

/** The verbs that no store may lack. */
function bareStore(): SessionStore {
  const { find, insert, update, touch, move, end } = new OpenStore();
  return { find, insert, update, touch, move, end };
}

test('a store without the verbs that it may lack passes, and their cases are skipped by name', async () => {
  const { failed, skipped } = await runSuite({ create: bareStore });
  assert.deepEqual(failed, []);
  const topics = new Set(skipped.map(name => name.split(':')[0]));
  for (const topic of [
    'endByHandle',
    'endOwned',
    'list',
    'count',
    'all',
    'limit',
    'peek',
    'subscribe',
    'prune',
    'close',
    'malformed',
  ]) {
    assert.ok(topics.has(topic), `${topic} is not skipped`);
  }
  for (const topic of ['find', 'insert', 'update', 'touch', 'move', 'end', 'expiry', 'tombstone']) {
    assert.ok(!topics.has(topic), `${topic} is skipped`);
  }
});

test('where a runner cannot skip a test that runs, a warning names what was skipped', async () => {
  const warned: string[] = [];
  const onWarning = (warning: Error) => void warned.push(warning.message);
  process.on('warning', onWarning);
  const runs = new Map<string, () => Promise<void>>();
  storeSuite({ test: (name, run) => runs.set(name, run), create: bareStore });
  await runs.get('all: can be left before its end')?.();
  await new Promise(setImmediate);
  process.off('warning', onWarning);
  assert.deepEqual(warned, ['skipped: all: can be left before its end (no all)']);
});

const skipped = mock.fn();
const skippers: [runner: string, skip: (run: TestBody) => Promise<void>][] = [
  ['a context that is an object, as of node:test', run => run({ skip: skipped })],
  ['a context that is a function, as of Vitest', run => run(Object.assign(() => {}, { skip: skipped }))],
  ['a `this`, as of Mocha', run => run.call({ skip: skipped })],
];

for (const [means, skip] of skippers) {
  test(`a case skips itself by ${means}`, async () => {
    skipped.mock.resetCalls();
    const runs = new Map<string, TestBody>();
    storeSuite({ test: (name, run) => runs.set(name, run), create: bareStore });
    await skip(runs.get('all: can be left before its end') ?? assert.fail());
    assert.deepEqual(skipped.mock.calls[0]?.arguments, ['no all']);
  });
}

test('rows may be of another realm, as in Jest, or have no prototype, as of some drivers', async () => {
  const bare = (value: unknown) => {
    const row = runInNewContext('text => JSON.parse(text)')(JSON.stringify(value));
    return Object.setPrototypeOf(row, null);
  };
  const create = () => {
    const store = new OpenStore();
    const { find } = store;
    store.find = async (...args) => {
      const found = await find(...args);
      return found && bare(found);
    };
    return store;
  };
  assert.deepEqual((await runSuite({ create })).failed, []);
});

test('no case declares a parameter, which Jest and Mocha would take for a callback', () => {
  storeSuite({ test: (_name, run) => assert.equal(run.length, 0), create: () => memoryStore() });
});

test('cases have names of their own', () => {
  const names: string[] = [];
  storeSuite({ test: name => names.push(name), create: () => memoryStore() });
  assert.equal(new Set(names).size, names.length);
});

test('each case has a fresh store, which is closed, also after a failure', async () => {
  let [created, closed] = [0, 0];
  const create = async () => {
    created++;
    const store = new OpenStore();
    store.update = async () => true;
    store.close = async () => void closed++;
    return store;
  };
  const { failed } = await runSuite({ create }, name => name.startsWith('update'));
  assert.ok(failed.length > 0);
  assert.equal(closed, created);
});

test('a store that keeps its own time is moved on with the suite', async t => {
  t.mock.timers.enable({ apis: ['Date'] });
  let ownTime = Date.now();
  const create = () => {
    const store = new OpenStore();
    const { nowOf } = store;
    store.nowOf = call => (call?.now === undefined ? nowOf() : ownTime);
    ownTime = Date.now();
    return store;
  };
  const outcome = await runSuite({ create, advance: ms => (ownTime += ms) }, name =>
    name.startsWith('expiry'),
  );
  assert.deepEqual(outcome.failed, []);
  const unmoved = await runSuite({ create }, name => name.startsWith('expiry'));
  assert.notDeepEqual(unmoved.failed, []);
});

test('keys and handles have the form that the store wants', async () => {
  const create = () => {
    const store = new OpenStore();
    const { put } = store;
    store.put = (key, row) => {
      assert.match(key, /^(user-1|user-2|null)\./);
      assert.ok(row !== 'malformed' && row.handle.includes('.'));
      put(key, row);
    };
    return store;
  };
  const newName = (owner: string | null) => `${owner}.${randomUUID()}`;
  const options = { create, newKey: newName, newHandle: newName };
  const { passed, failed } = await runSuite(options, name => name.startsWith('endOwned'));
  assert.ok(passed.length > 0);
  assert.deepEqual(failed, []);
});
