import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { account, appWith, errorsOf, type Routes } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

mended('a change after the body was sent is saved where no cookie is needed', async bench => {
  const store = new RecordStore();
  const app = appWith(
    bench.createSession,
    { store },
    {
      ...account,
      late: ctx => {
        ctx.respond = false;
        ctx.res.end('sent');
        ctx.session.user = 'bob';
      },
    },
  );
  const errors = errorsOf(app);
  const browser = await bench.serve(app);
  await browser.get('login');
  assert.equal((await browser.get('late')).body, 'sent');
  assert.equal((await browser.get()).body, '{"user":"bob"}');
  assert.deepEqual(errors, []);
});

mended(
  'a session that begins after the body was sent is not stored: nobody could get its key',
  async ({ visit }) => {
    const store = new RecordStore();
    const browser = await visit(
      { store },
      {
        late: ctx => {
          ctx.respond = false;
          ctx.res.end('sent');
          ctx.session.user = 'bob';
        },
      },
    );
    await browser.get('late');
    await nextTurn();
    assert.deepEqual(store.keys, []);
  },
);

const flush: Routes = {
  ...account,
  flush: ctx => {
    ctx.status = 200;
    ctx.flushHeaders();
    ctx.session.user = 'bob';
    ctx.body = 'whole';
  },
};

mended('a response ends though a session begins after its headers are out', async ({ visit }) => {
  const browser = await visit({}, flush);
  assert.equal((await browser.get('flush')).body, 'whole');
});

mended('a response ends though a stored session changes after its headers are out', async ({ visit }) => {
  const browser = await visit({ store: new RecordStore() }, flush);
  await browser.get('login');
  assert.equal((await browser.get('flush')).body, 'whole');
  assert.equal((await browser.get()).body, '{"user":"bob"}');
});

mended('a change made while a stream is being sent is saved', async ({ visit }) => {
  const store = new RecordStore();
  const browser = await visit(
    { store },
    {
      ...account,
      stream: ctx => {
        const { session } = ctx;
        ctx.body = Readable.from(
          (async function* () {
            yield 'first ';
            await nextTurn();
            session.user = 'bob';
            yield 'last';
          })(),
        );
      },
    },
  );
  await browser.get('login');
  assert.equal((await browser.get('stream')).body, 'first last');
  await nextTurn();
  assert.equal((await browser.get()).body, '{"user":"bob"}');
});

const failing: Routes = {
  ...account,
  'login-and-fail': ctx => {
    ctx.session.user = 'ann';
    ctx.throw(409, 'no');
  },
  'logout-and-fail': ctx => {
    ctx.session = null;
    ctx.throw(409, 'no');
  },
};

for (const options of [{}, { store: new RecordStore() }]) {
  const where = 'store' in options ? 'stored' : 'cookie';

  mended(`the browser gets a ${where} session's cookie though the app throws`, async ({ visit }) => {
    const browser = await visit(options, failing);
    assert.equal((await browser.get('login-and-fail')).status, 409);
    assert.equal((await browser.get()).body, '{"user":"ann"}');
  });

  mended(`a ${where} session's logout reaches the browser though the app throws`, async ({ visit }) => {
    const browser = await visit(options, failing);
    await browser.get('login');
    assert.equal((await browser.get('logout-and-fail')).status, 409);
    assert.equal(browser.cookieHeader, '');
  });
}

mended("a failing store does not hide the app's own error", async bench => {
  const store = new RecordStore();
  store.set = async () => {
    throw new Error('the database is down');
  };
  const app = appWith(bench.createSession, { store }, failing);
  const errors = errorsOf(app);
  const { status, body } = await (await bench.serve(app)).get('login-and-fail');
  assert.deepEqual([status, body], [409, 'no']);
  assert.deepEqual(
    errors.map(error => error.message),
    ['no'],
  );
});

const DOWN = {
  get: async () => {
    throw new Error('the database is down');
  },
  set: async () => {},
  destroy: async () => {},
};

mended('a store that is down is a 503', async ({ visit }) => {
  const browser = await visit({ store: DOWN, signed: false }, account);
  assert.equal((await browser.get('', { cookie: 'koa.sess=k' })).status, 503);
});

mended('a store that is down does not fail requests that do without a session', async ({ visit }) => {
  const options = { store: DOWN, signed: false, onStoreFailure: 'anonymous' };
  const browser = await visit(options, { static: () => 'a style sheet' });
  assert.equal((await browser.get('static', { cookie: 'koa.sess=k' })).body, 'a style sheet');
});

mended('a store that does not answer fails after `storeTimeout`', async ({ visit }) => {
  const store = { ...DOWN, get: () => new Promise(() => {}) };
  const browser = await visit({ store, signed: false, storeTimeout: 50 }, account);
  assert.equal((await browser.get('', { cookie: 'koa.sess=k' })).status, 503);
});

mended('the store is not asked where `skip` says that there is no session', async ({ visit }) => {
  const store = new RecordStore();
  const skip = ({ path }: { path: string }) => path.endsWith('.css');
  const browser = await visit({ store, skip }, { ...account, 'static.css': () => 'a style sheet' });
  await browser.get('login');
  store.forgetCalls();
  assert.equal((await browser.get('static.css')).body, 'a style sheet');
  assert.deepEqual(store.calls, []);
});

mended('`genid` makes no key for a visitor without a session', async ({ visit }) => {
  let keys = 0;
  const browser = await visit({ store: new RecordStore(), genid: () => `key-${++keys}` }, account);
  await browser.get();
  assert.equal(keys, 0);
  await browser.get('login');
  assert.equal(keys, 1);
});

mended(
  'a logout of a visitor without a session asks nothing of the store, and sets no cookie',
  async ({ visit }) => {
    const store = new RecordStore();
    const browser = await visit({ store }, account);
    assert.deepEqual((await browser.get('logout')).cookies, []);
    assert.deepEqual(store.calls, []);
  },
);

mended('a logout with `externalKey` clears the key there, and sets no cookie', async ({ visit }) => {
  const store = new RecordStore();
  const cleared: string[] = [];
  const externalKey = {
    get: (ctx: { get(name: string): string }) => ctx.get('x-session'),
    set: (ctx: { set(name: string, value: string): void }, key: string) => ctx.set('x-session', key),
    clear: () => cleared.push('cleared'),
  };
  const browser = await visit({ store, externalKey }, account);
  const key = (await browser.get('login')).headers.get('x-session') ?? '';
  const answer = await browser.get('logout', { headers: { 'x-session': key } });
  assert.deepEqual(answer.cookies, []);
  assert.deepEqual(cleared, ['cleared']);
  assert.deepEqual(store.keys, []);
});
