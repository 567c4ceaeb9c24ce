import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import { account, bareApp, router } from '../harness/app.js';
import { RecordStore } from '../harness/record-store.js';
import { alike } from '../harness/side-by-side.js';

const mount = createRequire(import.meta.url)('koa-mount') as (prefix: string, app: Koa) => Middleware;

for (const [place, optionsOf] of [
  ['the cookie', () => ({})],
  ['a store', () => ({ store: new RecordStore() })],
] as const) {
  alike(`a sub-app of koa-mount uses the session of its parent, in ${place}`, async bench => {
    const [parent, shop, office] = [bareApp(), bareApp(), bareApp()];
    office.use(router(account));
    shop.use(mount('/office', office)).use(router(account));
    parent.use(bench.createSession(parent, optionsOf()));
    parent.use(mount('/shop', shop)).use(router(account));
    const browser = await bench.serve(parent);
    await browser.get('shop/login');
    for (const path of ['', 'shop/', 'shop/office/'])
      assert.equal((await browser.get(path)).body, '{"user":"ann"}');
    await browser.get('shop/office/logout');
    assert.equal((await browser.get()).body, '{"user":null}');
  });
}
