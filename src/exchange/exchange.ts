import type { Context } from 'koa';
import type { Awaitable } from '../awaitable.js';
import type { Config } from '../options/config.js';
import type { ResolvedOptions } from '../options/resolved.js';
import type { Saved } from '../persistence/persistence.js';
import type { Data, MaxAge } from '../session/record.js';
import type { SessionHost } from '../session/session.js';
import { readAssignment } from './assignment.js';
import { CommitQueue } from './commit-queue.js';
import type { CommitRequest, CommitScope } from './commit-scope.js';
import { Draft } from './draft.js';
import { emitEvent } from './events.js';
import { infoOf, reportOnce, type SessionInfo } from './info.js';
import { LateChanges } from './late-changes.js';
import type { Arrival } from './load.js';
import { Loader, type LoadScope } from './loader.js';
import { keyAtOnce } from './new-key.js';
import { SessionResponse } from './response.js';
import { askSkip, checkMaxAge, Settings } from './settings.js';
import { unavailableSession } from './unavailable.js';

/** One request and its response, as one middleware's session sees them. */
export class Exchange implements SessionHost, LoadScope, CommitScope {
  readonly ctx: Context;
  readonly config: Config;
  readonly response: SessionResponse;
  readonly draft: Draft = new Draft();
  isUsed = false;
  readonly #settings: Settings;
  readonly loader: Loader = new Loader(this);
  readonly commits: CommitQueue = new CommitQueue(this);
  #isSkipped: boolean | undefined;
  /** True once the middleware has committed, unless the app runs it once more. */
  isOver = false;
  #lateChanges: LateChanges | undefined;
  #unavailable: object | undefined;

  constructor(ctx: Context, config: Config) {
    this.ctx = ctx;
    this.config = config;
    this.response = new SessionResponse(ctx, config);
    this.#settings = new Settings(config.options);
  }

  // What the app sees: ctx.session, ctx.sessionOptions, ctx.sessionInfo, ctx.loadSession.

  get session(): object | null {
    this.#use();
    const { object } = this.draft;
    return object === undefined || (object && this.loader.failure) ? this.#open() : object;
  }

  set session(value: unknown) {
    this.#use();
    if (value === null) this.#end();
    else this.#replace(value);
  }

  get ownOptions(): ResolvedOptions {
    return this.#settings.own;
  }

  get info(): SessionInfo {
    try {
      this.#use();
      if (!this.loader.isDone && !this.config.options.lazy && !this.#skips) this.loader.loadAtOnce();
    } catch (error) {
      // The app's `skip`, `decode` or `valid` failed, but this getter never throws.
      reportOnce(this, error);
    }
    return infoOf(this);
  }

  async loadSession(): Promise<object | null> {
    await this.load();
    return this.session;
  }

  // What the middleware calls, in this order.

  load(): Awaitable<void> {
    return this.#skips ? undefined : this.loader.load();
  }

  /** Commits after the app's middleware, and sets cache headers, even if the commit fails. */
  finish(): Awaitable<void> {
    if (this.#isSkipped || (!this.isUsed && !this.draft.base)) return undefined;
    const isNothingKnown = this.loader.failure && !this.draft.isEnding;
    if (this.options.autoCommit && !isNothingKnown) return this.commits.runAtEnd();
    return this.response.tellCaches(this.options, this.isUsed);
  }

  /** Commits although the app failed, or later: a failure is reported. */
  async tryToCommit(): Promise<void> {
    try {
      await this.finish();
    } catch (error) {
      this.report(error);
    }
  }

  /** @param isSentLater true if the app may still change the session, while the body is being sent */
  leave(isSentLater: boolean): void {
    this.isOver = true;
    if (isSentLater) this.#late.watch();
  }

  // What loading and committing need.

  get options(): Readonly<ResolvedOptions> {
    return this.#settings.inForce;
  }

  get countsAsUse(): boolean {
    return !this.isOver || this.#lateChanges?.isUsed === true;
  }

  get rolling(): boolean {
    return this.options.rolling === true;
  }

  arrive({ loaded }: Arrival): void {
    if (!loaded) return;
    if (loaded.maxAge !== undefined && !this.draft.isForced) this.#settings.maxAge = loaded.maxAge;
    this.draft.fill(loaded);
  }

  discard(): void {
    if (!this.loader.isDone && !this.ctx.headerSent) void this.response.clear(this.options);
  }

  now(): number {
    return this.config.options.clock();
  }

  report(error: unknown): void {
    emitEvent('session:error', { handle: this.handle, ctx: this.ctx, error });
  }

  newKey(): Awaitable<string> {
    // What is being saved although the app has ended it must not take the next session's key.
    return this.draft.isEnding ? this.#makeKey() : this.draft.newKey.from(() => this.#makeKey());
  }

  adaptKey(key: string, adapt: (key: string) => string): string {
    return this.draft.isEnding ? adapt(key) : this.draft.newKey.adapt(key, adapt);
  }

  #makeKey(): Awaitable<string> {
    return this.config.persistence.keys?.generate(this.ctx, this.draft.base?.key) ?? '';
  }

  requireWritable(saved?: Saved): void {
    this.response.requireWritable(this.options, saved);
  }

  // What the session object needs.

  get isNew(): boolean {
    return this.draft.isNew;
  }

  get handle(): string | undefined {
    return this.draft.base?.info.handle;
  }

  get maxAge(): MaxAge {
    return this.#settings.maxAge;
  }

  get ownMaxAge(): MaxAge | undefined {
    return this.#settings.ownMaxAge;
  }

  set maxAge(maxAge: MaxAge) {
    this.#settings.maxAge = checkMaxAge(maxAge);
    this.draft.isForced = true;
  }

  resetMaxAge(): void {
    this.#settings.resetMaxAge();
    this.draft.isForced = true;
  }

  adoptMaxAge(maxAge: MaxAge | undefined): void {
    this.#settings.adopt(maxAge);
  }

  externalKey(): string | undefined {
    if (!this.config.persistence.keys) return undefined;
    return keyAtOnce(this.draft.base?.key ?? this.draft.newKey.toldFrom(() => this.#makeKey()));
  }

  async commit(force?: CommitRequest['force']): Promise<void> {
    if (this.loader.isPending) await this.load();
    await this.commits.run({ force });
  }

  async update(change: (data: Data) => unknown): Promise<boolean> {
    const { endings } = this.draft;
    if (this.loader.isPending) await this.load();
    return this.commits.update(change, endings);
  }

  #use(): void {
    this.isUsed = true;
    if (this.isOver && !this.#skips) this.#late.used();
  }

  get #late(): LateChanges {
    this.#lateChanges ??= new LateChanges(this);
    return this.#lateChanges;
  }

  #open(): object | null {
    if (this.#skips) {
      this.draft.object = null;
      return null;
    }
    this.loader.loadAtOnce();
    const { failure } = this.loader;
    if (!failure) return this.draft.open(this);
    // A lazy session may still be loaded.
    this.#unavailable ??= unavailableSession(failure.error, this.maxAge);
    return this.#unavailable;
  }

  get #skips(): boolean {
    this.#isSkipped ??= askSkip(this.config.options, this.ctx);
    return this.#isSkipped;
  }

  #replace(value: unknown): void {
    const { data, maxAge } = readAssignment(value);
    if (this.#skips) throw new TypeError('this request has no session: the option `skip` says so');
    this.loader.requireLoaded();
    this.loader.loadAtOnce();
    if (value === this.draft.object) return;
    this.draft.replace(this, data);
    if (maxAge !== undefined) this.maxAge = maxAge;
  }

  #end(): void {
    if (this.#skips) return;
    // A lazy session is ended without being loaded, and is not loaded afterwards.
    if (!this.options.lazy && !this.loader.failure) this.loader.loadAtOnce();
    this.loader.abandon();
    this.draft.end();
  }
}
