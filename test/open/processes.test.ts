import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Browser } from '../harness/browser.js';
import { type Contender, contenders } from '../races/contenders.js';
import { Service } from '../service/service.js';
import { openStore } from '../service/stores.js';
import { missing, startCluster } from '../stores/redis-servers.js';
import { endOf, signedIn, siteWith } from './site.js';

const clusters = (['ioredis-cluster', 'node-redis-cluster'] as const).map(
  (kind): Contender => ({
    name: `redisStore, by ${kind}`,
    processes: 2,
    missing,
    prepare: async () => {
      const { ports, stop } = await startCluster();
      return { store: { kind, ports }, remove: stop };
    },
  }),
);

/** Stores whose database tells what other processes end: ms within which it must be known, and why that long. */
const TOLD = 700;
/** And of those that are asked each second. */
const ASKED = 1600;

const isTold = ({ name }: Contender): boolean => /redis|postgres/.test(name);

/** How another process ends a session. */
const endings: Record<string, (service: Service, browser: Browser) => Promise<unknown>> = {
  logout: (service, browser) => at(service, browser).get('logout'),
  rotated: (service, browser) => at(service, browser).get('login-by-assigning?as=bob'),
  displaced: async service => {
    for (let i = 0; i < 2; i++) await service.visitor().get('login-by-assigning?as=ann');
  },
};

/** A site in this process, and another process with the same sessions. */
async function twoProcesses(t: TestContext, contender: Contender) {
  const prepared = await contender.prepare();
  t.after(prepared.remove);
  const opened = await openStore(prepared.store);
  t.after(opened.close);
  const maxSessions = { limit: 2, policy: 'end-oldest' } as const;
  const service = await Service.start({ store: prepared.store, hasOwners: true, maxSessions });
  t.after(() => service.stop());
  const site = await siteWith(t, { store: opened.store, watchInterval: undefined });
  return { site, service };
}

/** The same visitor, at the other process. */
function at(service: Service, browser: Browser): Browser {
  const other = service.visitor();
  for (const [name, cookie] of browser.cookies) other.cookies.set(name, cookie);
  return other;
}

for (const contender of [...contenders, ...clusters].filter(({ processes }) => processes === 2)) {
  const { name, missing: skip } = contender;
  const limit = isTold(contender) ? TOLD : ASKED;

  test(`${name}: what ends in another process is known within ${limit} ms, and a new key ends nothing`, {
    skip,
  }, async t => {
    const { site, service } = await twoProcesses(t, contender);
    for (const [reason, end] of Object.entries(endings)) {
      const browser = site.browser.stranger();
      const opened = await signedIn(site, 'ann', browser);
      await at(service, browser).get('write');
      // The connection that listens is opened with the first session.
      await endOf(opened, 500);
      await end(service, browser);
      const endedAt = Date.now();
      assert.equal(await endOf(opened, 5000), reason);
      const took = Date.now() - endedAt;
      t.diagnostic(`${reason}: ${took} ms`);
      assert.ok(took <= limit, `${reason} took ${took} ms`);
      await site.sessions.endAll('ann');
    }
    const opened = await signedIn(site);
    const other = at(service, site.browser);
    await other.get('regenerate');
    assert.equal(await endOf(opened, 1500), undefined);
    await other.get('logout');
    assert.equal(await endOf(opened, 5000), isTold(contender) ? 'logout' : 'rotated');
  });
}
