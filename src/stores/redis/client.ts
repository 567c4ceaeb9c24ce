import { setTimeout as delay } from 'node:timers/promises';
import { SessionOptionsError } from '../../errors.js';
import type { Script } from './scripts.js';
import { type Corkable, gathering } from './turn.js';

/** ioredis or iovalkey: `new Redis()`, also with Sentinel. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
  on(event: string, listener: () => void): unknown;
  readonly options?: { readonly keyPrefix?: string | undefined };
  readonly stream?: Corkable | undefined;
}

/** ioredis or iovalkey: `new Cluster()`. */
export interface IoredisCluster extends IoredisClient {
  nodes(role: 'master'): IoredisClient[];
}

/** node-redis: `createClient()` or `createClientPool()`. */
export interface NodeRedisClient {
  sendCommand(args: string[], options?: CommandOptions): Promise<unknown>;
}

/** node-redis: `createCluster()`. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    args: string[],
    options?: CommandOptions,
  ): Promise<unknown>;
  // A node is opaque here: it only goes from `masters` to `nodeClient`.
  readonly masters: readonly unknown[];
  nodeClient(node: never): Promise<NodeRedisClient>;
}

/** node-redis: `createSentinel()`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, args: string[], options?: CommandOptions): Promise<unknown>;
  getMasterNode(): unknown;
}

/** A ready client. The drivers are told apart by their methods; none is imported. */
export type RedisClient =
  | IoredisClient
  | IoredisCluster
  | NodeRedisClient
  | NodeRedisCluster
  | NodeRedisSentinel;

interface CommandOptions {
  readonly typeMapping?: object | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

type Signal = AbortSignal | undefined;
type Send = (args: string[]) => Promise<unknown>;

/** One interface to the five clients. Keys are full names, with any prefix that ioredis adds. */
export interface Redis {
  /** Whether keys of different slots may live on different servers. */
  readonly isCluster: boolean;
  /** The prefix that the client itself adds to keys. */
  readonly keyPrefix: string;
  /** Sends the command built from these keys to the server that has them. */
  send(
    keys: readonly string[],
    command: (keys: readonly string[]) => string[],
    signal: Signal,
  ): Promise<unknown>;
  /** A `Send` for each master. */
  masters(): Promise<Send[]>;
}

/** @throws SessionOptionsError for anything else. */
export function connect(client: RedisClient): Redis {
  if (has(client, 'call')) return fromIoredis(client as IoredisClient);
  if (has(client, 'nodeClient')) return fromNodeRedisCluster(client as NodeRedisCluster);
  if (has(client, 'getMasterNode')) return fromNodeRedisSentinel(client as NodeRedisSentinel);
  if (has(client, 'sendCommand') && !isLegacy(client)) return fromNodeRedis(client as NodeRedisClient);
  throw new SessionOptionsError('redisStore: give a client of ioredis, iovalkey or node-redis.');
}

/** Runs a script by its hash, in one round trip; then by its text, if the server does not know it yet. */
export async function run(
  redis: Redis,
  script: Script,
  call: { keys: readonly string[]; args: readonly string[]; signal?: Signal },
): Promise<unknown> {
  const command = (name: string, what: string) => (keys: readonly string[]) => [
    name,
    what,
    String(keys.length),
    ...keys,
    ...call.args,
  ];
  try {
    return await redis.send(call.keys, command('EVALSHA', script.sha), call.signal);
  } catch (error) {
    if (!isReply(error, 'NOSCRIPT')) throw error;
    const answer = await redis.send(call.keys, command('EVAL', script.source), call.signal);
    return answersToRepeated.has(error) ? requireDone(answer) : answer;
  }
}

/** Whether the server itself answered with this error. Redis errors begin with a stable word. */
export function isReply(error: unknown, code: string): error is Error {
  return error instanceof Error && error.message.startsWith(code);
}

export function has(client: unknown, method: string): boolean {
  return typeof Object(client)[method] === 'function';
}

/**
 * `client.legacy()` of node-redis answers by callbacks. Unlike all others with so many methods, it has no `connect`.
 */
function isLegacy(client: unknown): boolean {
  return has(client, 'multi') && !has(client, 'connect');
}

function fromIoredis(client: IoredisClient): Redis {
  const keyPrefix = client.options?.keyPrefix ?? '';
  // In lower case: iovalkey, and ioredis up to 5.8, look the name up as it is given to learn which arguments are keys.
  const call = (from: IoredisClient, [name = '', ...args]: string[]) =>
    from.call(name.toLowerCase(), ...args);
  const isCluster = has(client, 'nodes');
  const nodes = () => (isCluster ? (client as IoredisCluster).nodes('master') : [client]);
  const losses = lossesOf(client);
  const gather = gathering(client);
  return {
    isCluster,
    keyPrefix,
    send: async (keys, command, signal) => {
      signal?.throwIfAborted();
      const { count } = losses;
      gather();
      // The client itself adds its prefix to a command's keys.
      const answer = call(client, command(keys.map(key => key.slice(keyPrefix.length))));
      return onlyOnce(answer, () => losses.count === count);
    },
    masters: async () => nodes().map(node => (args: string[]) => call(node, args)),
  };
}

/** How many connections each client has lost. Stores that share a client share its count. */
const lossesByClient = new WeakMap<IoredisClient, { count: number }>();

function lossesOf(client: IoredisClient): { readonly count: number } {
  const known = lossesByClient.get(client);
  if (known) return known;
  const losses = { count: 0 };
  // `close`: a single server; `-node`: a cluster's.
  for (const event of ['close', '-node']) client.on(event, () => losses.count++);
  lossesByClient.set(client, losses);
  return losses;
}

/** Server errors in reply to a command that the client may have sent before: a restarted server knows no script. */
const answersToRepeated = new WeakSet<Error>();

/** The answer, if the client sent the command only once; if it may have sent it again, only a certain answer. */
async function onlyOnce(answer: Promise<unknown>, wasOnce: () => boolean): Promise<unknown> {
  try {
    const given = await answer;
    return wasOnce() ? given : requireDone(given);
  } catch (error) {
    if (error instanceof Error && !wasOnce()) answersToRepeated.add(error);
    throw error;
  }
}

/**
 * Some clients resend a command by themselves when the connection is lost before the reply. If it is then refused, it
 * may have succeeded the first time: that is not an answer, and the caller has to check.
 * @throws Error if the script answered that it did nothing.
 */
function requireDone(answer: unknown): unknown {
  const [word] = [answer].flat();
  if (word !== 'no' && word !== 'taken' && word !== 'stale') return answer;
  throw new Error('the connection was lost before the reply, and the client sent the command again');
}

function fromNodeRedis(client: NodeRedisClient): Redis {
  return single((args, signal) => client.sendCommand(args, optionsWith(signal)));
}

function fromNodeRedisSentinel(client: NodeRedisSentinel): Redis {
  return single(async (args, signal) => {
    let sendings = 0;
    const options: CommandOptions = {
      ...optionsWith(undefined),
      // Read at each attempt: nothing else shows that the client has tried again.
      get abortSignal() {
        sendings++;
        return signal;
      },
    };
    return onlyOnce(client.sendCommand(false, args, options), () => sendings < 2);
  });
}

function single(send: (args: string[], signal: Signal) => Promise<unknown>): Redis {
  return {
    isCluster: false,
    keyPrefix: '',
    send: async (keys, command, signal) => send(command(keys), signal),
    masters: async () => [args => send(args, undefined)],
  };
}

function fromNodeRedisCluster(client: NodeRedisCluster): Redis {
  const node = async (master: unknown): Promise<Send> => {
    const connected = await client.nodeClient(master as never);
    return args => connected.sendCommand(args, optionsWith(undefined));
  };
  return {
    isCluster: true,
    keyPrefix: '',
    send: (keys, command, signal) =>
      untilMoved(signal, () => client.sendCommand(keys[0], false, command(keys), optionsWith(signal))),
    masters: () => Promise.all(client.masters.map(node)),
  };
}

/**
 * An aborted command leaves the client's queue, so that an outage does not fill it. Replies are text, even if the app
 * has this client answer with Buffers.
 */
function optionsWith(signal: Signal): CommandOptions {
  return signal ? { typeMapping: {}, abortSignal: signal } : { typeMapping: {} };
}

/**
 * While a slot moves to another server, a command whose keys are on both is refused with TRYAGAIN, before it does
 * anything. ioredis resends it by itself; node-redis does not. Moving a slot takes milliseconds; this allows 2 s.
 */
async function untilMoved(signal: Signal, send: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (!isReply(error, 'TRYAGAIN') || tries === 40) throw error;
      await delay(50, undefined, { signal, ref: false });
    }
  }
}
