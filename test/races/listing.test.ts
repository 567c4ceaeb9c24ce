import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type SessionStore, session } from 'sojourn';
import { bareApp } from '../harness/app.js';
import { atOnce, scaled } from '../service/load.js';
import { openStore } from '../service/stores.js';
import { newSession } from '../stores/sessions.js';
import { cluster, contenders } from './contenders.js';

/** How many sessions the account has, and how many of them sign in within one ms. */
const COUNT = scaled(5000, 600);
const AT_ONCE = 20;

for (const { name, missing, prepare } of [...contenders, cluster]) {
  describe(`the list of an account with ${COUNT} sessions, in ${name}`, { skip: missing }, async () => {
    const { store: spec, remove } = await prepare();
    const { store, close } = await openStore(spec);
    after(async () => {
      await close();
      await remove();
    });
    const sessions = session<object>(bareApp(), { store, owner: () => 'ann' });

    test('has each session once, over its pages, while others are signed in and out', async () => {
      const crowd = await Crowd.of(store);
      const traffic = crowd.comeAndGo();
      const handles: string[] = [];
      let next: string | undefined;
      do {
        const page = await sessions.list('ann', { limit: Math.ceil(COUNT / 50), after: next });
        handles.push(...page.map(({ handle }) => handle));
        next = page.next;
        // Where a page ended is where the next goes on: what becomes of that session must not matter.
        await crowd.end(page.at(-1)?.handle);
      } while (next !== undefined);
      await traffic.stop();
      assert.equal(new Set(handles).size, handles.length, 'none twice');
      const listed = new Set(handles);
      const missed = crowd.throughout().filter(handle => !listed.has(handle));
      assert.deepEqual(missed, [], 'none is left out that was there all the time');
      assert.ok(crowd.changes > 20, `${crowd.changes} came and went`);
      assert.equal(await sessions.count('ann'), crowd.live);
    });
  });
}

/** An account's sessions, of which some end while new ones begin. */
class Crowd {
  readonly #store: SessionStore;
  readonly #keys = new Map<string, string>();
  /** Of those that were there from the beginning, and still are. */
  readonly #steady = new Set<string>();
  changes = 0;

  private constructor(store: SessionStore) {
    this.#store = store;
  }

  static async of(store: SessionStore): Promise<Crowd> {
    const crowd = new Crowd(store);
    const now = Date.now();
    await atOnce(8, COUNT, async index => {
      crowd.#steady.add(await crowd.#signIn(now - Math.floor(index / AT_ONCE)));
    });
    return crowd;
  }

  get live(): number {
    return this.#keys.size;
  }

  throughout(): string[] {
    return [...this.#steady];
  }

  /** Signs in and out, at the top of the list and in the midst of it, until it is stopped. */
  comeAndGo(): { stop(): Promise<void> } {
    let isOver = false;
    const work = async () => {
      while (!isOver) {
        await this.#signIn(Date.now());
        await this.end(pick([...this.#steady]));
      }
    };
    const working = Promise.all([work(), work()]);
    return {
      stop: async () => {
        isOver = true;
        await working;
      },
    };
  }

  async end(handle = ''): Promise<void> {
    const key = this.#keys.get(handle);
    if (key === undefined) return;
    this.#steady.delete(handle);
    this.#keys.delete(handle);
    assert.equal(await this.#store.end(key, 'logout'), true);
    this.changes++;
  }

  async #signIn(authenticatedAt: number): Promise<string> {
    const session = newSession({ owner: 'ann', authenticatedAt });
    const key = `key-${session.handle}`;
    assert.equal((await this.#store.insert(key, session)).placed, true);
    this.#keys.set(session.handle, key);
    this.changes++;
    return session.handle;
  }
}

function pick(things: readonly string[]): string | undefined {
  return things[Math.floor(Math.random() * things.length)];
}
