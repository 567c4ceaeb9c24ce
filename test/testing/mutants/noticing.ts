import type { Mutant } from './mutant.js';

/** Mutants of how it becomes known that sessions end. */
export const noticingMutants: readonly Mutant[] = [
  {
    does: 'peeks at the data',
    failing: [
      'peek: the live sessions of these handles, without their data, and no others',
      'peek: follows a session to a new key',
      'peek: nothing that has ended or expired',
      'peek: the times of the latest use',
      'peek: as many handles as a process has open sessions',
    ],
    infect(store) {
      store.peek = async (handles, call) =>
        store.liveRows(call).flatMap(([, session]) => (handles.includes(session.handle) ? session : []));
    },
  },
  {
    does: 'peeks at all that is live',
    failing: ['peek: the live sessions of these handles, without their data, and no others'],
    infect(store) {
      const { peek } = store;
      store.peek = (_handles, call) =>
        peek(
          store.liveRows(call).map(([, { handle }]) => handle),
          call,
        );
    },
  },
  {
    does: 'peeks at the first key alone',
    failing: ['peek: follows a session to a new key'],
    infect(store) {
      const { insert, peek } = store;
      const handles = new Map<string, string>();
      store.insert = (key, session, call) => {
        handles.set(session.handle, key);
        return insert(key, session, call);
      };
      store.peek = async (wanted, call) =>
        peek(
          wanted.filter(handle => store.live(handles.get(handle) ?? '', call)),
          call,
        );
    },
  },
  {
    does: 'peeks at what has expired',
    failing: ['peek: nothing that has ended or expired'],
    infect(store) {
      const { peek } = store;
      store.peek = (handles, call) => peek(handles, { ...call, now: 0 });
    },
  },
  {
    does: 'peeks at the times of the sign-in',
    failing: ['peek: the times of the latest use'],
    infect(store) {
      const { peek } = store;
      store.peek = async (handles, call) =>
        (await peek(handles, call)).map(session => ({ ...session, lastSeenAt: session.createdAt }));
    },
  },
  {
    does: 'peeks at a hundred handles and forgets the rest',
    failing: ['peek: as many handles as a process has open sessions'],
    infect(store) {
      const { peek } = store;
      store.peek = (handles, call) => peek(handles.slice(0, 100), call);
    },
  },
  {
    does: 'tells of nothing that is ended by its handle',
    failing: ['subscribe: tells of each session that is ended, why and when'],
    infect(store) {
      store.endByHandle = async (handle, _reason, call) => {
        const row = store.liveRows(call).find(([, session]) => session.handle === handle);
        if (row) store.put(row[0], store.tombstoneOf(row[1], 'revoked', store.nowOf(call)));
        return row !== undefined;
      };
    },
  },
  {
    does: 'tells another reason',
    failing: [
      'subscribe: tells of each session that is ended, why and when',
      'subscribe: tells of those that give way to another',
      'subscribe: a move to another handle ends the old one; one that keeps it ends nothing',
      'subscribe: tells nothing of what ends nothing',
      'subscribe: tells everybody who listens, and nobody any more who has stopped',
    ],
    infect(store) {
      const { tell } = store;
      store.tell = ended => tell({ ...ended, reason: 'ended' });
    },
  },
  {
    does: 'tells nothing of those that give way',
    failing: ['subscribe: tells of those that give way to another'],
    infect(store) {
      const { tell } = store;
      store.tell = ended => {
        if (ended.reason !== 'displaced') tell(ended);
      };
    },
  },
  {
    does: 'tells of a new key as of an end',
    failing: ['subscribe: a move to another handle ends the old one; one that keeps it ends nothing'],
    infect(store) {
      const { bury } = store;
      store.bury = (key, reason, call) => bury(key, reason, call);
    },
  },
  {
    does: 'tells nothing of a move to another handle',
    failing: ['subscribe: a move to another handle ends the old one; one that keeps it ends nothing'],
    infect(store) {
      const { tell } = store;
      store.tell = ended => {
        if (ended.reason !== 'rotated') tell(ended);
      };
    },
  },
  {
    does: 'tells of an end though nothing ended',
    failing: ['subscribe: tells nothing of what ends nothing'],
    infect(store) {
      const { end } = store;
      store.end = async (key, reason, call) => {
        const isEnded = await end(key, reason, call);
        const session = store.live(key, call);
        if (session) store.tell({ handle: session.handle, reason, at: store.nowOf(call) });
        return isEnded;
      };
    },
  },
  {
    does: 'tells the first who listens alone',
    failing: ['subscribe: tells everybody who listens, and nobody any more who has stopped'],
    infect(store) {
      const { subscribe } = store;
      let isTaken = false;
      store.subscribe = subscriber => {
        const stop = subscribe(subscriber);
        if (isTaken) store.subscribers.delete(subscriber);
        isTaken = true;
        return stop;
      };
    },
  },
  {
    does: 'tells those who have stopped',
    failing: ['subscribe: tells everybody who listens, and nobody any more who has stopped'],
    infect(store) {
      const { subscribe } = store;
      store.subscribe = subscriber => {
        subscribe(subscriber);
        return () => {};
      };
    },
  },
  {
    does: 'never says that it listens',
    failing: [
      'subscribe: tells of each session that is ended, why and when',
      'subscribe: tells of those that give way to another',
      'subscribe: a move to another handle ends the old one; one that keeps it ends nothing',
      'subscribe: tells nothing of what ends nothing',
      'subscribe: tells everybody who listens, and nobody any more who has stopped',
    ],
    infect(store) {
      store.subscribe = () => () => {};
    },
  },
];
