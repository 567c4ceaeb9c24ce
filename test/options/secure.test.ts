import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from 'sojourn/memory';
import { account, appWith, errorsOf, type Routes } from '../harness/app.js';
import { serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import { visit } from '../harness/visit.js';

const site: Routes = { ...account, show: ctx => ({ ...ctx.session }) };

for (const path of ['show', 'logout']) {
  test(`\`secure: true\` over plain HTTP tells of proxies where a cookie is prolonged or cleared, too: ${path}`, async t => {
    const store = memoryStore();
    const open = await visit(t, { store }, site);
    await open.get('login');
    const app = appWith(sojourn.createSession, { store, secure: true, rolling: true }, site);
    const errors = errorsOf(app);
    await (await serve(t, app)).get(path, { cookie: open.cookieHeader });
    assert.match(String(errors[0]), /plain HTTP.*`app\.proxy = true`/);
  });
}
