import { setImmediate } from 'node:timers/promises';
import type { Mutant } from './mutant.js';

/** Mutants of the limits. */
export const limitingMutants: readonly Mutant[] = [
  {
    does: 'ignores the limit',
    failing: [
      'limit: "end-oldest" ends the oldest by sign-in, and tells its handle',
      'limit: "refuse" places nothing and ends nobody',
      'limit: where it was lowered, as many give way as are too many',
      'limit: of 50 at once "end-oldest" leaves exactly the limit',
      'limit: of 50 at once "refuse" places exactly the limit',
    ],
    infect(store) {
      store.surplus = () => [];
    },
  },
  {
    does: 'allows one session more than the limit',
    failing: ['limit: "refuse" places nothing and ends nobody'],
    infect(store) {
      const { surplus } = store;
      store.surplus = (session, call, moving) => surplus(session, call, moving).slice(1);
    },
  },
  {
    does: 'allows one session less than the limit',
    failing: ['limit: below it nobody gives way'],
    infect(store) {
      store.surplus = ({ owner }, call) => store.owned(owner, call).slice((call?.limit?.limit ?? 1e9) - 2);
    },
  },
  {
    does: '"end-oldest" ends the newest',
    failing: ['limit: "end-oldest" ends the oldest by sign-in, and tells its handle'],
    infect(store) {
      const { surplus } = store;
      store.surplus = (session, call, moving) =>
        store.owned(session.owner, call).slice(0, surplus(session, call, moving).length);
    },
  },
  {
    does: '"end-oldest" ends only one',
    failing: ['limit: where it was lowered, as many give way as are too many'],
    infect(store) {
      const { surplus } = store;
      store.surplus = (session, call, moving) => surplus(session, call, moving).slice(-1);
    },
  },
  {
    does: '"end-oldest" tells nobody',
    failing: ['limit: "end-oldest" ends the oldest by sign-in, and tells its handle'],
    infect(store) {
      const { place } = store;
      store.place = (...args) => {
        const placement = place(...args);
        return placement.placed ? { placed: true, displaced: [] } : placement;
      };
    },
  },
  {
    does: '"refuse" ends the oldest as well',
    failing: ['limit: "refuse" places nothing and ends nobody'],
    infect(store) {
      const { place } = store;
      store.place = (key, session, call, moving) => {
        const placement = place(key, session, call, moving);
        if (!placement.placed)
          for (const [oldest] of store.surplus(session, call)) store.bury(oldest, 'displaced');
        return placement;
      };
    },
  },
  {
    does: 'counts what has expired against the limit',
    failing: ['limit: what has ended or expired does not count'],
    infect(store) {
      const { surplus } = store;
      store.surplus = (session, call, moving) => surplus(session, { ...call, now: 0 }, moving);
    },
  },
  {
    does: "counts everybody's sessions against the limit",
    failing: ["limit: neither others' sessions count nor nobody's"],
    infect(store) {
      store.surplus = (_session, call) => store.liveRows(call).slice((call?.limit?.limit ?? 1e9) - 1);
    },
  },
  {
    does: 'counts a moving session against itself',
    failing: ['limit: a session that moves does not count against itself'],
    infect(store) {
      const { surplus } = store;
      store.surplus = (session, call) => surplus(session, call);
    },
  },
  {
    does: 'minds the limit only on insert',
    failing: [
      'limit: a session that signs in as it moves displaces the oldest',
      'limit: a session that is refused as it moves stays where it was',
      'limit: of 20 that sign in at once with a limit of 1 exactly one stays',
    ],
    infect(store) {
      const { surplus } = store;
      store.surplus = (session, call, moving) => (moving === undefined ? surplus(session, call) : []);
    },
  },
  {
    does: 'displaces before it knows whether it places',
    failing: ['limit: a placement that fails ends nobody'],
    infect(store) {
      const { place } = store;
      store.place = (key, session, call, moving) => {
        for (const [oldest] of store.surplus(session, call, moving)) store.bury(oldest, 'displaced', call);
        return place(key, session, call, moving);
      };
    },
  },
  {
    does: 'ends the old key though the move is refused',
    failing: ['limit: a session that is refused as it moves stays where it was'],
    infect(store) {
      const { place } = store;
      store.place = (key, session, call, moving) => {
        const placement = place(key, session, call, moving);
        if (moving !== undefined) store.bury(moving, 'rotated', call);
        return placement;
      };
    },
  },
  {
    does: 'counts first and places later',
    failing: [
      'limit: of 50 at once "end-oldest" leaves exactly the limit',
      'limit: of 50 at once "refuse" places exactly the limit',
    ],
    infect(store) {
      store.insert = async (key, session, call) => {
        const surplus = store.surplus(session, call);
        await setImmediate();
        if (surplus.length > 0 && call?.limit?.policy === 'refuse')
          return { placed: false, because: 'limit' };
        for (const [oldest] of surplus) store.bury(oldest, 'displaced', call);
        store.put(key, session);
        return { placed: true, displaced: surplus.map(([, { handle }]) => handle) };
      };
    },
  },
];
