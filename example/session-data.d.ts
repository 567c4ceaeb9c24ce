import 'sojourn';

declare module 'sojourn' {
  /** What this app keeps in a session. */
  interface SessionData {
    views?: number;
    note?: string | undefined;
    filler?: string;
    /** What the next page tells once. */
    notice?: string | undefined;
  }
}
