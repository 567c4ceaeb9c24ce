import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { RedisServer } from './redis-servers.js';

/** Tells what a server was asked, as it says itself. */
export interface CommandLog {
  /** The names of the commands that reach the server while `work` runs, but for those that scripts run in it. */
  during(work: () => Promise<unknown>): Promise<string[]>;
  stop(): void;
}

/** Nobody else may use the server. */
export async function logCommands({ port }: RedisServer): Promise<CommandLog> {
  const client = new Redis(port);
  const monitor = await client.monitor();
  let seen: string[] = [];
  let marker = '';
  let marked = () => {};
  monitor.on('monitor', (_time: string, [name = '', argument]: string[], source: string) => {
    if (argument === marker) marked();
    else if (source !== 'lua') seen.push(name.toLowerCase());
  });

  /** What the server tells comes late: all before this is there when it comes. */
  const mark = async (): Promise<void> => {
    marker = randomUUID();
    const isSeen = new Promise<void>(resolve => {
      marked = resolve;
    });
    await client.echo(marker);
    await isSeen;
  };

  return {
    async during(work) {
      await mark();
      seen = [];
      await work();
      await mark();
      return seen;
    },
    stop() {
      monitor.disconnect();
      client.disconnect();
    },
  };
}
