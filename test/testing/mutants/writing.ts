import { setImmediate } from 'node:timers/promises';
import type { Mutant } from './mutant.js';

/** Mutants of insert, update and touch. */
export const writingMutants: readonly Mutant[] = [
  {
    does: 'insert overwrites a live session',
    failing: [
      'insert: a live session stays as it is',
      'insert: of many at once for one key exactly one is placed',
    ],
    infect(store) {
      const { insert } = store;
      store.insert = async (key, session, call) => {
        if (store.live(key, call)) store.rows.delete(key);
        return insert(key, session, call);
      };
    },
  },
  {
    does: 'insert overwrites a tombstone',
    failing: ['insert: a tombstone stays as it is'],
    infect(store) {
      const { insert } = store;
      store.insert = async (key, session, call) => {
        if (store.at(key, call)?.ended) store.rows.delete(key);
        return insert(key, session, call);
      };
    },
  },
  {
    does: 'insert looks first and writes later',
    failing: ['insert: of many at once for one key exactly one is placed'],
    infect(store) {
      store.insert = async (key, session, call) => {
        if (store.at(key, call)) return { placed: false, because: 'taken' };
        await setImmediate();
        store.put(key, session);
        return { placed: true, displaced: [] };
      };
    },
  },
  {
    does: 'update forgets to compare the version',
    failing: [
      'update: changes nothing of a session of another version',
      'update: of many at once from one version exactly one is done',
      'update: many writers who try again lose no change',
    ],
    infect(store) {
      const { update } = store;
      store.update = async (key, session, call) =>
        update(key, session, { ...call, version: store.live(key, call)?.version ?? call.version });
    },
  },
  {
    does: 'update compares versions without regard to case',
    failing: ['update: a version that only looks alike is another'],
    infect(store) {
      store.isVersion = (stored, read) => stored?.toLowerCase() === read.toLowerCase();
    },
  },
  {
    does: 'update reads, thinks, and then writes',
    failing: ['update: of many at once from one version exactly one is done'],
    infect(store) {
      store.update = async (key, session, call) => {
        if (store.live(key, call)?.version !== call.version) return false;
        await setImmediate();
        store.put(key, session);
        return true;
      };
    },
  },
  {
    does: 'update creates',
    failing: ['update: never creates'],
    infect(store) {
      const { update } = store;
      store.update = async (key, session, call) => {
        if (!store.rows.has(key)) store.put(key, session);
        return update(key, session, call);
      };
    },
  },
  {
    does: 'update resurrects what has ended',
    failing: [
      'update: does not bring back an ended session',
      'end: no write that is under way brings the session back',
    ],
    infect(store) {
      const { update } = store;
      store.update = async (key, session, call) => {
        if (!store.at(key, call)?.ended) return update(key, session, call);
        store.put(key, session);
        return true;
      };
    },
  },
  {
    does: 'update keeps the old generation',
    failing: [
      'update: carries a new generation',
      'update: replaces every field of a session of the version that was read',
    ],
    infect(store) {
      const { update } = store;
      store.update = async (key, session, call) => {
        const { generation = session.generation } = store.live(key, call) ?? {};
        return update(key, { ...session, generation }, call);
      };
    },
  },
  {
    does: 'update keeps the old expiry',
    failing: ['expiry: an update can put it off, and bring it forward'],
    infect(store) {
      const { update } = store;
      store.update = async (key, session, call) => {
        const { expiresAt = session.expiresAt } = store.live(key, call) ?? {};
        return update(key, { ...session, expiresAt }, call);
      };
    },
  },
  {
    does: 'update says yes to the same change again',
    failing: ['update: a writer whose reply was lost recognises its own version'],
    infect(store) {
      const { update } = store;
      store.update = async (key, session, call) =>
        store.live(key, call)?.version === session.version || update(key, session, call);
    },
  },
  {
    does: 'touch creates',
    failing: ['touch: never creates'],
    infect(store) {
      const { touch } = store;
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const was = await touch(key, lastSeenAt, expiresAt, call);
        const tombstone = { ended: { reason: 'touched', at: 0 }, handle: '', owner: null, createdAt: 0 };
        if (!store.rows.has(key)) store.put(key, { ...tombstone, lastSeenAt, expiresAt });
        return was;
      };
    },
  },
  {
    does: 'touch resurrects what has ended',
    failing: ['touch: does not bring back an ended session'],
    infect(store) {
      const before = new Map<string, Parameters<typeof store.insert>[1]>();
      const { insert, touch } = store;
      store.insert = async (key, session, call) => {
        before.set(key, session);
        return insert(key, session, call);
      };
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const session = before.get(key);
        if (session && store.at(key, call)?.ended) store.put(key, session);
        return touch(key, lastSeenAt, expiresAt, call);
      };
    },
  },
  {
    does: 'touch moves lastSeenAt backwards',
    failing: ['touch: does not move lastSeenAt backwards', 'touch: of many at once the latest times stay'],
    infect(store) {
      const { touch } = store;
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const session = store.live(key, call);
        if (session) store.put(key, { ...session, lastSeenAt });
        return touch(key, lastSeenAt, expiresAt, call);
      };
    },
  },
  {
    does: 'touch moves expiresAt backwards',
    failing: ['touch: does not move expiresAt backwards', 'touch: of many at once the latest times stay'],
    infect(store) {
      const { touch } = store;
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const session = store.live(key, call);
        if (session && expiresAt > store.nowOf(call)) store.put(key, { ...session, expiresAt });
        return touch(key, lastSeenAt, expiresAt, call);
      };
    },
  },
  {
    does: 'touch changes the version',
    failing: [
      'touch: records the use, and changes nothing else, the version least of all',
      'touch: a writer who read before it can still update',
    ],
    infect(store) {
      const { touch } = store;
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const session = store.live(key, call);
        if (session) store.put(key, { ...session, version: 'touched' });
        return touch(key, lastSeenAt, expiresAt, call);
      };
    },
  },
  {
    does: 'touch counts as a save',
    failing: ['touch: records the use, and changes nothing else, the version least of all'],
    infect(store) {
      const { touch } = store;
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const session = store.live(key, call);
        if (session) store.put(key, { ...session, savedAt: store.nowOf(call) });
        return touch(key, lastSeenAt, expiresAt, call);
      };
    },
  },
  {
    does: 'touch writes back the whole session that it read',
    failing: [
      'touch: takes nothing from an update at the same time',
      'end: no write that is under way brings the session back',
    ],
    infect(store) {
      store.touch = async (key, lastSeenAt, expiresAt, call) => {
        const session = store.live(key, call);
        await setImmediate();
        if (session) store.put(key, { ...session, lastSeenAt, expiresAt });
        return session !== undefined;
      };
    },
  },
];
