import type { SiteOptions } from './site.js';

/**
 * Who asks: somebody without a session, with one that is nobody's, with one of the account's, or with one from before
 * the site had the option `owner`, of which the store does not know that it is the account's.
 */
export type Visitor = 'stranger' | 'anonymous' | 'signed in' | 'unlisted';

/** Something that is done to an account's sessions, and is cut short. */
export interface Operation {
  readonly name: string;
  /** How many sessions the account has before, without the visitor's. */
  readonly devices: number;
  readonly visitor: Visitor;
  readonly options?: SiteOptions;
  /** What the visitor asks for. `others` are the handles of the devices. */
  path(scene: { account: string; mark: string; others: readonly string[] }): string;
  /** Whether it belongs to the few that are tried where there is little time. */
  readonly isShort?: true;
  /** Whether nobody's session becomes the account's: in a cluster that is on another server. */
  readonly isAcross?: true;
}

const login: Operation['path'] = ({ account, mark }) => `login?as=${account}&mark=${mark}`;

export const operations: readonly Operation[] = [
  { name: 'a first sign-in', devices: 1, visitor: 'stranger', path: login },
  {
    name: 'a sign-in of a visitor who has a session',
    devices: 1,
    visitor: 'anonymous',
    path: login,
    isAcross: true,
  },
  {
    name: 'a first sign-in that ends the oldest',
    devices: 2,
    visitor: 'stranger',
    options: { maxSessions: 2 },
    path: login,
  },
  {
    name: 'a sign-in that ends the oldest, of a visitor who has a session',
    devices: 2,
    visitor: 'anonymous',
    options: { maxSessions: 2 },
    path: login,
    isShort: true,
    isAcross: true,
  },
  { name: 'a new key', devices: 1, visitor: 'signed in', path: () => 'regenerate', isShort: true },
  {
    name: 'a sign-out that keeps other data',
    devices: 1,
    visitor: 'signed in',
    path: () => 'signout',
  },
  { name: 'a logout', devices: 1, visitor: 'signed in', path: () => 'logout' },
  {
    name: 'the end of one session',
    devices: 2,
    visitor: 'stranger',
    path: ({ account, others: [handle] }) => `end?as=${account}&handle=${handle}`,
  },
  {
    name: 'the end of all sessions but one',
    devices: 3,
    visitor: 'stranger',
    path: ({ account, others: [handle] }) => `end-all?as=${account}&except=${handle}`,
    isShort: true,
  },
];

/** A use by which the store learns whose the session is. */
export const adoption: Operation = {
  name: 'the adoption of a session from before the option `owner`',
  devices: 1,
  visitor: 'unlisted',
  path: () => 'read',
};
