/** How many sessions are remembered: enough for those with requests under way at once. */
const MAX_USES = 1000;

/**
 * The latest uses that this process has recorded, or is about to. Concurrent requests of one session all load it before
 * the first has recorded its use; the others need not record theirs.
 */
export class RecentUses {
  /** Epoch ms by the session's id (its handle; in a koa-session store its key), the oldest entry first. */
  readonly #uses = new Map<string, number>();

  /** The later of this use, as the store knows it, and the last one that was recorded here. */
  latest(id: string, at: number): number {
    return Math.max(at, this.#uses.get(id) ?? at);
  }

  /** To be called before the store records it. */
  add(id: string, at: number): void {
    this.#uses.delete(id);
    this.#uses.set(id, at);
    if (this.#uses.size > MAX_USES) this.#uses.delete(this.#uses.keys().next().value as string);
  }

  /** It was not recorded after all. */
  remove(id: string): void {
    this.#uses.delete(id);
  }
}
