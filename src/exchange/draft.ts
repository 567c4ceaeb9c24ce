import type { LoadedSession, RefusedSession } from '../persistence/loaded-session.js';
import type { EndTarget, Saved, Superseded } from '../persistence/persistence.js';
import { type Content, contentLike, contentOf, isSameContent } from '../session/content.js';
import { mergeByKey } from '../session/merge.js';
import type { Data } from '../session/record.js';
import { assignData, dataIn, replaceData, type SessionHost, SessionObject } from '../session/session.js';
import { NewKey } from './new-key.js';

/** One request's session: as it arrived, and as the app has changed it. It does no I/O. */
export class Draft {
  /** The session as it was loaded or last committed; undefined for a new one. */
  base: LoadedSession | undefined;
  /** The base's data as they were before the app looked at them; undefined until it does. */
  baseline: Content | undefined;
  /** What `ctx.session` returns; null once it was ended, undefined before the app used it. */
  object: object | null | undefined;
  /** True for a session that this request began empty. */
  isNew = false;
  /** The app set a lifetime: the session is saved even if its data are unchanged. */
  isForced = false;
  /** The app replaced all data. */
  isReplaced = false;
  /** Another request ended the session, or changed its identity: this request no longer writes it. */
  superseded: RefusedSession | undefined;
  /** `session:conflict` has already been emitted for this request's dropped changes. */
  isDropTold = false;
  /** This request has saved the session already. */
  isCommitted = false;
  /** The session that the app has ended, as far as it is known, until a commit has carried that out. */
  ending: Partial<EndTarget> | undefined;
  /** How many sessions the app has ended: what it has asked of one must not reach the next. */
  endings = 0;
  /** The session was ended: the client's credential has yet to be cleared. */
  mustClear = false;
  /** An end has been carried out: what the client presented need not be ended again. */
  isPresentedOver = false;
  #newKey: NewKey | undefined;
  #sentObject: object | null | undefined;

  /** The key under which it will be saved, in a store. */
  get newKey(): NewKey {
    this.#newKey ??= new NewKey();
    return this.#newKey;
  }

  get isEnding(): boolean {
    return this.ending !== undefined;
  }

  /**
   * False once it was ended, or another request was faster to end it or to change its identity.
   * @param endings what `endings` was when the session was asked for something
   */
  goesOn(endings: number): boolean {
    return this.object !== null && this.endings === endings && !this.superseded;
  }

  /** Creates the session object from the loaded data, or empty. */
  open(host: SessionHost): object {
    const opened = this.base?.open();
    this.baseline = opened;
    this.isNew = opened === undefined;
    this.object = new SessionObject(host, opened?.data ?? {});
    return this.object;
  }

  /** If the session was used before it was loaded, the app's data stay, and the loaded ones are added. */
  fill(loaded: LoadedSession): void {
    // It was ended before it was loaded: what follows is another session.
    if (this.isEnding) return;
    this.base = loaded;
    if (!this.object) return;
    this.baseline = loaded.open();
    const { data } = this.baseline;
    this.isNew = false;
    if (!this.isReplaced) assignData(this.object, { ...data, ...dataIn(this.object) });
  }

  /** `ctx.session = { ... }` */
  replace(host: SessionHost, data: Data): void {
    if (this.base) this.baseline ??= this.base.open();
    this.isNew = false;
    this.isReplaced = true;
    this.object = new SessionObject(host, data);
  }

  /** `ctx.session = null`: what comes after it is another session, under another key. */
  end(): void {
    this.ending = this.base ? endTargetOf(this.base) : (this.ending ?? {});
    this.endings++;
    this.object = null;
    this.#restart();
  }

  /**
   * A commit has carried out the end.
   * @param isEnded false if another request ended the session, or it never existed: the client keeps its credential, as
   *   a sign-in may be under way
   */
  endCarriedOut(isEnded: boolean): void {
    this.ending = undefined;
    this.mustClear ||= isEnded;
    this.isPresentedOver = true;
  }

  credentialCleared(): void {
    this.mustClear = false;
  }

  /** Another request was faster: this one's changes are dropped. */
  supersededBy({ reason, at }: Superseded): void {
    this.superseded = { refused: reason, at };
  }

  /** Whatever is saved from now on is a new session. */
  #restart(): void {
    this.base = undefined;
    this.baseline = undefined;
    this.#newKey?.forget();
    this.isForced = false;
    this.isReplaced = false;
    this.superseded = undefined;
    this.isDropTold = false;
  }

  /** A commit begins: what replaces the session's object from now on is not part of it. */
  sending(): void {
    this.#sentObject = this.object;
  }

  /** The data now. */
  current(): Content {
    if (!this.object) return this.base?.open() ?? contentOf({});
    return contentLike(this.baseline, dataIn(this.object));
  }

  /** True if the data differ from those the app got; false if it never looked. */
  isChangedIn(content: Content): boolean {
    return this.baseline !== undefined && !isSameContent(content, this.baseline);
  }

  /** True if the app has changed the data. */
  get isChanged(): boolean {
    return this.object !== undefined && this.object !== null && this.isChangedIn(this.current());
  }

  /**
   * What was saved is what the next change is compared with, and what the app sees from now on.
   * @param sent what this request wanted to save; another request's changes, or `update`, may have been added
   */
  committed({ loaded, content }: Saved, sent: Content): void {
    const isReplacedMeanwhile = this.isReplaced && this.object !== this.#sentObject;
    if (this.isEnding) {
      // The app ended the session while it was being saved: end what was saved.
      this.ending = endTargetOf(loaded);
      return;
    }
    this.base = loaded;
    this.baseline = content;
    this.#newKey?.forget();
    this.isForced = false;
    this.isReplaced = isReplacedMeanwhile;
    this.isCommitted = true;
    this.superseded = undefined;
    this.isDropTold = false;
    this.mustClear = false;
    if (!isReplacedMeanwhile && !isSameContent(content, sent)) this.show(content.data, sent);
  }

  /** No data were left: what the app has added since begins another session. */
  ended(sent: Content): void {
    this.isPresentedOver = true;
    // If the app has ended it too, there is nothing left to end.
    if (this.isEnding) this.ending = {};
    if (this.object === this.#sentObject) this.show({}, sent);
    this.#restart();
  }

  /**
   * Shows the app these data, with what it has changed since.
   * @param sent what it saw before
   */
  show(data: Data, sent: Content): void {
    if (!this.object) return;
    replaceData(this.object, mergeByKey(JSON.parse(sent.json), dataIn(this.object), data));
  }
}

/** A cookie session has no key, and may have been saved by this very request: nothing tells it by but its handle. */
function endTargetOf({ key = '', info: { handle } }: LoadedSession): EndTarget {
  return { credential: key, handle };
}
