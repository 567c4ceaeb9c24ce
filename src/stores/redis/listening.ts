import type { LineEvents } from '../notices.js';
import { has, type RedisClient } from './client.js';

/** A client that can be duplicated, for a connection that does nothing but listen. */
interface IoredisSource {
  duplicate(options: object): IoredisListener;
}

interface IoredisListener {
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, text: string) => void): unknown;
  on(event: 'close' | 'error', listener: (error?: unknown) => void): unknown;
  disconnect(): void;
}

interface NodeRedisSource {
  duplicate(): NodeRedisListener;
}

interface NodeRedisListener {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (text: string) => void): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  destroy(): void;
}

/** A function that opens a connection to this channel; undefined if the client cannot be duplicated. */
export function listeningBy(
  client: RedisClient,
  channel: string,
): ((events: LineEvents) => Promise<() => unknown>) | undefined {
  if (has(client, 'call')) return events => listenByIoredis(nodeOf(client), channel, events);
  if (has(client, 'nodeClient')) {
    return async events => listenByNodeRedis(await nodeClientOf(client), channel, events);
  }
  if (!has(client, 'duplicate')) return undefined;
  return events => listenByNodeRedis(client as unknown as NodeRedisSource, channel, events);
}

async function listenByIoredis(
  source: IoredisSource,
  channel: string,
  { text, lost }: LineEvents,
): Promise<() => void> {
  // We reopen it ourselves, so as to report it. The client would also add its prefix to the channel's name.
  const listener = source.duplicate({ lazyConnect: true, retryStrategy: null, keyPrefix: '' });
  let failure: unknown;
  listener.on('error', error => {
    failure = error;
  });
  listener.on('close', () => lost(failure));
  listener.on('message', (_, message) => text(message));
  try {
    await listener.connect();
    await listener.subscribe(channel);
  } catch (error) {
    listener.disconnect();
    throw failure ?? error;
  }
  return () => listener.disconnect();
}

async function listenByNodeRedis(
  source: NodeRedisSource,
  channel: string,
  { text, lost }: LineEvents,
): Promise<() => void> {
  const listener = source.duplicate();
  let isOpen = true;
  const close = (): void => {
    if (isOpen) listener.destroy();
    isOpen = false;
  };
  // By itself it would reconnect, and not say for how long it had been gone.
  listener.on('error', error => {
    close();
    lost(error);
  });
  try {
    await listener.connect();
    await listener.subscribe(channel, text);
  } catch (error) {
    close();
    throw error;
  }
  return close;
}

/** In a cluster every node receives what is published on any. */
function nodeOf(client: RedisClient): IoredisSource {
  if (!has(client, 'nodes')) return client as unknown as IoredisSource;
  const [node] = (client as unknown as { nodes(role: 'master'): IoredisSource[] }).nodes('master');
  if (!node) throw new Error('the cluster has no node that is known yet');
  return node;
}

async function nodeClientOf(client: RedisClient): Promise<NodeRedisSource> {
  const { masters, nodeClient } = client as unknown as {
    masters: readonly unknown[];
    nodeClient(node: unknown): Promise<NodeRedisSource>;
  };
  return nodeClient.call(client, masters[0]);
}
