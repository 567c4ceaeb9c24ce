import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import {
  account,
  appWith,
  beginBody,
  type Ctx,
  errorsOf,
  eventsOf,
  type Handler,
  type Routes,
} from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedPair, signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { PLACES } from '../harness/places.js';
import { RecordStore } from '../harness/record-store.js';
import { until } from '../harness/until.js';
import { type TestOptions, visit } from '../harness/visit.js';

const CHANGES: Record<string, (ctx: Ctx) => unknown> = {
  change: ctx => Object.assign(ctx.session, { user: 'bob' }),
  end: ctx => Object.assign(ctx, { session: null }),
};

/** Each way in which headers can be out when the session changes; all answer `sent`. */
const WAYS: Record<string, (change: (ctx: Ctx) => unknown) => Handler> = {
  'after `ctx.flushHeaders()`': change => ctx => {
    ctx.status = 200;
    ctx.flushHeaders();
    change(ctx);
    ctx.body = 'sent';
  },
  'after the body was sent by hand': change => async ctx => {
    ctx.respond = false;
    ctx.res.end('sent');
    await nextTurn();
    change(ctx);
  },
  'while a stream is being sent': change => ctx => {
    ctx.body = Readable.from(chunks(ctx, change));
  },
  'while what Koa takes for a stream is being sent': change => ctx => {
    // None by its prototype, as that of another realm, or of another implementation.
    ctx.body = new Proxy(Readable.from(chunks(ctx, change)), { getPrototypeOf: () => Object.prototype });
  },
  'while a web stream is being sent': change => ctx => {
    ctx.body = Readable.toWeb(Readable.from(chunks(ctx, change)));
  },
  'while a blob is being sent': change => ctx => {
    const blob = new Blob(['sent']);
    blob.stream = () => Readable.toWeb(Readable.from(chunks(ctx, change))) as never;
    ctx.body = blob;
  },
  'while the app writes the response itself': change => ctx => {
    ctx.respond = false;
    ctx.res.statusCode = 200;
    Readable.from(chunks(ctx, change)).pipe(ctx.res);
  },
};

async function* chunks(ctx: Ctx, change: (ctx: Ctx) => unknown) {
  yield 'se';
  await nextTurn();
  change(ctx);
  yield 'nt';
}

async function site(t: TestContext, options: TestOptions, routes: Routes) {
  const app = appWith(sojourn.createSession, options, routes);
  const [told, errors] = [eventsOf(app, 'session:error'), errorsOf(app)];
  return { browser: await serve(t, app), told, errors };
}

/** The code of what was told, once it was. */
async function toldCode(told: Record<string, unknown>[]): Promise<unknown> {
  await until(() => told.length > 0);
  return (told[0]?.error as { code?: string } | undefined)?.code;
}

for (const [when, way] of Object.entries(WAYS)) {
  test(`a stored session that changes ${when} is saved`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const { browser, told, errors } = await site(t, { store }, { '': way(CHANGES.change as Handler) });
    const answer = await browser.get('', { cookie: signedPair('k') });
    assert.deepEqual([answer.body, answer.cookies], ['sent', []]);
    await until(() => store.record('k')?.user === 'bob');
    await sleep(20);
    assert.deepEqual([told, errors], [[], []]);
  });

  test(`a stored session that is ended ${when} is ended; that the cookie stays is told`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const { browser, told, errors } = await site(t, { store }, { '': way(CHANGES.end as Handler) });
    assert.equal((await browser.get('', { cookie: signedPair('k') })).body, 'sent');
    assert.equal(await toldCode(told), 'ERR_SESSION_HEADERS_SENT');
    assert.deepEqual([store.keys, errors], [[], []]);
  });

  test(`a cookie session that is ended ${when} goes on, and that is told`, async t => {
    const app = appWith(sojourn.createSession, {}, { '': way(CHANGES.end as Handler) });
    const [told, ended] = [eventsOf(app, 'session:error'), eventsOf(app, 'session:ended')];
    const browser = await serve(t, app);
    assert.equal((await browser.get('', { cookie: signedRecord({ user: 'ann' }) })).body, 'sent');
    assert.equal(await toldCode(told), 'ERR_SESSION_HEADERS_SENT');
    await sleep(20);
    assert.deepEqual([told.length, ended], [1, []]);
  });

  for (const [what, options, cookie] of [
    ['a stored session that begins', { store: new RecordStore() }, ''],
    ['a cookie session that begins', {}, ''],
    ['a cookie session that changes', {}, signedRecord({ user: 'ann' })],
  ] as const) {
    test(`${what} ${when} is not saved, and that is told`, async t => {
      const { browser, told, errors } = await site(t, options, { '': way(CHANGES.change as Handler) });
      const answer = await browser.get('', { cookie });
      assert.deepEqual([answer.body, answer.cookies], ['sent', []]);
      assert.equal(await toldCode(told), 'ERR_SESSION_HEADERS_SENT');
      assert.match(String(told[0]?.error), /SessionHeadersSentError.*before the body.*store/);
      await sleep(20);
      assert.equal(told.length, 1, 'once');
      assert.deepEqual([errors, 'store' in options ? options.store.keys : []], [[], []]);
    });
  }

  for (const [where, place] of Object.entries(PLACES)) {
    test(`${where} that is only read ${when} is prolonged where its cookie is, and not told of`, async t => {
      const [options, cookie] = place();
      const { browser, told, errors } = await site(
        t,
        { ...options, rolling: true },
        { '': way(ctx => ctx.session.user) },
      );
      const answer = await browser.get('', { cookie });
      await sleep(20);
      assert.deepEqual([answer.body, told, errors], ['sent', [], []]);
      const writes = (options.store as RecordStore | undefined)?.callsOf('set').length;
      if (writes !== undefined) assert.equal(writes, answer.cookie() ? 1 : 0);
    });
  }
}

test('a logout that is too late is told beside a change that was', async t => {
  const { browser, told } = await site(
    t,
    {},
    {
      '': ctx => {
        ctx.status = 200;
        ctx.flushHeaders();
        ctx.session.user = 'bob';
        ctx.body = Readable.from(chunks(ctx, CHANGES.end as Handler));
      },
    },
  );
  assert.equal((await browser.get('', { cookie: signedRecord({ user: 'ann' }) })).body, 'sent');
  await until(() => told.length === 2);
});

for (const member of ['save', 'regenerate', 'commit'] as const) {
  test(`\`${member}\` itself rejects where the headers are out and a cookie is needed`, async t => {
    const { browser, told } = await site(
      t,
      { autoCommit: false },
      {
        '': async ctx => {
          ctx.status = 200;
          ctx.flushHeaders();
          ctx.session.user = 'ann';
          await assert.rejects(ctx.session[member](), { code: 'ERR_SESSION_HEADERS_SENT' });
          ctx.body = 'sent';
        },
      },
    );
    assert.equal((await browser.get()).body, 'sent');
    assert.deepEqual(told, []);
  });
}

test('a `regenerate` that can announce no key leaves the old one alive', async t => {
  const store = new RecordStore();
  store.put('k', { user: 'ann' });
  const { browser } = await site(
    t,
    { store },
    {
      ...account,
      late: async ctx => {
        ctx.status = 200;
        ctx.flushHeaders();
        await assert.rejects(ctx.session.regenerate(), { code: 'ERR_SESSION_HEADERS_SENT' });
        ctx.body = 'sent';
      },
    },
  );
  assert.equal((await browser.get('late', { cookie: signedPair('k') })).body, 'sent');
  assert.equal((await browser.get('', { cookie: signedPair('k') })).body, '{"user":"ann"}');
});

for (const [what, change] of Object.entries<(ctx: Ctx, body: PassThrough, to: () => void) => void>({
  'a stream changed': (ctx, body, to) => {
    ctx.res.once('close', () => body.destroy());
    setTimeout(to, 20);
  },
  'a late listener to the response changed': (ctx, _body, to) => {
    setTimeout(() => ctx.res.once('close', to), 20);
  },
})) {
  test(`what ${what} is saved though the client went away`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    const body = new PassThrough();
    const { browser, told } = await site(
      t,
      { store },
      {
        '': ctx => {
          ctx.body = body;
          body.write('first');
          change(ctx, body, () => Object.assign(ctx.session, { user: 'bob' }));
        },
      },
    );
    const req = request(browser.base, { headers: { cookie: signedPair('k') } }).end();
    const [response] = await once(req, 'response');
    response.resume();
    await sleep(40);
    req.destroy();
    await until(() => store.record('k')?.user === 'bob');
    assert.deepEqual(told, []);
  });
}

for (const [what, handler] of Object.entries<(change: () => void) => Handler>({
  'a timer changed after the response was closed': change => ctx => {
    ctx.res.once('close', () => setTimeout(change, 20));
    ctx.body = 'sent';
  },
  'a stream changed that began after the client went away': change => async ctx => {
    await once(ctx.res, 'close');
    ctx.body = new PassThrough();
    setTimeout(change, 20);
  },
})) {
  test(`what ${what} is saved`, async t => {
    const store = new RecordStore();
    store.put('k', { user: 'ann' });
    let isReached = false;
    const routes: Routes = {
      '': ctx => {
        isReached = true;
        return handler(() => Object.assign(ctx.session, { user: 'bob' }))(ctx);
      },
    };
    const { browser, told } = await site(t, { store }, routes);
    const req = request(browser.base, { headers: { cookie: signedPair('k') } }).end();
    req.on('error', () => {});
    await until(() => isReached);
    req.destroy();
    await until(() => store.record('k')?.user === 'bob');
    assert.deepEqual(told, []);
  });
}

const READERS: Record<string, (read: (ctx: Ctx) => unknown) => [TestOptions, string, (ctx: Ctx) => unknown]> =
  {
    'a `beforeSave`, in a cookie': read => [
      { beforeSave: ctx => void read(ctx as never) },
      'session:error',
      () => {},
    ],
    'a listener to errors, in a store that is down': read => [
      { store: failingStore(memoryStore()) },
      'session:error',
      read,
    ],
    'an asynchronous listener, where uses cannot be recorded': read => [
      {
        store: failingStore(memoryStore()),
        onStoreFailure: 'anonymous',
        idleTimeout: 60_000,
        touchAfter: 1000,
      },
      'session:error',
      ctx => setTimeout(read, 1, ctx),
    ],
    'an asynchronous listener, in a store that is down': read => [
      { store: failingStore(memoryStore()) },
      'session:error',
      ctx => setTimeout(read, 1, ctx),
    ],
  };

for (const [what, make] of Object.entries(READERS)) {
  test(`a late change is not tried for ever where the session is read meanwhile by ${what}`, async t => {
    let reads = 0;
    const [options, event, listen] = make(ctx => {
      reads++;
      return ctx.session?.user;
    });
    let now = Date.now();
    const app = appWith(
      sojourn.createSession,
      { ...options, clock: () => now },
      {
        ...account,
        late: ctx => {
          const body = beginBody(ctx);
          setTimeout(() => {
            now += 5000;
            const store = options.store as unknown as { fail(verb: string): void } | undefined;
            for (const verb of ['update', 'touch']) store?.fail(verb);
            if (options.onStoreFailure) void ctx.session.user;
            else ctx.session.user = 'bob';
            body.end();
          }, 20);
        },
      },
    );
    app.on(event, ({ ctx }: { ctx: Ctx }) => listen(ctx));
    const browser = await serve(t, app);
    await browser.get('login');
    reads = 0;
    await browser.get('late');
    await until(() => reads > 0);
    await sleep(100);
    assert.ok(reads <= 6, `${reads} reads`);
  });
}

test('what is changed while a late change is being saved, or after one failed, is saved too', async t => {
  const store = failingStore(memoryStore());
  store.delay('update', 20);
  const steps = async (ctx: Ctx) => {
    ctx.session.first = true;
    await sleep(10);
    ctx.session.second = true;
    await sleep(100);
    store.fail('update', new Error('down'), { times: 2 });
    ctx.session.third = true;
    await sleep(50);
    ctx.session.fourth = true;
  };
  const { browser, told } = await site(
    t,
    { store },
    {
      ...account,
      late: ctx => {
        ctx.res.once('close', () => setTimeout(steps, 5, ctx));
        ctx.body = 'sent';
      },
      all: ctx => ({ ...ctx.session }),
    },
  );
  await browser.get('login');
  await browser.get('late');
  const all = { user: 'ann', first: true, second: true, third: true, fourth: true };
  await until(async () => isDeepStrictEqual((await browser.get('all')).json, all));
  assert.equal(told.length, 1);
});

test('a late change that failed is tried again at once, and whenever the session comes back to it', async t => {
  const store = failingStore(memoryStore());
  let late: { readonly ctx: Ctx; readonly body: PassThrough } | undefined;
  const { browser } = await site(
    t,
    { store },
    {
      ...account,
      late: ctx => {
        late = { ctx, body: beginBody(ctx) };
      },
      busy: ctx => String(ctx.session.busy),
    },
  );
  await browser.get('login');
  const answer = browser.get('late');
  await until(() => late);
  const { ctx, body } = late as unknown as NonNullable<typeof late>;
  const change = async (isBusy: boolean): Promise<void> => {
    ctx.session.busy = isBusy;
    await until(async () => (await browser.get('busy')).body === String(isBusy));
  };
  // Both tries of the first save.
  store.fail('update', new Error('down'), { times: 2 });
  const changing = change(true);
  body.end();
  await Promise.all([changing, answer]);
  await change(false);
  await change(true);
});

test('an app whose `beforeSave` and listeners change the session at each commit does not keep that going', async t => {
  const store = failingStore(memoryStore());
  let saves = 0;
  const change = (ctx: Ctx) => {
    ctx.session.saves = ++saves;
  };
  const options = { store, beforeSave: (ctx: object) => change(ctx as Ctx) };
  const app = appWith(sojourn.createSession, options, {
    ...account,
    late: ctx => {
      const body = beginBody(ctx);
      setTimeout(() => {
        store.fail('update', new Error('down'));
        ctx.session.user = 'bob';
        body.end();
      }, 20);
    },
  });
  const errors = eventsOf(app, 'session:error');
  app.on('session:error', ({ ctx }: { ctx: Ctx }) => setTimeout(change, 1, ctx));
  const browser = await serve(t, app);
  await browser.get('login');
  await browser.get('late');
  await until(() => /after 1000 saves .* no more are tried/.test(String(errors.at(-1)?.error)));
  const told = errors.length;
  await sleep(50);
  assert.equal(
    errors.length,
    told,
    'the listeners change the session once more each, and nothing tries to save that',
  );
});

test('what is changed in the very turn in which a late change was saved is saved, too', async t => {
  const turns = 60;
  const store = memoryStore();
  const update = store.update.bind(store);
  let isWritten: (() => void) | undefined;
  store.update = async (...call) => {
    const placement = await update(...call);
    isWritten?.();
    return placement;
  };
  const done: Promise<void>[] = [];
  const browser = await visit(
    t,
    { store },
    {
      ...account,
      late: ctx => {
        const closed = once(ctx.res, 'close');
        const change = async () => {
          await closed;
          await sleep(5);
          const written = new Promise<void>(resolve => {
            isWritten = resolve;
          });
          ctx.session.first = ctx.query.turns;
          await written;
          isWritten = undefined;
          for (let turn = 0; turn < Number(ctx.query.turns); turn++) await null;
          ctx.session.second = ctx.query.turns;
          await sleep(10);
        };
        done.push(change());
      },
      show: ctx => ({ ...ctx.session }),
    },
  );
  await browser.get('login');
  for (let turn = 0; turn < turns; turn++) {
    await browser.get(`late?turns=${turn}`);
    await done.at(-1);
    const { first, second } = (await browser.get('show')).json as Record<string, string>;
    assert.deepEqual([first, second], [String(turn), String(turn)]);
  }
});

for (const [where, make] of Object.entries({
  'a sojourn store': memoryStore,
  'a koa-session store': () => new RecordStore(),
})) {
  test(`a key that comes too late for the headers, which went out while it was saved, is told: ${where}`, async t => {
    const slow = (store: object): object =>
      new Proxy(store, {
        get: (target, name) => {
          const member = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return async (...call: unknown[]) => {
            await sleep(10);
            return member.apply(target, call);
          };
        },
      });
    const app = appWith(sojourn.createSession, { store: slow(make()) } as never, {
      ...account,
      regenerate: async ctx => {
        const saving = ctx.session.regenerate();
        await sleep(2);
        ctx.res.flushHeaders();
        await saving;
      },
      save: async ctx => {
        const saving = ctx.session.save();
        await sleep(2);
        ctx.res.flushHeaders();
        await saving;
      },
    });
    const errors = eventsOf(app, 'session:error');
    const browser = await serve(t, app);
    await browser.get('login');
    await browser.get('save');
    assert.equal(errors.length, 0, 'the client has this key');
    await browser.get('regenerate');
    assert.deepEqual(
      errors.map(({ error }) => (error as { code?: string }).code),
      ['ERR_SESSION_HEADERS_SENT'],
    );
  });
}

test('an `update` of a cookie session rejects if the headers go out while it is under way', async t => {
  const seen: unknown[] = [];
  const { browser, told } = await site(
    t,
    {},
    {
      ...account,
      late: async ctx => {
        const updating = ctx.session.update(async data => {
          await sleep(5);
          Object.assign(data, { user: 'bob' });
        });
        ctx.status = 200;
        ctx.flushHeaders();
        seen.push(await updating.catch(error => error.code), ctx.session.user);
        ctx.body = 'sent';
      },
    },
  );
  await browser.get('login');
  await browser.get('late');
  assert.deepEqual([seen, told], [['ERR_SESSION_HEADERS_SENT', 'ann'], []]);
  assert.deepEqual((await browser.get()).json, { user: 'ann' });
});
