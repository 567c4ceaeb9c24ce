import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { session } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { failingStore } from 'sojourn/testing';
import {
  account,
  appWith,
  bareApp,
  type Ctx,
  eventsOf,
  type Handler,
  type Routes,
  router,
} from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { signedRecord } from '../harness/cookies.js';
import { sojourn } from '../harness/packages.js';
import { RecordStore } from '../harness/record-store.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { overlap } from '../overlap/overlap.js';

const site: Routes = { ...account, show: ctx => ({ ...ctx.session }) };

const endings: Record<string, Handler> = {
  'a new session is being saved': ctx => {
    ctx.session.user = 'ann';
    void ctx.session.save();
    ctx.session = null;
  },
  'a session is being regenerated': ctx => {
    void ctx.session.regenerate();
    ctx.session = null;
  },
};

for (const [what, end] of Object.entries(endings)) {
  test(`a logout while ${what} ends it, and takes the cookie back`, async t => {
    const store = memoryStore();
    const browser = await visit(t, { store }, { ...site, end });
    if (end !== endings['a new session is being saved']) await browser.get('login');
    assert.equal((await browser.get('end')).cookie()?.value, '');
    assert.equal(await store.count?.(), 0);
  });
}

test('what follows a logout while the session is being saved is another session', async t => {
  const store = memoryStore();
  const browser = await visit(
    t,
    { store },
    {
      ...site,
      switch: ctx => {
        ctx.session.user = 'bob';
        void ctx.session.save();
        ctx.session = null;
        ctx.session = { user: 'eve' };
      },
    },
  );
  const before = (await browser.get('login')).cookie()?.value;
  assert.notEqual((await browser.get('switch')).cookie()?.value, before);
  assert.equal((await browser.get('show')).body, '{"user":"eve"}');
  assert.equal(await store.count?.(), 1);
});

for (const [where, options] of Object.entries({ cookie: {}, store: { store: memoryStore() } })) {
  test(`\`beforeSave\` may end the session: nothing is saved, in a ${where}`, async t => {
    const beforeSave = (ctx: { session: unknown }, session: object) => {
      if ('isBanned' in session) ctx.session = null;
    };
    const browser = await visit(
      t,
      { ...options, beforeSave: beforeSave as never },
      {
        ...site,
        ban: ctx => {
          ctx.session.isBanned = true;
        },
      },
    );
    assert.deepEqual((await browser.get('ban')).cookies, []);
    await browser.get('login');
    assert.equal((await browser.get('ban')).cookie()?.value, '');
    assert.equal((await browser.get('show')).body, '{}');
  });
}

test('a cookie that could not be set is not taken for saved', async t => {
  const browser = await visit(
    t,
    {},
    {
      '': async ctx => {
        ctx.session.text = 'x'.repeat(5000);
        await assert.rejects(ctx.session.save(), { code: 'ERR_SESSION_TOO_LARGE' });
      },
    },
  );
  const answer = await browser.get('', { cookie: signedRecord({ user: 'ann' }) });
  assert.deepEqual([answer.status, answer.cookies], [500, []]);
});

for (const [where, options] of Object.entries({
  cookie: {},
  store: { store: memoryStore() },
  'koa-session store': { store: new RecordStore() },
})) {
  test(`an \`update\` that leaves no data ends the session, in a ${where}`, async t => {
    const browser = await visit(
      t,
      { ...options },
      {
        ...site,
        empty: async ctx => {
          const isDone = await ctx.session.update(data => {
            delete (data as Record<string, unknown>).user;
          });
          return { isDone, left: ctx.session };
        },
      },
    );
    await browser.get('login');
    const answer = await browser.get('empty');
    assert.equal(answer.body, '{"isDone":true,"left":{}}');
    assert.equal(answer.cookie()?.value, '');
  });
}

test('a logout that does not load ends whichever of several cookies stands for the session', async t => {
  const options = { store: memoryStore(), lazy: true, signed: false };
  const browser = await visit(
    t,
    { ...options },
    {
      logout: site.logout as Handler,
      login: async ctx => Object.assign(await ctx.loadSession(), { user: 'ann' }),
    },
  );
  const cookie = `koa.sess=unknown; koa.sess=${(await browser.get('login')).cookie()?.value}`;
  assert.equal((await browser.get('logout', { cookie })).cookie()?.value, '');
  assert.equal(await options.store.count?.(), 0);
});

const refused: Record<string, TestOptions> = {
  'is too large': {},
  '`beforeSave` refuses': {
    beforeSave: (_ctx, session) => {
      if ('big' in (session as object)) throw new Error('not this');
    },
  },
};

for (const [what, options] of Object.entries(refused)) {
  test(`a logout holds, and takes the cookie back, though what follows it ${what}`, async t => {
    const app = appWith(sojourn.createSession, options, {
      ...site,
      switch: ctx => {
        ctx.session = null;
        ctx.session = { big: 'x'.repeat(6000) };
      },
    });
    const ended = eventsOf(app, 'session:ended');
    const browser = await serve(t, app);
    await browser.get('login');
    const answer = await browser.get('switch');
    assert.deepEqual([answer.status, answer.cookie()?.value, ended.length], [500, '', 1]);
    assert.equal((await browser.get('')).body, '{"user":null}');
  });
}

test('a sign-in after a logout is saved, though a save under way finds that another request was the first to log out', async t => {
  const store = memoryStore();
  const { browser, run } = await overlap(t, { store });
  const [late] = await run({
    late: ctx => {
      ctx.session.a = 2;
      void ctx.session.save();
      ctx.session = null;
      ctx.session = { user: 'ann' };
    },
    early: ctx => {
      ctx.session = null;
    },
  });
  assert.equal(late.status, 200);
  assert.deepEqual((await browser.get('show')).json, { user: 'ann' });
  assert.equal(await store.count(), 1);
});

for (const [where, options] of Object.entries<() => TestOptions>({
  'a cookie': () => ({}),
  'a koa-session store': () => ({ store: new RecordStore() }),
  'a sojourn store': () => ({ store: memoryStore() }),
})) {
  test(`an end is told once, and each session that was saved in between has its own: in ${where}`, async t => {
    const app = bareApp();
    const sessions = session<object>(app, options());
    const again = (change?: object) => async (ctx: Ctx) => {
      ctx.session = null;
      await sessions.of(ctx as never).commit();
      if (change) ctx.session = change;
      ctx.session = null;
    };
    const routes: Routes = {
      ...site,
      again: again(),
      'again-after-data': again({ user: 'bob' }),
      'emptied-first': async ctx => {
        delete ctx.session.user;
        await ctx.session.commit();
        ctx.session = null;
      },
      'after-a-save': async ctx => {
        ctx.session = null;
        ctx.session = { user: 'bob' };
        await ctx.session.save();
        ctx.session = null;
      },
    };
    app.use(sessions).use(router(routes));
    const ended = eventsOf(app, 'session:ended');
    const browser = await serve(t, app);
    for (const [path, count] of [
      ['emptied-first', 1],
      ['again', 1],
      ['again-after-data', 1],
      ['after-a-save', 2],
    ] as const) {
      await browser.get('login');
      const answer = await browser.get(path);
      assert.equal(answer.cookie()?.value, '', path);
      assert.equal((await browser.get('')).body, '{"user":null}', path);
      assert.equal(ended.splice(0).length, count, path);
    }
  });
}

test('what failed after a logout is told, and not that the client could not be told of the logout', async t => {
  const store = failingStore(new RecordStore());
  const keys = new Map<string, string>();
  const externalKey = {
    get: () => keys.get('key') ?? null,
    set: (_ctx: unknown, key: string) => void keys.set('key', key),
    clear: async () => Promise.reject(new Error('no way to clear')),
  };
  const app = appWith(
    sojourn.createSession,
    { store, externalKey },
    {
      ...site,
      switch: ctx => {
        ctx.session = null;
        ctx.session = { user: 'bob' };
      },
    },
  );
  const told = eventsOf(app, 'session:error');
  const browser = await serve(t, app);
  await browser.get('login');
  store.fail('set', new Error('down'));
  assert.equal((await browser.get('switch')).status, 503);
  assert.match(String(told[0]?.error), /no way to clear/);
});

test('a logout while an asynchronous `genid` makes the key of a regenerated session ends that', async t => {
  for (const store of [memoryStore(), new RecordStore()]) {
    let made = 0;
    const genid = async () => {
      await nextTurn();
      return `key-${++made}`;
    };
    const app = appWith(
      sojourn.createSession,
      { store, genid },
      {
        ...site,
        switch: async ctx => {
          const regenerating = ctx.session.regenerate();
          ctx.session = null;
          await regenerating;
        },
      },
    );
    const browser = await serve(t, app);
    await browser.get('login');
    const before = browser.copy();
    assert.equal((await browser.get('switch')).cookie()?.value, '');
    assert.equal((await before.get('')).body, '{"user":null}');
  }
});

test('what is saved while the session is ended tells no new session, and leaves no lifetime behind', async t => {
  const app = appWith(
    sojourn.createSession,
    { store: memoryStore() },
    {
      ...site,
      switch: async ctx => {
        ctx.session.page = 2;
        const saving = ctx.session.save();
        ctx.session.maxAge = 5000;
        ctx.session = null;
        ctx.session = {};
        await saving;
      },
    },
  );
  const [created, ended] = [eventsOf(app, 'session:created'), eventsOf(app, 'session:ended')];
  const browser = await serve(t, app);
  await browser.get('login');
  created.length = 0;
  assert.equal((await browser.get('switch')).cookie()?.value, '');
  assert.deepEqual([created.length, ended.length], [0, 1]);
});

for (const again of [{ flash: 'bye' }, { user: 'ann' }]) {
  for (const isLater of [false, true]) {
    test(`a session that ends while it is being saved shares no key with the next: ${JSON.stringify(again)}, ${isLater ? 'later' : 'at once'}`, async t => {
      const owner = ({ user }: { user?: string }) => user;
      const app = appWith(
        sojourn.createSession,
        { store: memoryStore(), owner },
        {
          cart: ctx => {
            ctx.session.cart = 'tea';
          },
          switch: async ctx => {
            ctx.session.user = 'ann';
            const saving = ctx.session.save();
            if (isLater) await null;
            ctx.session = null;
            ctx.session = { ...again };
            await saving;
          },
          show: ctx => ({ ...ctx.session }),
        },
      );
      const browser = await serve(t, app);
      for (const isNew of [true, false]) {
        const visitor = browser.stranger();
        if (!isNew) await visitor.get('cart');
        assert.equal((await visitor.get('switch')).status, 200);
        assert.deepEqual((await visitor.get('show')).json, again);
      }
    });
  }
}
