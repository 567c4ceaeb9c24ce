import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { createClient } from 'redis';
import { redisStore } from 'sojourn/redis';
import { missing, startRedis } from './redis-servers.js';
import { newSession, type StoredSession } from './sessions.js';

/**
 * node-redis writes commands once a turn of the event loop. Version 5 does so even where the connection has failed in
 * that very turn: it then takes commands that nobody got for sent ones, and gives them the replies to later ones. With
 * the option that docs/stores/redis.md asks for, it has dropped them by then.
 */
describe('a connection of node-redis that is reset when commands are about to be written', {
  skip: missing,
}, async () => {
  const server = await startRedis();
  after(() => server.stop());

  test('fails those commands, and later ones get their own replies', async t => {
    const sockets = socketsMade();
    const client = createClient({ url: `redis://127.0.0.1:${server.port}`, disableOfflineQueue: true });
    client.on('error', () => {});
    await client.connect();
    t.after(() => client.destroy());
    const [socket] = sockets.stop() as [Socket];
    const store = redisStore(client);
    const sessions = Array.from({ length: 8 }, (_, i) => newSession({ data: `{"i":${i}}` }));
    await Promise.all(sessions.map((session, i) => store.insert(`key ${i}`, session)));
    const find = async (i: number) => ((await store.find(`key ${i}`)) as StoredSession | undefined)?.data;

    const failing = Promise.allSettled(sessions.map((_, i) => find(i)));
    // What a reset by the peer does, in the same turn.
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      setTimeout(reject, 5000, new Error('not ready again within 5 s')).unref();
    });

    for (const { status } of await failing) assert.equal(status, 'rejected');
    const found = await Promise.all(sessions.map((_, i) => find(i)));
    assert.deepEqual(
      found,
      sessions.map(({ data }) => data),
    );
  });
});

describe('a client that mixes up replies', { skip: missing }, async () => {
  const server = await startRedis();
  after(() => server.stop());

  test('gets nobody another session, under new keys either', async t => {
    const client = createClient({ url: `redis://127.0.0.1:${server.port}`, disableOfflineQueue: true });
    await client.connect();
    t.after(() => client.destroy());
    let asked: string | undefined;
    const mixing = {
      sendCommand: ([name = '', key = '', ...rest]: string[]) =>
        client.sendCommand([name, (name === 'GET' && asked) || key, ...rest]),
    };
    const store = redisStore(mixing);
    const ann = newSession({ data: '{"user":"ann"}' });
    const key = 'f6L.nvrTG53eJPFksPNslweJBGmhQU_uVxKyoQVACc1Ev-w';
    await store.insert('a shorter key', ann);
    await store.insert('bob', newSession({ data: '{"user":"bob"}' }));
    await store.update('a shorter key', { ...ann, version: '2' }, { version: ann.version });
    await store.move('a shorter key', key, { ...ann, version: '3' }, { version: '2' });
    assert.equal(((await store.find(key)) as StoredSession).data, ann.data);
    for (const name of ['sojourn:s:{f6L}.nvrTG53eJPFksPNslweJBGmhQU_uVxKyoQVACc1Ev-w', 'sojourn:s:{bob}']) {
      asked = name;
      await assert.rejects(store.find('carol'), /another session's row.*disableOfflineQueue/);
    }
  });
});

/** The sockets that this process opens until `stop`. */
function socketsMade(): { stop(): Socket[] } {
  const sockets: Socket[] = [];
  const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', note);
  return {
    stop: () => {
      unsubscribe('net.client.socket', note);
      return sockets;
    },
  };
}
