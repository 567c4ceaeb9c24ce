import type { Mutant } from './mutant.js';

/** Mutants of the owner verbs, and of what goes over all sessions. */
export const owningMutants: readonly Mutant[] = [
  {
    does: 'endByHandle ignores the owner',
    failing: ["endByHandle: leaves what is not the given owner's"],
    infect(store) {
      const { endByHandle } = store;
      store.endByHandle = (handle, reason, call) => endByHandle(handle, reason, { now: store.nowOf(call) });
    },
  },
  {
    does: 'endByHandle takes nobody for the given owner',
    failing: ["endByHandle: leaves what is not the given owner's"],
    infect(store) {
      const { endByHandle } = store;
      store.endByHandle = async (handle, reason, call) => {
        const row = store.liveRows(call).find(([, session]) => session.handle === handle);
        const { owner: _, ...unowned } = call ?? {};
        return endByHandle(handle, reason, row?.[1].owner === null ? unowned : call);
      };
    },
  },
  {
    does: 'endByHandle stays with the first key',
    failing: ['endByHandle: follows the session to a new key'],
    infect(store) {
      const keys = new Map<string, string>();
      const { insert } = store;
      store.insert = async (key, session, call) => {
        keys.set(session.handle, key);
        return insert(key, session, call);
      };
      store.endByHandle = async (handle, reason, call) => store.bury(keys.get(handle) ?? '', reason, call);
    },
  },
  {
    does: 'endByHandle ends what has expired',
    failing: ['endByHandle: knows no handle that was never kept, that has ended or that has expired'],
    infect(store) {
      const { endByHandle } = store;
      store.endByHandle = (handle, reason, call) => endByHandle(handle, reason, { ...call, now: 0 });
    },
  },
  {
    does: 'endOwned ignores except',
    failing: ['endOwned: spares the handles that are excepted'],
    infect(store) {
      const { endOwned } = store;
      store.endOwned = (owner, reason, call) => endOwned(owner, reason, { now: store.nowOf(call) });
    },
  },
  {
    does: "endOwned ends everybody's",
    failing: ["endOwned: leaves others' sessions, and nobody's"],
    infect(store) {
      store.endOwned = async (_owner, reason, call) =>
        store.liveRows(call).map(([key, { handle }]) => {
          store.bury(key, reason, call);
          return handle;
        });
    },
  },
  {
    does: 'endOwned answers what had ended before',
    failing: ['endOwned: has nothing to end where nothing is live'],
    infect(store) {
      const { endOwned } = store;
      store.endOwned = (owner, reason, call) => endOwned(owner, reason, { ...call, now: 0 });
    },
  },
  {
    does: 'endOwned goes by the first owner',
    failing: ["endOwned: a session that gained its owner by an update is that owner's"],
    infect(store) {
      const { update } = store;
      store.update = (key, session, call) =>
        update(key, { ...session, owner: store.live(key, call)?.owner ?? null }, call);
    },
  },
  {
    does: 'list leaks another owner',
    failing: ["list: neither others' sessions nor nobody's"],
    infect(store) {
      store.owned = (_owner, call) => store.liveRows(call);
    },
  },
  {
    does: 'list goes by creation',
    failing: [
      "list: an owner's sessions as they are kept, the newest first by sign-in",
      'limit: "end-oldest" ends the oldest by sign-in, and tells its handle',
    ],
    infect(store) {
      store.signedInAt = session => session.createdAt;
    },
  },
  {
    does: 'list shows what has expired',
    failing: ['list: nothing that has ended or expired'],
    infect(store) {
      const { list } = store;
      store.list = (owner, page, call) => list(owner, page, { ...call, now: 0 });
    },
  },
  {
    does: 'list has a next page after the last',
    failing: ['list: a page at a time, and no `next` on the last page, be it full'],
    infect(store) {
      const { list } = store;
      store.list = async (owner, page, call) => {
        const { sessions } = await list(owner, page, call);
        const last = sessions.at(-1);
        const order = `${String(last?.authenticatedAt).padStart(16, '0')} ${last?.handle}`;
        return sessions.length === page.limit ? { sessions, next: order } : { sessions };
      };
    },
  },
  {
    does: 'list pages by time alone',
    failing: ['list: pages hold each session once, though all signed in at one instant'],
    infect(store) {
      store.list = async (owner, { limit, after }, call) => {
        const rest = store
          .owned(owner, call)
          .map(([, session]) => session)
          .filter(session => after === undefined || store.signedInAt(session) < Number(after));
        const sessions = rest.slice(0, limit);
        const last = sessions.at(-1);
        return last && rest.length > limit ? { sessions, next: `${store.signedInAt(last)}` } : { sessions };
      };
    },
  },
  {
    does: 'list pages by count',
    failing: ['list: a page follows the one before, though the last session of that has ended'],
    infect(store) {
      store.list = async (owner, { limit, after }, call) => {
        const owned = store.owned(owner, call).map(([, session]) => session);
        const from = Number(after ?? 0);
        const sessions = owned.slice(from, from + limit);
        return owned.length > from + limit ? { sessions, next: `${from + limit}` } : { sessions };
      };
    },
  },
  {
    does: 'count counts what has expired',
    failing: ['count: what is live, of one owner and of all'],
    infect(store) {
      const { count } = store;
      store.count = (owner, call) => count(owner, { ...call, now: 0 });
    },
  },
  {
    does: 'all shows what has expired',
    failing: ['all: every live session once, and nothing else'],
    infect(store) {
      const { all } = store;
      store.all = call => all.call(store, { ...call, now: 0 });
    },
  },
  {
    does: 'all stops after a batch',
    failing: ['all: every live session once, and nothing else'],
    infect(store) {
      store.all = async function* (call) {
        for (const [, session] of store.liveRows(call).slice(0, 100)) yield session;
      };
    },
  },
  {
    does: 'prune leaves tombstones',
    failing: ['prune: deletes what has expired, and tombstones whose time has come, and answers how many'],
    infect(store) {
      const { prune } = store;
      store.prune = async call => {
        const kept = [...store.rows].filter(([, row]) => row !== 'malformed' && row.ended);
        const pruned = await prune(call);
        for (const [key, row] of kept) store.rows.set(key, row);
        return pruned;
      };
    },
  },
  {
    does: 'prune deletes every tombstone',
    failing: ['prune: leaves what is live, and tombstones, to their last millisecond'],
    infect(store) {
      const { prune } = store;
      store.prune = async call => {
        for (const [key, row] of store.rows) if (row !== 'malformed' && row.ended) store.rows.delete(key);
        return prune(call);
      };
    },
  },
  {
    does: 'takes owners without regard to case',
    failing: ['keys: owners that look alike are different owners'],
    infect(store) {
      store.owned = (owner, call) =>
        store.liveRows(call).filter(([, session]) => session.owner?.toLowerCase() === owner?.toLowerCase());
    },
  },
  {
    does: 'takes handles without regard to case',
    failing: ['keys: handles that look alike are different handles'],
    infect(store) {
      store.endByHandle = async (handle, reason, call) => {
        const alike = store
          .liveRows(call)
          .filter(([, session]) => session.handle.toLowerCase() === handle.toLowerCase());
        for (const [key] of alike) store.bury(key, reason, call);
        return alike.length > 0;
      };
    },
  },
];
