import type { Mutant } from './mutant.js';

/** Mutants of time, of copies and of what goes in coming out. */
export const lastingMutants: readonly Mutant[] = [
  {
    does: 'ignores expiry',
    failing: [
      'expiry: a session is over at the very millisecond of expiresAt',
      'expiry: an expired session cannot be updated',
      'expiry: an expired session cannot be touched',
      'expiry: an expired session cannot be moved',
      'expiry: an expired session was not live when it is ended',
      'limit: what has ended or expired does not count',
    ],
    infect(store) {
      store.isOver = () => false;
    },
  },
  {
    does: 'expires a millisecond late',
    failing: ['expiry: a session is over at the very millisecond of expiresAt'],
    infect(store) {
      store.isOver = (row, now) => row.expiresAt < now;
    },
  },
  {
    does: 'expires a millisecond early',
    failing: ['expiry: a session is live until the last millisecond before expiresAt'],
    infect(store) {
      store.isOver = (row, now) => row.expiresAt <= now + 1;
    },
  },
  {
    does: 'goes by its own time',
    failing: ['expiry: a session is over at the very millisecond of expiresAt'],
    infect(store) {
      store.nowOf = () => Date.now();
    },
  },
  {
    does: 'has no time without call.now',
    failing: ['find: without a time in the call it is Date.now()'],
    infect(store) {
      store.nowOf = call => call?.now ?? 0;
    },
  },
  {
    does: 'expires by a timer of 32 bits',
    failing: ['expiry: a session that lives for months lives for months'],
    infect(store) {
      store.isOver = (row, now) => row.expiresAt <= now || row.expiresAt - now > 2 ** 31;
    },
  },
  {
    does: 'keeps whole seconds',
    failing: ['find: keeps times to the millisecond, far ones too'],
    infect(store) {
      const { put } = store;
      const seconds = (at: number) => Math.floor(at / 1000) * 1000;
      store.put = (key, row) =>
        put(key, row === 'malformed' ? row : { ...row, createdAt: seconds(row.createdAt) });
    },
  },
  {
    does: 'updates what has expired',
    failing: ['expiry: an expired session cannot be updated'],
    infect(store) {
      const { update } = store;
      store.update = (key, session, call) => update(key, session, { ...call, now: 0 });
    },
  },
  {
    does: 'touches what has expired',
    failing: ['expiry: an expired session cannot be touched'],
    infect(store) {
      const { touch } = store;
      store.touch = (key, lastSeenAt, expiresAt, call) =>
        touch(key, lastSeenAt, expiresAt, { ...call, now: 0 });
    },
  },
  {
    does: 'moves what has expired',
    failing: ['expiry: an expired session cannot be moved'],
    infect(store) {
      const { move } = store;
      store.move = (from, to, session, call) => move(from, to, session, { ...call, now: 0 });
    },
  },
  {
    does: 'takes the key of an expired session for free, while a tombstone is found there',
    failing: ['expiry: the key of an expired session is free once nothing is found under it, and not before'],
    infect(store) {
      const { insert } = store;
      store.insert = async (key, session, call) => {
        if (store.at(key, call)?.ended?.reason === 'expired') store.rows.delete(key);
        return insert(key, session, call);
      };
    },
  },
  {
    does: 'hands out live references',
    failing: [
      'copies: a session that is changed after it was found is kept as it was',
      'copies: a tombstone that is changed after it was found is kept as it was',
    ],
    infect(store) {
      store.find = async (key, call) => store.at(key, call);
    },
  },
  {
    does: 'keeps the very object that it was handed',
    failing: ['copies: a session that is changed after it was kept is kept as it was'],
    infect(store) {
      store.put = (key, row) => void store.rows.set(key, row);
    },
  },
  {
    does: 'forgets the device',
    failing: [
      'find: answers every field as it was kept',
      'update: replaces every field of a session of the version that was read',
    ],
    infect(store) {
      const { put } = store;
      store.put = (key, row) => put(key, row === 'malformed' || row.ended ? row : { ...row, device: null });
    },
  },
  {
    does: 'takes "session" for null',
    failing: ['find: tells null from what is set, and a lifetime from "session"'],
    infect(store) {
      const { put } = store;
      store.put = (key, row) =>
        put(
          key,
          row === 'malformed' || row.ended || row.maxAge !== 'session' ? row : { ...row, maxAge: null },
        );
    },
  },
  {
    does: 'parses the data and writes them anew',
    failing: ['odd data: every JSON text comes back to the letter'],
    infect(store) {
      const { put } = store;
      store.put = (key, row) =>
        put(key, row === 'malformed' || row.ended ? row : { ...row, data: normalised(row.data) });
    },
  },
  {
    does: 'cuts the data at 64 KB',
    failing: ['odd data: a megabyte comes back to the letter'],
    infect(store) {
      const { put } = store;
      store.put = (key, row) =>
        put(key, row === 'malformed' || row.ended ? row : { ...row, data: row.data.slice(0, 65_536) });
    },
  },
  {
    does: 'takes keys without regard to case',
    failing: ['keys: keys that look alike are different keys'],
    infect(store) {
      store.keyOf = key => key.toLowerCase();
    },
  },
  {
    does: 'trims keys',
    failing: ['keys: keys that look alike are different keys'],
    infect(store) {
      store.keyOf = key => key.trimEnd();
    },
  },
  {
    does: 'normalises the unicode of keys',
    failing: ['keys: keys that look alike are different keys'],
    infect(store) {
      store.keyOf = key => key.normalize('NFKC');
    },
  },
  {
    does: 'ends a key at its first zero byte',
    failing: ['keys: a key may hold every byte'],
    infect(store) {
      store.keyOf = key => key.replace(/\0.*/s, '').slice(0, 4);
    },
  },
  {
    does: 'throws for a key that it would not make',
    failing: ['keys: there is nothing under one that no store would make'],
    infect(store) {
      const { find } = store;
      store.find = async (key, call) => {
        if (key.length > 4096) throw new RangeError('the key is too long');
        return find(key, call);
      };
    },
  },
  {
    does: 'throws for a malformed row',
    failing: [
      'malformed: a row that cannot be read is nothing, and is told',
      'malformed: nobody need listen',
    ],
    infect(store) {
      const { find } = store;
      store.find = async (key, call) => {
        if (store.rows.get(key) === 'malformed') throw new SyntaxError('a row that cannot be read');
        return find(key, call);
      };
    },
  },
  {
    does: 'keeps a malformed row to itself',
    failing: ['malformed: a row that cannot be read is nothing, and is told'],
    infect(store) {
      const { find } = store;
      store.find = (key, call) => find(key, { now: call?.now });
    },
  },
  {
    does: 'cannot be closed twice',
    failing: ['close: can be called twice, and twice at once'],
    infect(store) {
      let closed = false;
      store.close = async () => {
        if (closed) throw new Error('closed already');
        closed = true;
      };
    },
  },
  {
    does: 'leaves its timer running',
    failing: ['close: no timer of the store goes on in the background'],
    infect(store) {
      const { put } = store;
      store.put = (key, row) => {
        setTimeout(() => store.prune(), 2000).unref();
        put(key, row);
      };
    },
  },
];

function normalised(data: string): string {
  return JSON.stringify(JSON.parse(data));
}
