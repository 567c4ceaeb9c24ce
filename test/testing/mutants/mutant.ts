import type { OpenStore } from './open-store.js';

/** A store that breaks one rule. */
export interface Mutant {
  /** What it does. */
  readonly does: string;
  /** The cases that must find it out. */
  readonly failing: readonly string[];
  /** Breaks the rule in a store that keeps them all. */
  readonly infect: (store: OpenStore) => void;
}
