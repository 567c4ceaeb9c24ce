/** One request, and what the app does with its session. The same is played to both packages. */
export interface Step {
  /** ms that pass before it. */
  readonly wait: number;
  readonly present: Presentation;
  /** The app looks at its session before the session's middleware has run. */
  readonly isEarly?: boolean | undefined;
  readonly operations: readonly Operation[];
  /** The app's keys from here on; each is the number of a secret, the newest first. */
  readonly keys?: readonly number[] | undefined;
  /** What stands in the store under the presented key, in place of the record. */
  readonly inStore?: { readonly record: unknown } | undefined;
  /** The store's method that fails. */
  readonly failing?: 'get' | 'set' | 'destroy' | undefined;
}

/** What the client sends. */
export type Presentation =
  /** What a browser would. */
  | { readonly as: 'browser' }
  /** All it was ever given, whatever `expires` says. */
  | { readonly as: 'hoarder' }
  | { readonly as: 'stranger' }
  /** What it had that many requests ago. */
  | { readonly as: 'replay'; readonly back: number }
  /** The cookie without its `.sig`; with a character changed; signed with somebody else's key. */
  | { readonly as: 'unsigned' | 'tampered' | 'foreign' }
  /** A rightly signed cookie of another name, under ours. */
  | { readonly as: 'renamed' }
  /** Ours, after a bad one of the same name. */
  | { readonly as: 'duplicate' }
  /** Rightly signed, and of any content: what an older version of the app may have left. */
  | { readonly as: 'crafted'; readonly content: unknown }
  | { readonly as: 'garbage'; readonly text: string };

/** What the app does with its session. */
export type Operation =
  | { readonly does: 'nothing' | 'read' | 'look' | 'key' | 'empty' | 'end' | 'respread' }
  | { readonly does: 'save' | 'regenerate' | 'manuallyCommit' }
  | { readonly does: 'set'; readonly name: string; readonly value: unknown }
  | { readonly does: 'nest'; readonly name: string; readonly value: unknown }
  | { readonly does: 'delete'; readonly name: string }
  | { readonly does: 'replace'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly does: 'maxAge'; readonly value: number | 'session' | null }
  | { readonly does: 'option'; readonly name: string; readonly value: unknown }
  | { readonly does: 'assign'; readonly value: unknown }
  | { readonly does: 'throw'; readonly status: number | undefined };
