import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { appWith, type Routes } from '../harness/app.js';
import { Browser, serve } from '../harness/browser.js';
import { sojourn } from '../harness/packages.js';
import type { TestOptions } from '../harness/visit.js';
import { missing, startNginx } from './nginx.js';

const site: Routes = {
  fill: ctx => {
    ctx.session.text = 'x'.repeat(Number(ctx.query.size));
  },
  size: ctx => String(String(ctx.session.text ?? '').length),
};

/** A visitor of an app that has an nginx before it, with these settings and else its defaults. */
async function behindNginx(t: TestContext, options: TestOptions, settings = ''): Promise<Browser> {
  const { base } = await serve(t, appWith(sojourn.createSession, options, site));
  const port = await startNginx(t, {
    http: port => `server { listen 127.0.0.1:${port}; location / { proxy_pass ${base}; ${settings} } }`,
  });
  return new Browser(`http://127.0.0.1:${port}`);
}

/** Those that the documents give. */
const ROOM = 'proxy_buffer_size 16k; proxy_buffers 8 16k;';

/** Of text, which are nearly 7 KB of cookies. */
const SIZE = 5000;

describe('large headers behind nginx', { skip: missing }, () => {
  test('with its defaults a response that sets a session in chunks is a 502', async t => {
    const browser = await behindNginx(t, { oversize: 'chunk' });
    assert.equal((await browser.get('fill?size=1000')).status, 200);
    const { status, cookies } = await browser.get(`fill?size=${SIZE}`);
    assert.deepEqual([status, cookies], [502, []]);
  });

  test('with more room for the headers of responses a session in chunks comes back whole', async t => {
    const browser = await behindNginx(t, { oversize: 'chunk' }, ROOM);
    assert.equal((await browser.get(`fill?size=${SIZE}`)).status, 200);
    assert.equal((await browser.get('size')).body, String(SIZE));
  });

  test('more than the 7 KB that `oversize` allows by default locks a visitor out, with a 400', async t => {
    const browser = await behindNginx(t, { oversize: { chunk: 12_000 } }, ROOM);
    assert.equal((await browser.get('fill?size=8000')).status, 200);
    assert.equal((await browser.get('size')).status, 400);
  });
});
