import { freePort } from '../../harness/free-port.js';
import { until } from '../../harness/until.js';
import { RedisServer } from './redis.js';

/** The first slots of three masters, and the end. */
const SLOTS = [0, 5461, 10_923, 16_384];

const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
const SYNCED = ['--appendonly', 'yes', '--appendfsync', 'always'];

/** Three masters of a test's own, and as many replicas as it asks for. */
export class RedisCluster {
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  /** With a replica for the first so many masters. */
  static async start(replicas = 0): Promise<RedisCluster> {
    const busPorts: number[] = [];
    const servers: RedisServer[] = [];
    for (let i = 0; i < 3 + replicas; i++) {
      const bus = await freePort();
      busPorts.push(bus);
      servers.push(await RedisServer.start(...CLUSTER, ...SYNCED, '--cluster-port', String(bus)));
    }
    const cluster = new RedisCluster(servers.slice(0, 3), servers.slice(3));
    await cluster.#introduce(busPorts);
    return cluster;
  }

  get ports(): number[] {
    return this.#servers.map(({ port }) => port);
  }

  async connections(): Promise<number> {
    const counts = await Promise.all(this.#servers.map(server => server.connections()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Every slot that has keys. */
  async slotsInUse(): Promise<number[]> {
    const slots = new Set<number>();
    for (const master of this.masters) {
      for (const name of (await master.ask('KEYS', '*')) as string[]) {
        slots.add(Number(await master.ask('CLUSTER', 'KEYSLOT', name)));
      }
    }
    return [...slots];
  }

  /** Moves a slot with its keys, one by one, to the master after the one that has it. */
  async moveSlot(slot: number): Promise<void> {
    const owners = await Promise.all(this.masters.map(master => ownsSlot(master, slot)));
    const from = owners.indexOf(true);
    const [source, target] = [this.masters[from], this.masters[(from + 1) % 3]] as [RedisServer, RedisServer];
    const [sourceId, targetId] = [await idOf(source), await idOf(target)];
    await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
    await source.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
    for (let names = await keysIn(source, slot); names.length > 0; names = await keysIn(source, slot)) {
      for (const name of names) await source.ask('MIGRATE', '127.0.0.1', target.port, name, 0, 5000);
    }
    for (const server of [target, source]) await server.ask('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
  }

  async remove(): Promise<void> {
    for (const server of this.#servers) await server.remove();
  }

  get #servers(): RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  async #introduce(busPorts: readonly number[]): Promise<void> {
    const [first] = this.masters as readonly [RedisServer];
    for (const [i, master] of this.masters.entries()) {
      await master.ask('CLUSTER', 'ADDSLOTSRANGE', Number(SLOTS[i]), Number(SLOTS[i + 1]) - 1);
      await master.ask('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    }
    for (const server of this.#servers.slice(1)) {
      await server.ask('CLUSTER', 'MEET', '127.0.0.1', first.port, Number(busPorts[0]));
    }
    await this.#untilAll(info => info.includes(`cluster_known_nodes:${this.#servers.length}`));
    for (const [i, replica] of this.replicas.entries()) {
      await replica.ask('CLUSTER', 'REPLICATE', await idOf(this.masters[i] as RedisServer));
      await untilReplicating(replica);
    }
    await this.untilWhole();
  }

  /** Waits until every server sees all slots served. */
  untilWhole(): Promise<void> {
    return this.#untilAll(info => info.includes('cluster_state:ok'));
  }

  async #untilAll(holds: (info: string) => boolean): Promise<void> {
    for (const server of this.#servers) {
      await until(async () => holds(String(await server.ask('CLUSTER', 'INFO'))));
    }
  }
}

/** Waits until a replica has its master's data. */
export function untilReplicating(replica: RedisServer): Promise<void> {
  return until(async () =>
    String(await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
  );
}

async function idOf(server: RedisServer): Promise<string> {
  return String(await server.ask('CLUSTER', 'MYID'));
}

async function keysIn(server: RedisServer, slot: number): Promise<string[]> {
  return (await server.ask('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
}

async function ownsSlot(server: RedisServer, slot: number): Promise<boolean> {
  const own = /myself.* connected (.*)/.exec(String(await server.ask('CLUSTER', 'NODES')))?.[1] ?? '';
  return own.split(' ').some(range => {
    const [start = Number.NaN, end = start] = range.split('-').map(Number);
    return start <= slot && slot <= end;
  });
}
