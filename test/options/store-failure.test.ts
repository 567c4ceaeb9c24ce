import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionStoreError } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { type Faults, failingStore } from 'sojourn/testing';
import { account, appWith, errorsOf, eventsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';

const cookie = signedPair('k');

const site: Routes = {
  ...account,
  static: () => 'a style sheet',
  rename: ctx => {
    ctx.session.user = 'bob';
  },
};

/** A store that has a session of `ann` under the key `k`, and can be made to fail. */
function storeOfAnn(): RecordStore & Faults<RecordStore> {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  return failingStore(store);
}

const PATHS = { get: '', set: 'rename', destroy: 'logout' } as const;

for (const [verb, path] of Object.entries(PATHS)) {
  for (const kind of ['fails', 'hangs'] as const) {
    test(`a store whose \`${verb}\` ${kind} is a 503 with its cause, and no cookie is touched`, async t => {
      const store = storeOfAnn();
      if (kind === 'fails') store.fail(verb as never, new Error('connection lost'));
      else store.hang(verb as never);
      const app = appWith(sojourn.createSession, { store, storeTimeout: 50 }, site);
      const errors = errorsOf(app);
      const { status, body, cookies } = await (await serve(t, app)).get(path, { cookie });
      store.restore();
      assert.deepEqual([status, body, cookies], [503, 'Service Unavailable', []]);
      const [error] = errors;
      assert.ok(error instanceof SessionStoreError);
      assert.deepEqual(
        [error.name, error.code, error.status],
        ['SessionStoreError', 'ERR_SESSION_STORE', 503],
      );
      assert.match(error.message, new RegExp(`\`${verb}\``));
      const cause = kind === 'fails' ? /^Error: connection lost$/ : /no answer within.*50 ms/;
      assert.match(String(error.cause), cause);
      assert.equal(store.record('k')?.user, 'ann');
    });
  }
}

for (const [what, verb, path] of [
  ['a new session', 'insert', ''],
  ['a sign-in', 'move', 'login'],
] as const) {
  test(`${what} that the store took too long to save is saved once more, under another key`, async t => {
    const store = failingStore(memoryStore());
    const options: TestOptions = {
      store,
      storeTimeout: 30,
      owner: (({ user }: { user?: string }) => user) as never,
    };
    const browser = await visit(t, options, {
      ...account,
      cart: ctx => {
        ctx.session.cart = 'tea';
      },
      twice: async ctx => {
        ctx.session.user = 'ann';
        await assert.rejects(ctx.session.save(), SessionStoreError);
        await sleep(60);
      },
    });
    if (path === 'login') await browser.get('cart');
    store.delay(verb, 50, { times: 1 });
    const answer = await browser.get('twice');
    assert.equal(answer.status, 200);
    assert.deepEqual((await browser.get()).json, { user: 'ann' });
  });
}

test('a record that a koa-session store failed to set is set once more under the same key', async t => {
  const store = failingStore(new RecordStore());
  const browser = await visit(
    t,
    { store },
    {
      ...account,
      login: async ctx => {
        ctx.session.user = 'ann';
        await assert.rejects(ctx.session.save(), SessionStoreError);
      },
    },
  );
  store.fail('set', new Error('connection lost'), { times: 1, afterwards: true });
  assert.equal((await browser.get('login')).status, 200);
  assert.equal(store.keys.length, 1);
  assert.deepEqual((await browser.get()).json, { user: 'ann' });
});

test('an expired record that cannot be destroyed fails nothing, and is told', async t => {
  const store = storeOfAnn();
  store.put('k', { user: 'ann', _expire: Date.now() - 1 });
  store.fail('destroy');
  const app = appWith(sojourn.createSession, { store }, site);
  const told = eventsOf(app, 'session:error');
  const { status, body } = await (await serve(t, app)).get('', { cookie });
  assert.deepEqual([status, body, told.length], [200, '{"user":null}', 1]);
});

test('a use that cannot be recorded fails the request, as a change does', async t => {
  const store = storeOfAnn();
  store.fail('set');
  const answer = await (await visit(t, { store, rolling: true }, site)).get('', { cookie });
  assert.deepEqual([answer.status, answer.cookies], [503, []]);
});

test('a store may fail at once, and with anything', async t => {
  for (const failure of ['text', undefined, null, 7, new Error('down')]) {
    const store = storeOfAnn();
    store.get = () => {
      throw failure;
    };
    const app = appWith(sojourn.createSession, { store }, site);
    const errors = errorsOf(app);
    assert.equal((await (await serve(t, app)).get('', { cookie })).status, 503);
    assert.equal(errors[0]?.cause, failure);
  }
});

test('an answer that comes after `storeTimeout` changes nothing, a failure no more', async t => {
  const store = storeOfAnn();
  const browser = await visit(t, { store, storeTimeout: 20 }, site);
  for (const verb of ['get', 'set'] as const) {
    store.delay(verb, 60);
    assert.equal((await browser.get(PATHS[verb], { cookie })).status, 503);
    store.restore();
  }
  store.get = () => new Promise((_, reject) => setTimeout(reject, 60, new Error('late')));
  assert.equal((await browser.get('', { cookie })).status, 503);
  await new Promise(resolve => setTimeout(resolve, 100));
});

test('a store that answers in time is not troubled by `storeTimeout`', async t => {
  const store = storeOfAnn();
  store.delay('*', 20);
  const browser = await visit(t, { store, storeTimeout: 1000 }, site);
  assert.equal((await browser.get('', { cookie })).body, '{"user":"ann"}');
  assert.equal((await browser.get('rename', { cookie })).status, 200);
});

describe('what no session can be made of is no session, and is told:', () => {
  const nonsense = {
    'a number': 7,
    'a boolean': true,
    'a string': 'ann',
    'a list': ['ann'],
    'a function': () => ({ user: 'ann' }),
    'an expiry of a wrong type': { user: 'ann', _expire: 'tomorrow' },
    'a lifetime of a wrong type': { user: 'ann', _maxAge: 'a day' },
    'a browser session of a wrong type': { user: 'ann', _session: 1 },
    'data of a wrong type': { user: 'ann', _data: [] },
  };
  for (const [what, answer] of Object.entries(nonsense)) {
    test(what, async t => {
      const store = new RecordStore();
      store.get = async () => answer;
      const app = appWith(sojourn.createSession, { store }, site);
      const told = eventsOf(app, 'session:error');
      const { status, body, cookies } = await (await serve(t, app)).get('', { cookie });
      assert.deepEqual([status, body, cookies], [200, '{"user":null}', []]);
      assert.equal(told.length, 1);
      assert.match(String(told[0]?.error), /the store holds a record of another shape/);
    });
  }
});

test('a record that is an object of a class is a session', async t => {
  class Row {
    user = 'ann';
  }
  const store = new RecordStore();
  store.get = async () => new Row();
  assert.equal((await (await visit(t, { store }, site)).get('', { cookie })).body, '{"user":"ann"}');
});

describe("`onStoreFailure: 'anonymous'`", () => {
  const anonymous = (store: object): TestOptions => ({ store: store as never, onStoreFailure: 'anonymous' });

  const reading: Routes = {
    ...site,
    look: ctx => ({
      user: ctx.session.user ?? null,
      isNew: ctx.session.isNew,
      length: ctx.session.length,
      populated: ctx.session.populated,
      available: ctx.sessionInfo.available,
      json: ctx.session,
    }),
  };

  test('goes on with an empty session when the session cannot be loaded, and leaves the cookie alone', async t => {
    const store = storeOfAnn();
    store.fail('get');
    const app = appWith(sojourn.createSession, anonymous(store), reading);
    const [told, errors] = [eventsOf(app, 'session:error'), errorsOf(app)];
    const { body, cookies } = await (await serve(t, app)).get('look', { cookie });
    const empty = { user: null, isNew: true, length: 0, populated: false, available: false, json: {} };
    assert.deepEqual([JSON.parse(body), cookies, errors], [empty, [], []]);
    assert.ok(told.length === 1 && told[0]?.error instanceof SessionStoreError);
  });

  test('goes on when the store hangs', async t => {
    const store = storeOfAnn();
    store.hang('get');
    const browser = await visit(t, { ...anonymous(store), storeTimeout: 20 }, reading);
    assert.equal((await browser.get('', { cookie })).body, '{"user":null}');
    store.restore();
  });

  const WRITES: Record<string, string> = {
    'an assignment': 'session.user = "eve"',
    'a deletion': 'delete session.user',
    'a definition': 'Object.defineProperty(session, "user", { value: "eve" })',
    'a lifetime': 'session.maxAge = 1000',
    'an assignment of all': 'ctx.session = { user: "eve" }',
  };
  for (const [what, statement] of Object.entries(WRITES)) {
    test(`${what} throws at the statement, in sloppy mode too`, async t => {
      const store = storeOfAnn();
      store.fail('get', new Error('connection lost'));
      const write = new Function('ctx', 'session', `${statement};`);
      const browser = await visit(t, anonymous(store), {
        '': ctx => {
          assert.throws(
            () => write(ctx, ctx.session),
            (error: Error) => {
              assert.ok(error instanceof SessionStoreError);
              assert.match(String(error.cause), /connection lost/);
              return true;
            },
          );
        },
      });
      const { status, cookies } = await browser.get('', { cookie });
      assert.deepEqual([status, cookies], [200, []]);
    });
  }

  for (const member of ['update', 'save', 'regenerate', 'touch', 'manuallyCommit'] as const) {
    test(`\`${member}\` rejects`, async t => {
      const store = storeOfAnn();
      store.fail('get');
      const browser = await visit(t, anonymous(store), {
        '': async ctx => {
          await assert.rejects(async () => ctx.session[member](undefined as never), {
            code: 'ERR_SESSION_STORE',
          });
        },
      });
      assert.equal((await browser.get('', { cookie })).status, 200);
    });
  }

  test('a write that the app does not catch is a 503', async t => {
    const store = storeOfAnn();
    store.fail('get');
    assert.equal((await (await visit(t, anonymous(store), site)).get('rename', { cookie })).status, 503);
  });

  test('a logout still ends the key that the visitor presented', async t => {
    const store = storeOfAnn();
    store.fail('get');
    const browser = await visit(t, anonymous(store), site);
    const answer = await browser.get('logout', { cookie });
    assert.equal(answer.status, 200);
    assert.equal(answer.cookie()?.expiresAt, 0);
    assert.deepEqual(store.keys, []);
  });

  test('a logout that fails is a 503, and the cookie stays: the session is alive', async t => {
    const store = storeOfAnn();
    store.fail('*');
    const answer = await (await visit(t, anonymous(store), site)).get('logout', { cookie });
    assert.deepEqual([answer.status, answer.cookies], [503, []]);
  });

  test('a failed save is a 503 all the same', async t => {
    const store = storeOfAnn();
    store.fail('set');
    const answer = await (await visit(t, anonymous(store), site)).get('rename', { cookie });
    assert.deepEqual([answer.status, answer.cookies], [503, []]);
  });

  test('a use that cannot be recorded is no reason to fail', async t => {
    const store = storeOfAnn();
    store.fail('set');
    const app = appWith(sojourn.createSession, { ...anonymous(store), rolling: true }, site);
    const told = eventsOf(app, 'session:error');
    const { status, body, cookies } = await (await serve(t, app)).get('', { cookie });
    assert.deepEqual([status, body, cookies], [200, '{"user":"ann"}', []]);
    assert.equal(told.length, 1);
  });
});
