import type { StoreCall, StoredSession, Tombstone } from '../store.js';
import { connect, isReply, type Redis, type RedisClient, run } from './client.js';
import { RedisNames, slotOf } from './names.js';
import { decodeRow, WrongRowError } from './row.js';
import { END, END_BY_HANDLE, type Script } from './scripts.js';

/** Where a session's keys are: beside its row, in its slot of a cluster, or away. Without a cluster all are beside. */
export interface Place {
  readonly row: string;
  /** The names of the handle's key and the owner's index, where they are beside the row. */
  readonly beside: readonly string[];
  /** The handle's key, if it is away. */
  readonly handleAway: string | undefined;
  /** The owner's index; undefined without an owner. */
  readonly index: string | undefined;
  /** The same, if it is away. */
  readonly indexAway: string | undefined;
}

/** How to end a session, and the fields that it must have. */
export interface EndCondition {
  /** The handle that the session has under its next key. */
  readonly nextHandle?: string;
  readonly when: { readonly version?: string | undefined; readonly owner?: string | undefined };
  readonly call: StoreCall | undefined;
}

/** A store's share of a Redis: rows by name, and scripts on them. */
export class Keyspace {
  readonly names: RedisNames;
  readonly redis: Redis;

  constructor(client: RedisClient, prefix: string) {
    this.redis = connect(client);
    this.names = new RedisNames(this.redis.keyPrefix + prefix);
  }

  placeOf(row: string, session: StoredSession): Place {
    const handle = this.names.handle(session.handle);
    const index = session.owner === null ? undefined : this.names.index(session.owner);
    const names = index === undefined ? [handle] : [handle, index];
    const away = (name: string | undefined) =>
      name === undefined || this.areTogether(row, name) ? undefined : name;
    return {
      row,
      beside: names.filter(name => this.areTogether(row, name)),
      handleAway: away(handle),
      index,
      indexAway: away(index),
    };
  }

  /** Whether one script can reach both. */
  areTogether(one: string, other: string): boolean {
    return !this.redis.isCluster || slotOf(one) === slotOf(other);
  }

  async run<Answer>(
    script: Script,
    keys: readonly string[],
    { args, call }: { args: readonly string[]; call: StoreCall | undefined },
  ): Promise<Answer> {
    const now = String(call?.now ?? Date.now());
    const context = [this.names.prefix, now, this.redis.isCluster ? 'cluster' : ''];
    const answer = await run(this.redis, script, { keys, args: [...context, ...args], signal: call?.signal });
    return answer as Answer;
  }

  command(
    key: string,
    [name, ...rest]: readonly [string, ...string[]],
    call: StoreCall | undefined,
  ): Promise<unknown> {
    return this.redis.send([key], ([named = '']) => [name, named, ...rest], call?.signal);
  }

  /** What the row of this name holds. */
  async read(name: string, call: StoreCall | undefined): Promise<StoredSession | Tombstone | undefined> {
    try {
      const text = await this.command(name, ['GET'], call);
      return typeof text === 'string' ? this.decode(text, call, name) : undefined;
    } catch (error) {
      if (!isReply(error, 'WRONGTYPE')) throw error;
      // Without the cause: a driver's error may hold its command, and so the session's key.
      call?.onMalformed?.(new Error('A session row is damaged: it is no text'));
      return undefined;
    }
  }

  /** @throws WrongRowError if this is not the row of that name */
  decode(text: string, call: StoreCall | undefined, name?: string): StoredSession | Tombstone | undefined {
    try {
      return decodeRow(text, call?.now ?? Date.now(), name);
    } catch (error) {
      if (error instanceof WrongRowError) throw error;
      call?.onMalformed?.(error as Error);
      return undefined;
    }
  }

  /** The reason '' leaves no tombstone. */
  async end(row: string, reason: string, { when, call, nextHandle = '' }: EndCondition): Promise<boolean> {
    const args = [reason, JSON.stringify(when), nextHandle];
    return (await this.run(END, [row], { args, call })) === 'yes';
  }

  async endByHandle(handle: string, reason: string, { when, call }: EndCondition): Promise<boolean> {
    const condition = { ...when, handle };
    const args = [reason, JSON.stringify(condition)];
    for (let last = ''; ; ) {
      const [answer, row] = await this.run<[string, string]>(END_BY_HANDLE, [this.names.handle(handle)], {
        args,
        call,
      });
      if (answer !== 'unsure') return answer === 'yes';
      // Out of the script's reach. Meanwhile the session may have moved, and its handle lead elsewhere.
      if (row === last) return false;
      if (await this.end(row, reason, { when: condition, call })) return true;
      last = row;
    }
  }

  /** The live session of this handle, found by single commands, which reach any slot. */
  async locate(handle: string, call: StoreCall | undefined): Promise<StoredSession | undefined> {
    for (let last: unknown; ; ) {
      const row = await this.command(this.names.handle(handle), ['GET'], call);
      if (typeof row !== 'string' || row === last) return undefined;
      const session = await this.read(row, call);
      if (session && !session.ended) return session;
      last = row;
    }
  }
}
