import assert from 'node:assert/strict';
import { account, type Handler, type Routes } from '../harness/app.js';
import { DAY } from '../harness/clock.js';
import { plainText } from '../harness/cookies.js';
import { RecordStore } from '../harness/record-store.js';
import { mended } from '../harness/side-by-side.js';

/** Names that koa-session drops, or fails at. */
const ODD_NAMES = ['toJSON', 'maxAge', '__proto__', 'length', 'populated', 'externalKey', 'isNew'];

/** Names that mean something in koa-session's record, or begin as those do. */
const RECORD_NAMES = ['_csrf', '_expire', '_maxAge', '_session', '_data'];

const viewer: Routes = {
  '': ctx => JSON.stringify(ctx.session),
  change: ctx => {
    ctx.session.changed = true;
  },
};

for (const name of [...ODD_NAMES, ...RECORD_NAMES]) {
  mended(`keeps data under the name ${name} through cookies and saves`, async ({ visit }) => {
    const json = `{"${name}":"mine"}`;
    const assign: Handler = ctx => {
      ctx.session = JSON.parse(json);
    };
    const browser = await visit({}, { ...viewer, assign });
    assert.equal((await browser.get('assign')).status, 200);
    assert.equal((await browser.get()).body, json);
    assert.equal((await browser.get('change')).status, 200);
    assert.deepEqual((await browser.get()).json, JSON.parse(`{"${name}":"mine","changed":true}`));
  });
}

for (const name of ODD_NAMES) {
  mended(`keeps what a store holds under the name ${name}`, async ({ visit }) => {
    const store = new RecordStore();
    const json = `{"${name}":"mine"}`;
    store.texts.set('k', json);
    const browser = await visit({ store, signed: false }, viewer);
    const visitor = { cookie: 'koa.sess=k' };
    assert.equal((await browser.get('', visitor)).body, json);
    assert.equal((await browser.get('change', visitor)).status, 200);
    const { json: changed } = await browser.get('', visitor);
    assert.deepEqual(changed, JSON.parse(`{"${name}":"mine","changed":true}`));
  });
}

mended('data under the name of one member do not break the others', async ({ visit }) => {
  const store = new RecordStore();
  store.put('k', { commit: 'mine' });
  const browser = await visit({ store, signed: false }, { '': ctx => ctx.session.save() });
  assert.equal((await browser.get('', { cookie: 'koa.sess=k' })).status, 200);
});

mended("never takes a cookie's lifetime from the data", async ({ visit }) => {
  const browser = await visit(
    {},
    {
      '': ctx => {
        ctx.session = { user: 'ann', _maxAge: 1e12 };
      },
    },
  );
  const expiresAt = (await browser.get()).cookie()?.expiresAt ?? 0;
  assert.ok(Math.abs(expiresAt - Date.now() - DAY) < 5000, new Date(expiresAt).toISOString());
});

mended('an unsigned cookie cannot ask to be saved', async ({ visit }) => {
  const browser = await visit({ signed: false }, viewer);
  const cookie = `koa.sess=${plainText({ user: 'ann', _requireSave: true })}`;
  const answer = await browser.get('', { cookie });
  assert.equal(answer.body, '{"user":"ann"}');
  assert.deepEqual(answer.cookies, []);
});

for (const expiry of ['"never"', 'null', '{}', '[]', '1e400', 'true']) {
  mended(`refuses a record that expires at ${expiry}`, async ({ visit }) => {
    const browser = await visit({ signed: false }, viewer);
    const cookie = `koa.sess=${plainText(`{"user":"ann","_expire":${expiry}}`)}`;
    assert.equal((await browser.get('', { cookie })).body, '{}');
  });
}

for (const value of [['a', 'b'], 'text']) {
  const shape = Array.isArray(value) ? 'an array' : 'a string';

  mended(`takes no session from a cookie that holds ${shape}`, async ({ visit }) => {
    const browser = await visit({ signed: false }, viewer);
    assert.equal(
      (await browser.get('', { cookie: `koa.sess=${plainText(JSON.stringify(value))}` })).body,
      '{}',
    );
  });

  mended(`takes no session from a store that holds ${shape}`, async ({ visit }) => {
    const store = new RecordStore();
    store.put('k', value);
    const browser = await visit({ store, signed: false }, viewer);
    assert.equal((await browser.get('', { cookie: 'koa.sess=k' })).body, '{}');
  });
}

mended('saves a change whose CRC-32 is that of the old data', async ({ visit }) => {
  const browser = await visit(
    {},
    {
      one: ctx => {
        ctx.session.word = 'htpqwklvynl';
      },
      other: ctx => {
        ctx.session.word = 'pojqhnulnxu';
      },
      '': ctx => ctx.session.word,
    },
  );
  await browser.get('one');
  await browser.get('other');
  assert.equal((await browser.get()).body, 'pojqhnulnxu');
});

mended('a session that is emptied of all data leaves the store', async ({ visit }) => {
  const store = new RecordStore();
  const empty: Handler = ctx => {
    delete ctx.session.user;
  };
  const browser = await visit({ store }, { ...account, empty });
  await browser.get('login');
  assert.equal(store.keys.length, 1);
  await browser.get('empty');
  assert.deepEqual(store.keys, []);
  assert.equal(browser.cookieHeader, '');
});
