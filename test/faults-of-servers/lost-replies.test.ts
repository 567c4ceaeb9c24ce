import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import type { Routes } from '../harness/app.js';
import type { Answer, Browser } from '../harness/browser.js';
import { visit } from '../harness/visit.js';

const routes: Routes = {
  begin: ctx => {
    ctx.session = { user: 'ann', count: 0 };
  },
  increment: ctx => ctx.session.update(count),
  regenerate: ctx => ctx.session.regenerate(),
  logout: ctx => {
    ctx.session = null;
  },
  '': ctx => ({ ...ctx.session }),
};

function count(data: { count?: number }): void {
  data.count = Number(data.count) + 1;
}

describe('a write whose reply was lost', () => {
  test('counts once', async t => {
    const { store, browser } = await begin(t);
    store.fail('update', lost, { times: 1, afterwards: true });
    assert.deepEqual(await outcome(browser.get('increment')), [200, 'true']);
    assert.equal(await countOf(browser), 1);
  });

  test('that never arrived counts once', async t => {
    const { store, browser } = await begin(t);
    store.fail('update', lost, { times: 1 });
    assert.deepEqual(await outcome(browser.get('increment')), [200, 'true']);
    assert.equal(await countOf(browser), 1);
  });

  test('and that another request has written over, is an error, and is not done again', async t => {
    const { store, browser } = await begin(t);
    const { update } = store;
    // The reply is lost, and while nobody knows of it another request gets its turn.
    store.update = async (...call: Parameters<typeof update>) => {
      store.update = update;
      await update(...call);
      await browser.copy().get('increment');
      throw lost;
    };
    const answer = await browser.get('increment');
    assert.equal(answer.status, 503);
    assert.equal(await countOf(browser), 2);
  });

  test('and that a client has sent again by itself, counts once', async t => {
    const { store, browser } = await begin(t);
    const { update } = store;
    store.update = async (...call: Parameters<typeof update>) => {
      store.update = update;
      await update(...call);
      if (!(await update(...call))) throw lost;
      return true;
    };
    assert.deepEqual(await outcome(browser.get('increment')), [200, 'true']);
    assert.equal(await countOf(browser), 1);
  });

  test('begins one session', async t => {
    const store = failingStore(memoryStore());
    const browser = await visit(t, { store }, routes);
    store.fail('insert', lost, { times: 1, afterwards: true });
    assert.equal((await browser.get('begin')).status, 200);
    assert.equal(await countOf(browser), 0);
    assert.equal(await store.count(), 1);
  });

  test('gives the session one new key', async t => {
    const { store, browser } = await begin(t);
    store.fail('move', lost, { times: 1, afterwards: true });
    assert.equal((await browser.get('regenerate')).status, 200);
    assert.equal(await countOf(browser), 0);
    assert.equal(await store.count(), 1);
  });

  test('ends the session, and takes the cookie back', async t => {
    const { store, browser } = await begin(t);
    store.fail('end', lost, { times: 1, afterwards: true });
    const answer = await browser.get('logout');
    assert.equal(answer.status, 200);
    assert.equal(answer.cookie()?.value, '');
    assert.equal(await store.count(), 0);
  });
});

const lost = new Error('the connection was lost');

async function begin(t: TestContext) {
  const store = failingStore(memoryStore());
  const browser = await visit(t, { store }, routes);
  assert.equal((await browser.get('begin')).status, 200);
  return { store, browser };
}

async function outcome(answer: Promise<Answer>): Promise<[number, string]> {
  const { status, body } = await answer;
  return [status, body];
}

async function countOf(browser: Browser): Promise<unknown> {
  return ((await browser.get()).json as { count?: number }).count;
}
