import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DAY, stoppedClock } from '../harness/clock.js';
import { visit } from '../harness/visit.js';
import { KINDS, MINUTE, site, type Times } from './kinds.js';

for (const [where, options] of Object.entries(KINDS)) {
  describe(`a session in ${where}`, () => {
    test('is over at the very millisecond of its idle deadline, and says why', async t => {
      const clock = stoppedClock(t);
      const browser = await visit(t, { ...options(), idleTimeout: 10 * MINUTE }, site);
      await browser.get('login');
      clock.advance(10 * MINUTE - 1);
      assert.equal((await browser.get()).body, '{"user":"ann"}');
      clock.advance(10 * MINUTE - 1);
      assert.equal((await browser.get()).body, '{"user":"ann"}', 'the use was recorded');
      clock.advance(10 * MINUTE);
      assert.equal((await browser.get('why')).body, '{"user":null,"ended":"idle"}');
    });

    test('lives on by use, which is recorded once in `touchAfter`', async t => {
      const clock = stoppedClock(t);
      const deadlines = { idleTimeout: 10 * MINUTE, touchAfter: 3 * MINUTE };
      const browser = await visit(t, { ...options(), ...deadlines }, site);
      await browser.get('login');
      const begun = clock.now();
      for (let minute = 1; minute <= 31; minute++) {
        clock.advance(MINUTE);
        // A request is told of the uses before it.
        const { lastSeenAt } = (await browser.get('times')).json as Times;
        const recorded = 3 * Math.floor((minute - 1) / 3);
        assert.equal(lastSeenAt, begun + recorded * MINUTE, `after ${minute} minutes`);
      }
      clock.advance(9 * MINUTE);
      assert.equal((await browser.get()).body, '{"user":null}', 'ten minutes after the use in the 30th');
    });

    test('is saved once in `touchAfter` with `rolling`, whenever it ends', async t => {
      const clock = stoppedClock(t);
      const rolling = { rolling: true, idleTimeout: 10 * MINUTE, touchAfter: 2 * MINUTE };
      const browser = await visit(t, { ...options(), ...rolling }, site);
      await browser.get('login');
      const saves = async () => (await browser.get()).cookie() !== undefined;
      assert.equal(await saves(), false);
      clock.advance(2 * MINUTE - 1);
      assert.equal(await saves(), false);
      clock.advance(1);
      assert.equal(await saves(), true);
      assert.equal(await saves(), false);
    });

    test('is over at most `touchAfter` early, and never late', async t => {
      const clock = stoppedClock(t);
      const place = { ...options(), idleTimeout: 10 * MINUTE, touchAfter: 2 * MINUTE };
      for (const used of [MINUTE, 2 * MINUTE, 3 * MINUTE]) {
        for (const [unused, user] of [
          [8 * MINUTE - 1, 'ann'],
          [10 * MINUTE, null],
        ] as const) {
          const browser = await visit(t, place, site);
          await browser.get('login');
          clock.advance(used);
          await browser.get();
          clock.advance(unused);
          assert.equal((await browser.get()).body, JSON.stringify({ user }), `used after ${used} ms`);
        }
      }
    });

    test('is over at the very millisecond of its absolute deadline, however active', async t => {
      const clock = stoppedClock(t);
      const deadlines = { idleTimeout: 10 * MINUTE, absoluteTimeout: 30 * MINUTE };
      const browser = await visit(t, { ...options(), ...deadlines, rolling: true }, site);
      await browser.get('login');
      for (const path of ['', 'write?page=1', 'touch', 'anew', 'regenerate']) {
        clock.advance(5 * MINUTE);
        assert.equal((await browser.get(path)).status, 200);
      }
      clock.advance(5 * MINUTE - 1);
      assert.equal((await browser.copy().get()).body, '{"user":"bob"}');
      clock.advance(1);
      assert.equal((await browser.get('why')).body, '{"user":null,"ended":"absolute"}');
    });

    test('tells when it began, when it was last used, and which deadline is the nearest', async t => {
      const clock = stoppedClock(t);
      const deadlines = { idleTimeout: 10 * MINUTE, absoluteTimeout: 30 * MINUTE };
      const browser = await visit(t, { ...options(), ...deadlines }, site);
      await browser.get('login');
      const createdAt = clock.now();
      const told = async (path = 'times') => (await browser.get(path)).json as Times;
      assert.deepEqual(await told(), {
        createdAt,
        lastSeenAt: createdAt,
        expiresAt: createdAt + 10 * MINUTE,
      });
      clock.advance(9 * MINUTE);
      await browser.get();
      const usedAt = clock.now();
      assert.deepEqual(await told(), { createdAt, lastSeenAt: usedAt, expiresAt: usedAt + 10 * MINUTE });
      clock.advance(9 * MINUTE);
      await browser.get('write?page=2');
      const savedAt = clock.now();
      assert.deepEqual(await told(), { createdAt, lastSeenAt: savedAt, expiresAt: savedAt + 10 * MINUTE });
      clock.advance(9 * MINUTE);
      await browser.get();
      assert.deepEqual(await told(), {
        createdAt,
        lastSeenAt: clock.now(),
        expiresAt: createdAt + 30 * MINUTE,
      });
    });

    test('begins anew after a logout: its deadlines are not the old one’s', async t => {
      const clock = stoppedClock(t);
      const deadlines = { idleTimeout: 10 * MINUTE, absoluteTimeout: 12 * MINUTE };
      const browser = await visit(t, { ...options(), ...deadlines }, site);
      await browser.get('login');
      clock.advance(9 * MINUTE);
      await browser.get();
      await browser.get('logout');
      await browser.get('login');
      clock.advance(10 * MINUTE - 1);
      assert.equal((await browser.get()).body, '{"user":"ann"}');
    });

    for (const name of ['idleTimeout', 'absoluteTimeout'] as const) {
      test(`is over at once where the configured \`${name}\` is shortened, and lives where it is not`, async t => {
        const clock = stoppedClock(t);
        const place = options();
        const long = await visit(t, { ...place, [name]: 60 * MINUTE, touchAfter: 0 }, site);
        await long.get('login');
        clock.advance(6 * MINUTE);
        const cookie = long.cookieHeader;
        const shorter = await visit(t, { ...place, [name]: 6 * MINUTE + 1, touchAfter: MINUTE }, site);
        assert.equal((await shorter.get('', { cookie })).body, '{"user":"ann"}');
        const short = await visit(t, { ...place, [name]: name === 'idleTimeout' ? 1 : 6 * MINUTE }, site);
        clock.advance(1);
        assert.equal((await short.get('', { cookie })).body, '{"user":null}');
      });
    }

    test('that was begun before there were deadlines has them counted from its last save', async t => {
      const clock = stoppedClock(t);
      const place = { ...options(), maxAge: DAY };
      const before = await visit(t, place, site);
      await before.get('login');
      const savedAt = clock.now();
      clock.advance(4 * MINUTE);
      const after = await visit(
        t,
        { ...place, idleTimeout: 5 * MINUTE, absoluteTimeout: 10 * MINUTE, touchAfter: 0 },
        site,
      );
      for (const [name, cookie] of before.cookies) after.cookies.set(name, cookie);
      const { createdAt, lastSeenAt } = (await after.get('times')).json as Times;
      assert.deepEqual([createdAt, lastSeenAt], [savedAt, savedAt]);
      clock.advance(4 * MINUTE);
      assert.equal((await after.get('write?page=3')).status, 200);
      clock.advance(2 * MINUTE - 1);
      assert.equal((await after.copy().get()).body, '{"user":"ann"}');
      clock.advance(1);
      assert.equal((await after.get('why')).body, '{"user":null,"ended":"absolute"}');
    });

    test('that has no deadlines keeps and tells nothing of them', async t => {
      stoppedClock(t);
      const place = options();
      const browser = await visit(t, place, site);
      const answer = await browser.get('login');
      const times = (await browser.get('times')).json as Times;
      const names = answer.cookies.map(({ name }) => name);
      assert.ok(!names.includes('koa.sess.at'), names.join());
      const isOurs = 'find' in (place.store ?? {});
      assert.equal('createdAt' in times, isOurs);
      assert.equal('lastSeenAt' in times, isOurs);
    });
  });
}
