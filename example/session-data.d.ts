import 'sojourn';

declare module 'sojourn' {
  /** What this app keeps in a session. */
  interface SessionData {
    /** Who is signed in. */
    user?: { id: string; name: string };
    /** Epoch ms at which the password was asked again. */
    confirmedAt?: number;
    /** What a form of this session must bring. */
    token?: string;
    views?: number;
    note?: string | undefined;
    filler?: string;
    /** What the next page tells once. */
    notice?: string | undefined;
  }
}
