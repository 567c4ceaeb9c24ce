import { setImmediate } from 'node:timers/promises';
import type { Mutant } from './mutant.js';

/** Mutants of end, of tombstones and of move. */
export const endingMutants: readonly Mutant[] = [
  {
    does: 'end keeps the data',
    failing: ['end: leaves a tombstone that tells the reason and the time, and no data'],
    infect(store) {
      const { tombstoneOf } = store;
      store.tombstoneOf = (session, reason, at) => ({ ...session, ...tombstoneOf(session, reason, at) });
    },
  },
  {
    does: 'end leaves nothing',
    failing: [
      'end: leaves a tombstone that tells the reason and the time, and no data',
      'insert: a tombstone stays as it is',
      'tombstone: stays for as long as the session would have lived',
    ],
    infect(store) {
      store.bury = (key, _reason, call) => store.live(key, call) !== undefined && store.rows.delete(key);
    },
  },
  {
    does: 'tombstones go before their time',
    failing: ['tombstone: stays for as long as the session would have lived'],
    infect(store) {
      const { tombstoneOf } = store;
      store.tombstoneOf = (session, reason, at) => {
        const tombstone = tombstoneOf(session, reason, at);
        return reason === 'expired' ? tombstone : { ...tombstone, expiresAt: at + 1000 };
      };
    },
  },
  {
    does: 'tombstones cannot be told to the time',
    failing: ['end: leaves a tombstone that tells the reason and the time, and no data'],
    infect(store) {
      const { tombstoneOf } = store;
      store.tombstoneOf = (session, reason) => tombstoneOf(session, reason, session.createdAt);
    },
  },
  {
    does: 'end forgets to compare the version',
    failing: [
      'end: on condition of another version leaves the session as it is',
      'end: on condition of a version never swallows an update from that version',
    ],
    infect(store) {
      store.end = async (key, reason, call) => store.bury(key, reason, call);
    },
  },
  {
    does: 'end refuses where it should compare the version',
    failing: ['end: on condition of its version ends the session'],
    infect(store) {
      const { end } = store;
      store.end = async (key, reason, call) => call?.version === undefined && end(key, reason, call);
    },
  },
  {
    does: 'end is always done',
    failing: [
      'end: what has ended was not live, and keeps its first reason',
      'end: of a key that was never kept leaves nothing',
      'end: of many at once exactly one ends the session',
      'expiry: an expired session was not live when it is ended',
    ],
    infect(store) {
      const { end } = store;
      store.end = async (key, reason, call) => {
        const done = await end(key, reason, call);
        return call?.version === undefined ? true : done;
      };
    },
  },
  {
    does: 'end overwrites the reason',
    failing: ['end: what has ended was not live, and keeps its first reason'],
    infect(store) {
      const { end } = store;
      store.end = async (key, reason, call) => {
        const found = store.at(key, call);
        if (found?.ended) store.put(key, { ...found, ended: { ...found.ended, reason } });
        return end(key, reason, call);
      };
    },
  },
  {
    does: 'end entombs what never was',
    failing: ['end: of a key that was never kept leaves nothing'],
    infect(store) {
      const { end } = store;
      store.end = async (key, reason, call) => {
        const done = await end(key, reason, call);
        const times = { createdAt: 0, lastSeenAt: 0, expiresAt: store.nowOf(call) + 1000 };
        const ended = { reason, at: store.nowOf(call) };
        if (!store.rows.has(key)) store.put(key, { ended, handle: '', owner: null, ...times });
        return done;
      };
    },
  },
  {
    does: 'move forgets to compare the version',
    failing: [
      'move: changes nothing where the version is another',
      'move: of a move and an update at once exactly one is done',
    ],
    infect(store) {
      const { move } = store;
      store.move = async (from, to, session, call) =>
        move(from, to, session, { ...call, version: store.live(from, call)?.version ?? call.version });
    },
  },
  {
    does: 'move creates',
    failing: ['move: never creates'],
    infect(store) {
      const { move } = store;
      store.move = async (from, to, session, call) =>
        store.rows.has(from) ? move(from, to, session, call) : store.place(to, session, call);
    },
  },
  {
    does: 'move resurrects what has ended',
    failing: ['tombstone: cannot be moved'],
    infect(store) {
      const { move } = store;
      store.move = async (from, to, session, call) =>
        store.at(from, call)?.ended ? store.place(to, session, call) : move(from, to, session, call);
    },
  },
  {
    does: 'move overwrites what the new key has',
    failing: [
      'move: changes nothing where the new key has a live session',
      'move: changes nothing where the new key has a tombstone',
    ],
    infect(store) {
      const { move } = store;
      store.move = async (from, to, session, call) => {
        if (store.live(from, call)?.version === call.version) store.rows.delete(to);
        return move(from, to, session, call);
      };
    },
  },
  {
    does: 'move leaves the old key live',
    failing: [
      'move: the new key has the session, the old one a tombstone that says "rotated"',
      'move: at no moment are the data gone, or reachable by both keys',
    ],
    infect(store) {
      const { bury } = store;
      store.bury = (key, reason, call) => reason === 'rotated' || bury(key, reason, call);
    },
  },
  {
    does: 'move leaves no tombstone',
    failing: ['move: the new key has the session, the old one a tombstone that says "rotated"'],
    infect(store) {
      const { bury } = store;
      store.bury = (key, reason, call) =>
        reason === 'rotated' ? store.rows.delete(key) : bury(key, reason, call);
    },
  },
  {
    does: 'move ends the old key first, and has a gap',
    failing: ['move: at no moment are the data gone, or reachable by both keys'],
    infect(store) {
      store.move = async (from, to, session, call) => {
        if (store.live(from, call)?.version !== call.version) return { placed: false, because: 'stale' };
        store.bury(from, 'rotated', call);
        await setImmediate();
        return store.place(to, session, call);
      };
    },
  },
  {
    does: 'move ends the old key last, and has an overlap',
    failing: ['move: at no moment are the data gone, or reachable by both keys'],
    infect(store) {
      store.move = async (from, to, session, call) => {
        if (store.live(from, call)?.version !== call.version) return { placed: false, because: 'stale' };
        const placement = store.place(to, session, call);
        await setImmediate();
        if (placement.placed) store.bury(from, 'rotated', call);
        return placement;
      };
    },
  },
];
