import type { Context } from 'koa';
import type { Awaitable } from '../awaitable.js';
import type { Config } from '../options/config.js';
import type { ResolvedOptions } from '../options/resolved.js';
import type { Outcome, Scope } from '../persistence/persistence.js';
import type { Data, MaxAge } from '../session/record.js';
import type { SessionHost } from '../session/session.js';
import type { Draft } from './draft.js';
import type { Loader } from './loader.js';
import type { SessionResponse } from './response.js';

/** What the app may request besides what its changes require. */
export interface CommitRequest {
  readonly force?: 'save' | 'regenerate' | 'touch' | undefined;
  /** Changes the newest data; called again if another request wins the race. */
  readonly revise?: (data: Data) => unknown;
  /** The draft's `endings` when `revise` was requested. */
  readonly endings?: number;
  /** How often the session was ended while `beforeSave` was asked about it: what follows is another one. */
  readonly hooked?: number | undefined;
}

/** What a commit needs from its exchange. */
export interface CommitScope extends Scope, SessionHost {
  readonly ctx: Context;
  readonly config: Config;
  readonly draft: Draft;
  readonly response: SessionResponse;
  readonly options: Readonly<ResolvedOptions>;
  readonly loader: Loader;
  readonly commits: { inside<T>(call: () => T): T };
  maxAge: MaxAge;
  readonly ownMaxAge: MaxAge | undefined;
  /** A lifetime that another request gave the session; undefined if it follows the configuration again. */
  adoptMaxAge(maxAge: MaxAge | undefined): void;
  /** False where nobody uses the session, although it is committed: at the end of a body. */
  readonly countsAsUse: boolean;
  /** True once the app has used the session. */
  readonly isUsed: boolean;
}

/** A commit's outcome, undefined if there was nothing to do: at once for a cookie session, else as a promise. */
export type CommitResult = Awaitable<Outcome | undefined>;
