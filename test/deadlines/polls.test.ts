import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Routes } from '../harness/app.js';
import type { Answer, Browser } from '../harness/browser.js';
import { stoppedClock } from '../harness/clock.js';
import { type TestOptions, visit } from '../harness/visit.js';
import { COOKIE_KINDS, MINUTE } from './kinds.js';

const site: Routes = {
  poll: ctx => ({ user: ctx.session.user ?? null }),
  touch: ctx => ctx.session.touch(),
  login: ctx => {
    ctx.session = { user: String(ctx.query.user) };
  },
  logout: ctx => {
    ctx.session = null;
  },
  write: ctx => {
    ctx.session.page = String(ctx.query.page);
  },
  show: ctx => ({ ...ctx.session }),
};

/** What a visitor's session holds; null without one. */
type Data = { readonly user?: string; readonly page?: string } | null;

/** A request that is under way: its answer has been made, and has yet to reach the browser. */
interface UnderWay {
  readonly answer: Answer;
  /** What the browser's session is once this answer has come; undefined for one that only reads. */
  readonly leaves: { readonly data: Data } | undefined;
}

/** `send` makes a request with the cookies that the browser has now; `receive` lets it have one of the answers. */
type Step =
  | { readonly does: 'send'; readonly path: 'poll' | 'touch' | 'login' | 'logout' | 'write' }
  | { readonly does: 'receive'; readonly which: number }
  | { readonly does: 'wait'; readonly ms: number };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('send'), path: fc.constantFrom('poll', 'touch') }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('send'), path: fc.constantFrom('login', 'logout', 'write') }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('receive'), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('wait'), ms: fc.constantFrom(MINUTE, 2 * MINUTE) }) },
) as fc.Arbitrary<Step>;

const asCookies = (options: TestOptions): TestOptions => ({
  ...options,
  idleTimeout: 1000 * MINUTE,
  touchAfter: MINUTE,
});

let serial = 0;

/** A browser whose requests overlap as the steps say, and what its session must be by what it received. */
class Tabs {
  readonly browser: Browser;
  readonly #advance: (ms: number) => void;
  #underWay: UnderWay[] = [];
  data: Data = null;

  constructor(browser: Browser, advance: (ms: number) => void) {
    this.browser = browser;
    this.#advance = advance;
  }

  async take(step: Step): Promise<void> {
    if (step.does === 'wait') this.#advance(step.ms);
    else if (step.does === 'send') await this.#send(step.path);
    else this.#receive(step.which);
  }

  receiveAll(): void {
    while (this.#underWay.length > 0) this.#receive(0);
  }

  async #send(path: string): Promise<void> {
    const name = `${path}${serial++}`;
    const answer = await this.browser.copy().get(`${path}?user=${name}&page=${name}`);
    assert.equal(answer.status, 200);
    this.#underWay.push({ answer, leaves: this.#outcomeOf(path, name) });
  }

  #outcomeOf(path: string, name: string): UnderWay['leaves'] {
    if (path === 'login') return { data: { user: name } };
    if (path === 'write') return { data: { ...this.data, page: name } };
    // Who has no session ends none.
    return path === 'logout' && this.data ? { data: null } : undefined;
  }

  #receive(which: number): void {
    if (this.#underWay.length === 0) return;
    const [{ answer, leaves }] = this.#underWay.splice(which % this.#underWay.length, 1) as [UnderWay];
    this.browser.receive(answer);
    if (leaves) this.data = leaves.data;
  }
}

for (const [where, options] of COOKIE_KINDS) {
  describe(`in ${where}`, () => {
    test('whatever overlaps, and in whatever order the answers come, a read undoes nothing', async t => {
      const clock = stoppedClock(t);
      const visitor = await visit(t, asCookies(options()), site);
      await fc.assert(
        fc.asyncProperty(fc.array(aStep, { minLength: 4, maxLength: 20 }), async steps => {
          const tabs = new Tabs(visitor.stranger(), clock.advance);
          for (const step of steps) await tabs.take(step);
          tabs.receiveAll();
          const { json } = await tabs.browser.get('show');
          assert.deepEqual(json, tabs.data ?? {});
        }),
        { numRuns: 60 },
      );
    });

    for (const action of ['logout', 'login', 'write'] as const) {
      for (const order of ['poll first', `${action} first`]) {
        test(`a poll that overlaps a ${action} leaves it as it is, answered ${order}`, async t => {
          const clock = stoppedClock(t);
          const browser = await visit(t, asCookies(options()), site);
          await browser.get('login?user=ann');
          clock.advance(MINUTE);
          const [poll, act] = [
            await browser.copy().get('poll'),
            await browser.copy().get(`${action}?user=bob&page=2`),
          ];
          assert.ok(
            poll.cookie('koa.sess.at') && !poll.cookie('koa.sess'),
            'the poll tells of its use alone',
          );
          for (const answer of order === 'poll first' ? [poll, act] : [act, poll]) browser.receive(answer);
          const left = { logout: {}, login: { user: 'bob' }, write: { user: 'ann', page: '2' } };
          assert.deepEqual((await browser.get('show')).json, left[action]);
        });
      }
    }
  });
}

test('a stamp of the session before, come late, does not keep the new one alive, nor end it', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { idleTimeout: 10 * MINUTE, touchAfter: MINUTE }, site);
  await browser.get('login?user=ann');
  clock.advance(MINUTE);
  const late = await browser.copy().get('poll');
  await browser.get('logout');
  browser.receive(late);
  assert.equal((await browser.get('poll')).body, '{"user":null}');
  await browser.get('login?user=bob');
  browser.receive(late);
  clock.advance(10 * MINUTE - 1);
  assert.equal((await browser.copy().get('poll')).body, '{"user":"bob"}');
  clock.advance(1);
  assert.equal((await browser.copy().get('poll')).body, '{"user":null}');
});

test('`rolling` does send the data with a read: that can undo an overlapping logout, as documented', async t => {
  const clock = stoppedClock(t);
  const browser = await visit(t, { ...asCookies({}), rolling: true, touchAfter: 0 }, site);
  await browser.get('login?user=ann');
  clock.advance(MINUTE);
  const [poll, logout] = [await browser.copy().get('poll'), await browser.copy().get('logout')];
  browser.receive(logout);
  browser.receive(poll);
  assert.equal((await browser.get('poll')).body, '{"user":"ann"}');
});
