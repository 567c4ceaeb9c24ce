import type { Redis } from 'ioredis';
import type { SessionStore } from 'sojourn';
import { redisStore } from 'sojourn/redis';

type Verbs = Omit<Required<SessionStore>, 'codec'>;
type Verb<Name extends keyof Verbs> = Verbs[Name];
type Arguments<Name extends keyof Verbs> = Parameters<Verb<Name>>;
type StoredSession = Arguments<'insert'>[1];

/**
 * A store that is broken on purpose: it keeps the rows of accounts' sessions, and the lists of them, in steps of their
 * own, as many a session library does. What a crash leaves of it must be found out.
 */
export class TwoStepStore implements SessionStore {
  readonly #client: Redis;
  readonly #rows: SessionStore;

  constructor(client: Redis) {
    this.#client = client;
    this.#rows = redisStore(client, { prefix: 'two-steps:' });
  }

  find(...[key, call]: Arguments<'find'>) {
    return this.#rows.find(key, call);
  }

  async insert(...[key, session, call]: Arguments<'insert'>): ReturnType<Verb<'insert'>> {
    const placement = await this.#rows.insert(key, session, { ...call, limit: undefined });
    if (placement.placed) await this.#enter(session);
    return placement;
  }

  update(...[key, session, call]: Arguments<'update'>) {
    return this.#rows.update(key, session, call);
  }

  touch(...[key, lastSeenAt, expiresAt, call]: Arguments<'touch'>) {
    return this.#rows.touch(key, lastSeenAt, expiresAt, call);
  }

  async move(...[from, to, session, call]: Arguments<'move'>): ReturnType<Verb<'move'>> {
    if (!(await this.end(from, 'rotated', call))) return { placed: false, because: 'stale' };
    return this.insert(to, session, call);
  }

  async end(...[key, reason, call]: Arguments<'end'>): Promise<boolean> {
    const found = await this.#rows.find(key, call);
    const isEnded = await this.#rows.end(key, reason, call);
    if (isEnded && found) await this.#strike(found.owner, found.handle);
    return isEnded;
  }

  async endByHandle(...[handle, reason, call]: Arguments<'endByHandle'>): Promise<boolean> {
    const isEnded = await (this.#rows.endByHandle as Verb<'endByHandle'>)(handle, reason, call);
    if (isEnded) await this.#strike(call?.owner ?? null, handle);
    return isEnded;
  }

  async endOwned(...[owner, reason, call = {}]: Arguments<'endOwned'>): Promise<string[]> {
    const { except = [], ...each } = call;
    const { sessions } = await this.list(owner);
    const handles = sessions.map(({ handle }) => handle).filter(handle => !except.includes(handle));
    for (const handle of handles) await this.endByHandle(handle, reason, { ...each, owner });
    return handles;
  }

  async list(owner: string): Promise<{ sessions: StoredSession[] }> {
    const texts = (await this.#client.call('HVALS', listOf(owner))) as string[];
    return { sessions: texts.map(text => JSON.parse(text)) };
  }

  async count(owner?: string): Promise<number> {
    return owner === undefined ? 0 : (await this.list(owner)).sessions.length;
  }

  all(...[call]: Arguments<'all'>) {
    return (this.#rows.all as Verb<'all'>)(call);
  }

  async #enter(session: StoredSession): Promise<void> {
    if (session.owner === null) return;
    await this.#client.call('HSET', listOf(session.owner), session.handle, JSON.stringify(session));
  }

  async #strike(owner: string | null, handle: string): Promise<void> {
    if (owner !== null) await this.#client.call('HDEL', listOf(owner), handle);
  }
}

function listOf(owner: string): string {
  return `two-steps:list:${owner}`;
}
