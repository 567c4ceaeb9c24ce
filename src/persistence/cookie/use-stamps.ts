import { hash } from 'node:crypto';
import type { TextSeal } from '../../codec/codec.js';

/** How the client keeps the time of a cookie session's last use, beside the session. */
export interface UseStampSettings {
  /** The second cookie's name. */
  readonly name: string;
  /** What seals it, where the session is sealed too; else it is signed. */
  readonly seal: TextSeal | undefined;
  /** The texts that this request's client presented, those that are rightly signed. */
  presented(ctx: unknown): readonly string[];
}

/** Version, epoch ms in base 36, and what session it is of. */
const STAMP = /^1\.([0-9a-z]{1,10})\.([\w-]{1,64})$/;

/** Stamps that say when a cookie session was last used: small, so that no use sends the data again. */
export class UseStamps {
  readonly #settings: UseStampSettings;

  constructor(settings: UseStampSettings) {
    this.#settings = settings;
  }

  /** @param subject what session it is of, as {@link subjectOf} has it */
  write(at: number, subject: string): string {
    const { seal, name } = this.#settings;
    const text = `1.${Math.max(0, Math.floor(at)).toString(36)}.${subject}`;
    return seal ? seal.seal(text, name) : text;
  }

  /** Epoch ms of the last use that the client's stamps tell of this session. Another session's count as absent. */
  latest(ctx: unknown, subject: string): number | undefined {
    let latest: number | undefined;
    for (const text of this.#settings.presented(ctx)) {
      const [, instant = '', of] = STAMP.exec(this.#open(text)) ?? [];
      if (of === subject) latest = Math.max(latest ?? 0, Number.parseInt(instant, 36));
    }
    return latest;
  }

  /** Empty for a text that does not open. */
  #open(text: string): string {
    const { seal, name } = this.#settings;
    if (!seal?.recognises(text)) return seal && !seal.acceptsPlain ? '' : text;
    try {
      return seal.open(text, name).json;
    } catch {
      return '';
    }
  }
}

/** What a stamp names its session by: the handle, or a hash of the cookie's text where koa-session dropped that. */
export function subjectOf(handle: string | undefined, text: string): string {
  return handle ?? hash('sha256', text, 'base64url').slice(0, 22);
}
