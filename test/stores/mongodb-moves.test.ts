import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mongoStore } from 'sojourn/mongodb';
import { FakeCollection } from './fake-collection.js';
import { newSession, type StoredSession, successorOf } from './sessions.js';

type Store = ReturnType<typeof mongoStore>;

/** A move makes three writes: the new document, the tombstone of the old one, and the confirmation. */
const WRITES = 3;
/** No verb has more commands before which the move can go on. */
const COMMANDS = 6;

/** What each verb is to say of a session that lives all the time. */
const verbs: Record<string, (store: Store, session: StoredSession) => Promise<unknown>> = {
  endByHandle: async (store, { handle }) => assert.equal(await store.endByHandle(handle, 'revoked'), true),
  endOwned: async (store, { handle }) => assert.deepEqual(await store.endOwned('ann', 'revoked'), [handle]),
  peek: async (store, { handle }) => assert.deepEqual(handlesOf(await store.peek([handle])), [handle]),
  list: async (store, { handle }) => {
    const { sessions, next } = await store.list('ann', { limit: 1 });
    assert.deepEqual([handlesOf(sessions), next], [[handle], undefined]);
  },
  count: async store => assert.equal(await store.count('ann'), 1),
  'a sign-in beyond the limit': async store => {
    const limit = { limit: 1, policy: 'refuse' } as const;
    const placement = await store.insert('other', newSession({ owner: 'ann' }), { limit });
    assert.deepEqual(placement, { placed: false, because: 'limit' });
  },
};

describe('a session that gets a new key is never missed, whichever commands the move comes between, by', () => {
  for (const [name, verb] of Object.entries(verbs)) {
    test(name, async () => {
      for (const schedule of schedules()) {
        const collection = new FakeCollection();
        const session = newSession({ owner: 'ann', authenticatedAt: 1 });
        await mongoStore(collection).insert('old', session);
        const move = new SteppedMove(collection, session);
        let commands = 0;
        const store = mongoStore(
          before(collection, async () => {
            while (schedule[move.steps] === commands) await move.step();
            commands += 1;
          }),
        );
        await verb(store, session).catch(error => {
          throw new Error(`with the writes of the move before commands ${schedule}`, { cause: error });
        });
        await move.finish();
        if (!name.startsWith('end')) continue;
        for (const key of ['old', 'new']) {
          const left = await mongoStore(collection).find(key);
          assert.ok(!left || left.ended, `live under its ${key} key: ${schedule}`);
        }
      }
    });
  }
});

/** Before which of the other's commands each write of a move comes: all there are. */
function schedules(): number[][] {
  let all: number[][] = [[]];
  for (let write = 0; write < WRITES; write++) {
    all = all.flatMap(earlier => {
      const first = earlier.at(-1) ?? 0;
      return Array.from({ length: COMMANDS + 1 - first }, (_, later) => [...earlier, first + later]);
    });
  }
  return all;
}

/** A move that makes one write at a time. */
class SteppedMove {
  /** Writes that were let through. */
  steps = 0;
  readonly #end: Promise<unknown>;
  #isOver = false;
  #letThrough = (): void => {};
  /** Resolved when the next write is about to be made, or the move is over. */
  #arrival = newArrival();

  constructor(collection: FakeCollection, session: StoredSession) {
    const stepped = before(collection, async (method: string) => {
      if (method.startsWith('find')) return;
      await new Promise<void>(resolve => {
        this.#letThrough = resolve;
        this.#arrival.resolve();
      });
    });
    const moving = mongoStore(stepped).move('old', 'new', successorOf(session), { version: session.version });
    this.#end = moving.then(() => {
      this.#isOver = true;
      this.#arrival.resolve();
    });
  }

  /** Lets one write through, and returns when it is done: when the next one is about to be made. */
  async step(): Promise<void> {
    await this.#arrival.promise;
    this.steps += 1;
    if (this.#isOver) return;
    this.#arrival = newArrival();
    this.#letThrough();
    await this.#arrival.promise;
  }

  async finish(): Promise<void> {
    while (!this.#isOver) await this.step();
    await this.#end;
  }
}

function newArrival(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>(done => {
    resolve = done;
  });
  return { promise, resolve };
}

/** The collection, with something to be done before each of its commands. */
function before(collection: FakeCollection, work: (method: string) => Promise<void>): FakeCollection {
  return new Proxy(collection, {
    get(target, method: keyof FakeCollection & string) {
      const command = target[method] as unknown;
      if (typeof command !== 'function') return command;
      if (method === 'find') {
        return async function* (...given: unknown[]) {
          await work(method);
          yield* command.apply(target, given);
        };
      }
      return async (...given: unknown[]) => {
        await work(method);
        return command.apply(target, given);
      };
    },
  });
}

function handlesOf(sessions: readonly StoredSession[]): string[] {
  return sessions.map(({ handle }) => handle);
}
