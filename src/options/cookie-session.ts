import type { Context } from 'koa';
import type { Codec, TextSeal } from '../codec/codec.js';
import { fromBase64, toBase64 } from '../codec/plain.js';
import { cookieCredential, stampedCredential } from '../credential/cookie.js';
import type { Credential } from '../credential/credential.js';
import type { Signing } from '../credential/read-cookie.js';
import { CookieDeadlines } from '../persistence/cookie/cookie-deadlines.js';
import { type CookieText, codecText, plainText, sealedText } from '../persistence/cookie/cookie-text.js';
import { CookiePersistence } from '../persistence/cookie/in-cookie.js';
import { UseStamps } from '../persistence/cookie/use-stamps.js';
import type { Persistence } from '../persistence/persistence.js';
import { RevocablePersistence } from '../persistence/revocations/revocable.js';
import { Revocations } from '../persistence/revocations/revocations.js';
import { MAX_COOKIE_AGE, recordDeadlines } from './deadlines.js';
import type { ResolvedOptions } from './resolved.js';

/** The parts of a session without a store. */
interface CookieSession {
  readonly credential: Credential;
  readonly persistence: Persistence;
  readonly revocations: Revocations | undefined;
}

/** Builds, from the options, a session whose data travel in the cookie. */
export function cookieSession(options: ResolvedOptions, seal: TextSeal | undefined): CookieSession {
  const { owner } = options;
  const credential = credentialOf(options, seal);
  const revocations = revocationsOf(options);
  const deadlines = recordDeadlines(options);
  const stamps = stampsIn(credential, seal);
  const reserveBeginning = (now: number): number => revocations?.reserveBeginning(now) ?? now;
  const cookies = new CookiePersistence(
    cookieText(options, seal),
    deadlines && new CookieDeadlines({ deadlines, stamps, owner, reserveBeginning }),
  );
  const persistence = revocations ? new RevocablePersistence(cookies, revocations, owner) : cookies;
  return { credential, persistence, revocations };
}

/** The cookie that holds the session and, with `idleTimeout`, the one that tells its last use. */
function credentialOf(options: ResolvedOptions, seal: TextSeal | undefined): Credential {
  const signing = signingOf(options, seal);
  const credential = cookieCredential({ name: options.key, signing, holdsData: true });
  return options.idleTimeout ? stampedCredential(credential, `${options.key}.at`, signing) : credential;
}

function stampsIn({ stamp }: Credential, seal: TextSeal | undefined): UseStamps {
  return new UseStamps({
    name: stamp?.name ?? '',
    seal,
    presented: ctx => stamp?.read(ctx as Context) ?? [],
  });
}

/** Which cookies need a valid signature: all, none, or the plain ones that a seal also accepts. */
function signingOf({ signed }: ResolvedOptions, seal: TextSeal | undefined): Signing {
  if (signed !== false) return 'all';
  return seal?.acceptsPlain ? text => !seal.recognises(text) : 'none';
}

/** The seal's format, or the app's `encode` and `decode`, with koa-session's in place of a missing one. */
function cookieText(options: ResolvedOptions, seal: TextSeal | undefined): CookieText {
  const { key, encode, decode } = options;
  if (seal) return sealedText(seal, key);
  if (!encode && !decode) return plainText;
  // Called on the options, as koa-session does: they may look at them as `this`.
  const codec: Codec = {
    encode: encode?.bind(options) ?? (record => toBase64(JSON.stringify(record))),
    decode: decode?.bind(options) ?? (text => JSON.parse(fromBase64(text))),
  };
  return codecText(codec, key);
}

/** Covers requests that are still in progress when a session is ended, and servers whose clocks are behind. */
const MARGIN = 86_400_000;

function revocationsOf({ revocations: store, absoluteTimeout, storeTimeout }: ResolvedOptions) {
  if (!store) return undefined;
  const lifetime = Math.min(absoluteTimeout ?? MAX_COOKIE_AGE, MAX_COOKIE_AGE) + MARGIN;
  return new Revocations({ store, lifetime, timeout: storeTimeout });
}
