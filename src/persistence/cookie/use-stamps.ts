import { hash } from 'node:crypto';
import type { TextSeal } from '../../codec/codec.js';

/** How the client keeps the time of a cookie session's last use, next to the session. */
export interface UseStampSettings {
  /** The second cookie's name. */
  readonly name: string;
  /** Seals the stamp, where the session is sealed too; otherwise it is signed. */
  readonly seal: TextSeal | undefined;
  /** Texts that this request's client sent, whose signatures, if required, are valid. */
  presented(ctx: unknown): readonly string[];
}

/** Version, epoch ms in base 36, and the session's name. */
const STAMP = /^1\.([0-9a-z]{1,10})\.([\w-]{1,64})$/;

/** Stamps that say when a cookie session was last used: small, so that a use need not resend the data. */
export class UseStamps {
  readonly #settings: UseStampSettings;

  constructor(settings: UseStampSettings) {
    this.#settings = settings;
  }

  /** @param subject the session's name, as {@link subjectOf} returns it */
  write(at: number, subject: string): string {
    const { seal, name } = this.#settings;
    const text = `1.${Math.max(0, Math.floor(at)).toString(36)}.${subject}`;
    return seal ? seal.seal(text, name) : text;
  }

  /** Epoch ms of the last use that the client's stamps record for this session. Other sessions' stamps are ignored. */
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

/** A session's name in its stamps: the handle, or a hash of the cookie's text where koa-session dropped that. */
export function subjectOf(handle: string | undefined, text: string): string {
  return handle ?? hash('sha256', text, 'base64url').slice(0, 22);
}
