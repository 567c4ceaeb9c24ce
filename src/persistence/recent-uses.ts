/** How many sessions are remembered: those that requests may be under way for at once, and no more. */
const MAX_USES = 1000;

/**
 * The uses that this process has recorded last, or is about to. Requests of one session that come together load it
 * before the first of them has recorded its use; the others need not record theirs.
 */
export class RecentUses {
  /** Epoch ms by handle, the oldest entry first. */
  readonly #uses = new Map<string, number>();

  /** The later of this use, which the store told, and the last that was recorded here. */
  latest(handle: string, at: number): number {
    return Math.max(at, this.#uses.get(handle) ?? at);
  }

  /** Before the store is asked to record it. */
  add(handle: string, at: number): void {
    this.#uses.delete(handle);
    this.#uses.set(handle, at);
    if (this.#uses.size > MAX_USES) this.#uses.delete(this.#uses.keys().next().value as string);
  }

  /** It was not recorded after all. */
  remove(handle: string): void {
    this.#uses.delete(handle);
  }
}
