import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inside } from '../harness/inside.js';

type State = { refused: string } | { refused?: undefined; expiresAt: undefined };

interface Watch {
  add(session: {
    id: string;
    expiresAt: undefined;
    load(): Promise<State>;
    end(ending: { reason: string }): void;
  }): { close(): void };
}

const { SessionWatch } = await inside<{ SessionWatch: new (settings: object) => Watch }>(
  'persistence/session-watch',
);

const INTERVAL = 1000;
const LIMIT = 10_000;
const LIVE: State = { expiresAt: undefined };

/** A watch over a store that tells nothing by itself, and what it reports. */
function watching() {
  const told: unknown[] = [];
  const watch = new SessionWatch({
    source: { idOf: () => '', listen: () => () => {} },
    interval: INTERVAL,
    now: () => 0,
    report: (error: unknown) => told.push(error),
  });
  return { watch, told };
}

/** Lets what was answered be heard. */
const settled = () => new Promise(resolve => setImmediate(resolve));

test('a look-up that never answers is told, and does not end the watch', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { watch, told } = watching();
  const answers: (State | undefined)[] = [undefined, { refused: 'logout' }];
  const ended: string[] = [];
  watch.add({
    id: 'a',
    expiresAt: undefined,
    load: () => {
      const answer = answers.shift();
      return answer ? Promise.resolve(answer) : new Promise(() => {});
    },
    end: ({ reason }) => ended.push(reason),
  });
  await settled();
  t.mock.timers.tick(LIMIT);
  await settled();
  assert.match(String(told[0]), /SessionStoreError: .*no answer within 10000 ms: set `storeTimeout`/);
  t.mock.timers.tick(INTERVAL);
  await settled();
  assert.deepEqual(ended, ['logout']);
});

test('look-ups that fail keep no other session from being asked about', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { watch, told } = watching();
  const ended: number[] = [];
  let isOver = false;
  const lookUp = async (index: number): Promise<State> => {
    if (index < 2) throw new Error(`row ${index} cannot be read`);
    return isOver ? { refused: 'logout' } : LIVE;
  };
  for (let index = 0; index < 250; index++) {
    const end = () => ended.push(index);
    watch.add({ id: String(index), expiresAt: undefined, load: () => lookUp(index), end });
  }
  await settled();
  isOver = true;
  told.length = 0;
  t.mock.timers.tick(INTERVAL);
  await settled();
  assert.equal(ended.length, 248);
  assert.deepEqual(told.map(String), ['Error: row 0 cannot be read'], 'one of several failures');
});
