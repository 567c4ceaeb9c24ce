import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryStore } from 'sojourn/memory';
import type { Page, StoredSession } from '../testing/mutants/contract.js';
import { OpenStore } from '../testing/mutants/open-store.js';

type Store = OpenStore | ReturnType<typeof memoryStore>;

/** Does one thing to a store, and tells what it answered. The number of the step is the handle that it gives. */
type Step = (store: Store, n: number) => Promise<unknown>;

// Of few values each, so that they meet.
const key = fc.constantFrom('a', 'b', 'c', 'd');
const owner = fc.constantFrom('user-1', 'user-2');
const version = fc.constantFrom('v1', 'v2');
const instant = fc.integer({ min: 0, max: 10 });
const reason = fc.constantFrom('logout', 'revoked');
const stepsAgo = fc.integer({ min: 1, max: 8 });
const limit = fc.record({
  limit: fc.integer({ min: 1, max: 2 }),
  policy: fc.constantFrom('end-oldest' as const, 'refuse' as const),
});

const session: fc.Arbitrary<Omit<StoredSession, 'handle'>> = fc.record({
  data: fc.json({ maxDepth: 1 }),
  version,
  generation: fc.constantFrom('g1', 'g2'),
  owner: fc.option(owner),
  device: fc.option(fc.constant('{}')),
  authenticatedAt: fc.option(instant),
  maxAge: fc.option(fc.constantFrom('session' as const, 1000)),
  createdAt: instant,
  savedAt: instant,
  lastSeenAt: instant,
  expiresAt: fc.integer({ min: 5, max: 30 }),
});

const page = fc.record({ limit: fc.integer({ min: 1, max: 3 }) });
const now = fc.record({ now: instant });
const limited = fc.record({ now: instant, limit }, { requiredKeys: ['now'] });
const versioned = fc.record({ now: instant, version, limit }, { requiredKeys: ['now', 'version'] });
const conditional = fc.record({ now: instant, version }, { requiredKeys: ['now'] });
const owned = fc.record({ now: instant, owner }, { requiredKeys: ['now'] });

const step: fc.Arbitrary<Step> = fc.oneof(
  stepOf(fc.tuple(key, now), (store, args) => store.find(...args)),
  stepOf(fc.tuple(key, session, limited), (store, [to, fields, call], n) =>
    store.insert(to, { ...fields, handle: `${n}` }, call),
  ),
  stepOf(fc.tuple(key, session, versioned), (store, [to, fields, call], n) =>
    store.update(to, { ...fields, handle: `${n}` }, call),
  ),
  stepOf(fc.tuple(key, instant, instant, now), (store, args) => store.touch(...args)),
  stepOf(fc.tuple(key, key, session, versioned), (store, [from, to, fields, call], n) =>
    store.move(from, to, { ...fields, handle: `${n}` }, call),
  ),
  stepOf(fc.tuple(key, reason, conditional), (store, args) => store.end(...args)),
  stepOf(fc.tuple(stepsAgo, reason, owned), (store, [ago, why, call], n) =>
    store.endByHandle(`${n - ago}`, why, call),
  ),
  stepOf(fc.tuple(owner, reason, stepsAgo, now), (store, [who, why, ago, call], n) =>
    store.endOwned(who, why, { ...call, except: [`${n - ago}`] }),
  ),
  stepOf(fc.tuple(owner, page, now), (store, args) => listed(store, ...args)),
  stepOf(fc.tuple(fc.option(owner, { nil: undefined }), now), (store, args) => store.count(...args)),
  stepOf(now, (store, call) => iterated(store, call)),
  stepOf(now, (store, call) => store.prune(call)),
);

function stepOf<Args>(
  args: fc.Arbitrary<Args>,
  take: (store: Store, args: Args, n: number) => Promise<unknown>,
): fc.Arbitrary<Step> {
  return args.map(each => (store, n) => take(store, each, n));
}

test('whatever is done to it, the memory store answers as the plainest store does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50, size: 'max' }), async steps => {
      const [store, model] = [memoryStore(), new OpenStore()];
      for (const [i, each] of steps.entries()) {
        assert.deepEqual(await each(store, i), await each(model, i));
      }
      await store.close();
    }),
    { numRuns: 500 },
  );
});

/** The handles of each page. */
async function listed(store: Store, who: string, page: Page, call: { now: number }): Promise<string[][]> {
  const { sessions, next } = await store.list(who, page, call);
  const handles = sessions.map(({ handle }) => handle);
  return next === undefined
    ? [handles]
    : [handles, ...(await listed(store, who, { ...page, after: next }, call))];
}

async function iterated(store: Store, call: { now: number }): Promise<string[]> {
  const handles: string[] = [];
  for await (const { handle } of store.all(call)) handles.push(handle);
  return handles.sort();
}
