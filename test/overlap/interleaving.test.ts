import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import Libsql from 'libsql';
import type { SessionStore } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { sqliteStore } from 'sojourn/sqlite';
import type { Ctx } from '../harness/app.js';
import type { Answer, Browser } from '../harness/browser.js';
import { visit } from '../harness/visit.js';
import { type Action, Model, type Request } from './model.js';

/** A client's next step: to send a request, which loads its session and waits; or, if one waits, to let it go on. */
interface Step {
  readonly client: number;
  readonly action: Action;
}

const CLIENTS = 3;
const BEGINNING = { a: 1, b: 2 };

const name = fc.constantFrom('a', 'b', 'c');
const action: Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('set', 'remove'), name }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('increment', 'regenerate') }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('read', 'touch', 'replace', 'logout') }) },
) as Arbitrary<Action>;
const steps = fc.array(fc.record({ client: fc.nat(CLIENTS - 1), action }), { maxLength: 24, size: 'max' });

const ACTIONS: Record<Action['does'], (ctx: Ctx, value: number, name: string) => unknown> = {
  read: ctx => ctx.session.length,
  touch: ctx => ctx.session.touch(),
  increment: ctx =>
    ctx.session.update(data => {
      const counted = data as { count?: number };
      counted.count = (counted.count ?? 0) + 1;
    }),
  regenerate: ctx => ctx.session.regenerate(),
  logout: ctx => {
    ctx.session = null;
  },
  set: (ctx, value, of) => {
    ctx.session[of] = value;
  },
  remove: (ctx, _value, of) => delete ctx.session[of],
  replace: (ctx, value) => {
    ctx.session = { replaced: value };
  },
};

/** A request that has loaded its session, and waits. */
interface Waiting {
  readonly request: Request;
  readonly action: Action;
  readonly value: number;
  readonly goOn: () => void;
  readonly answer: Promise<Answer>;
}

/** One browser, and what the model says that it has. */
class Client {
  readonly browser: Browser;
  key: number | undefined;
  waiting: Waiting | undefined;

  constructor(browser: Browser, key: number) {
    this.browser = browser;
    this.key = key;
  }
}

/** The site, whose requests wait between loading and acting until they are told. */
async function openSite(t: TestContext, store: SessionStore) {
  const arrivals = new Map<string, (goOn: () => void) => void>();
  const site = await visit(
    t,
    { store },
    {
      start: ctx => {
        ctx.session = BEGINNING;
      },
      act: async ctx => {
        const { does, of, value } = ctx.query as Record<string, string>;
        await new Promise<void>(goOn => arrivals.get(value as string)?.(goOn));
        return ACTIONS[does as Action['does']](ctx, Number(value), of as string);
      },
      show: ctx => ({ ...ctx.session }),
    },
  );
  let requests = 10;
  const send = async (client: Client, model: Model, action: Action): Promise<Waiting> => {
    const value = ++requests;
    const arrived = new Promise<() => void>(resolve => arrivals.set(`${value}`, resolve));
    const of = 'name' in action ? action.name : '';
    const answer = client.browser.get(`act?does=${action.does}&of=${of}&value=${value}`);
    const goOn = await arrived;
    return { request: model.begin(client.key), action, value, goOn, answer };
  };
  return { site, send };
}

/** Lets a request go on, and compares its answer. */
async function finish(client: Client, model: Model): Promise<void> {
  const { request, action, value, goOn, answer } = client.waiting as Waiting;
  client.waiting = undefined;
  goOn();
  const { status, body } = await answer;
  const { key, isUpdated } = model.finish(request, action, value);
  client.key = key;
  assert.equal(status, 200, body);
  if (isUpdated !== undefined) assert.equal(body, String(isUpdated));
}

const stores: Record<string, () => SessionStore> = {
  memoryStore: () => memoryStore(),
  sqliteStore: () => sqliteStore(new Libsql(':memory:')),
};

for (const [kind, create] of Object.entries(stores)) {
  test(`however the requests of three clients overlap, a session is what the model says: ${kind}`, async t => {
    const store = create();
    t.after(() => store.close?.());
    const { site, send } = await openSite(t, store);

    const play = async (script: readonly Step[]): Promise<void> => {
      const model = new Model();
      const liveBefore = Number(await store.count?.());
      const browser = site.stranger();
      await browser.get('start');
      const key = model.start(BEGINNING);
      const clients = Array.from({ length: CLIENTS }, () => new Client(browser.copy(), key));
      for (const { client: index, action } of script) {
        const client = clients[index] as Client;
        if (client.waiting) await finish(client, model);
        else client.waiting = await send(client, model, action);
      }
      for (const client of clients) if (client.waiting) await finish(client, model);
      for (const client of clients) {
        assert.deepEqual((await client.browser.get('show')).json, model.dataOf(client.key));
      }
      assert.equal(Number(await store.count?.()) - liveBefore, model.liveSessions);
    };
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: 100 });
  });
}
